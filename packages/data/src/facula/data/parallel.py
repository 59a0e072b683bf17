"""The iterator over batches that worker processes load: the parent's side."""

from __future__ import annotations

import os
import pickle
import signal
import time
import warnings
import weakref
from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

from facula.data.failure import Failure
from facula.data.seeding import base_seed
from facula.data.starting import context_for, opencl_tensor
from facula.data.wire import Receiver, hang_up
from facula.data.worker import Ended, Settings, Shipped, run

PATIENCE = 2.0  # seconds that workers have to end by themselves


class Worker:
    """One worker process as the parent sees it."""

    def __init__(self, id: int, process: Any, connection: Connection) -> None:
        self.id = id
        self.process = process
        self.connection = connection
        self.receiver = Receiver(connection)
        self.waiting: deque[int] = deque()  # the numbers of the tasks that it has not answered
        self.ended = False  # its part of an iterable data set is over

    def tell(self, *message: Any) -> None:
        """Send a task, and the segments that are free again."""
        self.connection.send_bytes(pickle.dumps((*message, self.receiver.take_returned()), 5))


def _start(loader: Any, iterable: bool, batched: bool) -> list[Worker]:
    found = opencl_tensor(loader.dataset)
    if found is not None:
        path, tensor = found
        raise RuntimeError(
            f"DataLoader: num_workers={loader.num_workers}, but dataset{path} is a tensor on "
            f"{tensor.device}: worker processes can't use this process's OpenCL memory: keep the "
            "data on the CPU and move each batch, or use num_workers=0")
    context = context_for(loader.multiprocessing_context)
    method = context.get_start_method()
    shipped = Shipped(loader.dataset, loader.collate_fn, loader.worker_init_fn)
    workers: list[Worker] = []
    try:
        for id in range(loader.num_workers):
            ours, theirs = context.Pipe(duplex=True)
            inherited = [w.connection for w in workers] + [ours] if method == "fork" else []
            settings = Settings(id, loader.num_workers, iterable, batched, loader.drop_last)
            process = context.Process(  # type: ignore[attr-defined]
                target=run, args=(settings, shipped, theirs, inherited), daemon=True,
                name=f"facula-data-{id}")
            with warnings.catch_warnings():
                # Python 3.12 warns of any fork beside threads; ours are idle at this moment.
                warnings.filterwarnings("ignore", ".*use of fork", DeprecationWarning)
                process.start()
            theirs.close()
            workers.append(Worker(id, process, ours))
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        stop(workers, os.getpid())
        raise type(error)(
            f"DataLoader: the data set, collate_fn or worker_init_fn can't be sent to a process "
            f"started by {method!r}: {error}: define what it is made of at the top of a module "
            "(no lambdas, no classes inside functions), or use multiprocessing_context='fork'"
        ) from error
    except BaseException:
        stop(workers, os.getpid())
        raise
    return workers


def stop(workers: list[Worker], owner: int) -> None:
    """End the workers: by hanging up, after a while by a signal. Does nothing in a forked child."""
    if os.getpid() != owner:
        return
    for worker in workers:
        hang_up(worker.connection)
    deadline = time.monotonic() + PATIENCE
    for end in ("join", "terminate", "kill"):
        for worker in workers:
            if end != "join" and worker.process.is_alive():
                getattr(worker.process, end)()
        for worker in workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
        deadline = time.monotonic() + 1.0
    workers.clear()


class WorkerIterator:
    """Batches from worker processes, in the order of the sampler unless ``in_order=False``.

    Tasks go round-robin to the workers; each answers in the order of its tasks, so the next
    batch in order is always the next answer of a known worker.
    """

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self._iterable = loader._iterable
        self._workers = _start(loader, loader._iterable, loader._batched)
        self._finalizer = weakref.finalize(self, stop, self._workers, os.getpid())
        self._number = 0  # of the next task, over all epochs
        self._warned = False
        self.begin()

    def begin(self) -> None:
        """Start an epoch."""
        loader = self._loader
        self._first = self._number
        self._base_seed = base_seed(loader.generator)
        self._requests: Iterator[Any] = loader._requests()
        self._where: dict[int, Worker] = {}
        self._next = self._number
        self._given = 0
        self._exhausted = False
        try:
            for worker in self._workers:
                worker.ended = False
                self._tell(worker, "epoch", self._base_seed)
            for _ in range(loader.prefetch_factor or 2):
                for worker in self._workers:
                    self._ask(worker)
        except BaseException:
            self.close()  # a worker died between the epochs: the next epoch starts new ones
            raise

    def _tell(self, worker: Worker, *message: Any) -> None:
        try:
            worker.tell(*message)
        except OSError:
            self._fail(worker)

    def _ask(self, worker: Worker) -> None:
        """Give the next task, if there is one, to a worker."""
        if self._exhausted or worker.ended:
            return
        try:
            request = next(self._requests)
        except StopIteration:
            self._exhausted = True
            return
        number = self._number
        self._number += 1
        self._where[number] = worker
        worker.waiting.append(number)
        self._tell(worker, "batch", number, self._base_seed + number - self._first, request)

    def __iter__(self) -> WorkerIterator:
        return self

    def __len__(self) -> int:
        return len(self._loader)

    def __next__(self) -> Any:
        if not self._workers:
            raise StopIteration
        try:
            value = self._advance()
        except StopIteration:
            raise
        except BaseException:
            # Interrupted in the middle of a message, or a worker is gone: nothing can go on.
            self.close()
            raise
        if isinstance(value, Failure):
            raise value.rebuild()
        return value

    def _advance(self) -> Any:
        while self._where:
            if self._loader.in_order:
                while self._next not in self._where:
                    self._next += 1
                worker = self._where[self._next]
                self._wait([worker])
            else:
                worker = self._wait([w for w in self._workers if w.waiting])
            number, value = self._receive(worker)
            if self._where.pop(number, None) is None:
                continue  # of an epoch that was not read to its end, or taken back
            if isinstance(value, Ended):
                worker.ended = True
                self._forget_tasks(worker)
                continue
            self._ask(worker)
            self._given += 1
            return value
        if not self._loader.persistent_workers:
            self.close()
        raise StopIteration

    def _wait(self, candidates: list[Worker]) -> Worker:
        """The first of the candidates with an answer; an error if any worker dies meanwhile."""
        timeout = self._loader.timeout or None
        by_handle: dict[Any, Worker] = {w.connection: w for w in candidates}
        sentinels = {w.process.sentinel: w for w in self._workers if w.waiting}
        while True:
            ready = wait([*by_handle, *sentinels], timeout)
            for handle in ready:
                if handle in by_handle:
                    return by_handle[handle]
            if not ready:
                raise RuntimeError(f"DataLoader: timeout={timeout}: no batch has come from "
                                   f"{_names(candidates)} for {timeout} seconds: raise it, or "
                                   "look for what is slow with num_workers=0")
            # The process is gone, but what it had sent can still be read, in any order.
            self._fail(sentinels[ready[0]])

    def _receive(self, worker: Worker) -> tuple[int, Any]:
        receiver = worker.receiver
        try:
            number, value = receiver.receive()
        except (EOFError, ConnectionError):
            self._fail(worker)
        worker.waiting.remove(number)
        if receiver.shortage and not self._warned:
            self._warned = True
            warnings.warn(f"DataLoader: a worker got no shared memory for {receiver.shortage}: "
                          "batches come through a pipe, which is slower", RuntimeWarning,
                          stacklevel=5)
        return number, value

    def _forget_tasks(self, worker: Worker) -> None:
        """Take back the tasks of a worker that has no more samples; its answers are skipped."""
        for number in worker.waiting:
            self._where.pop(number, None)

    def _fail(self, worker: Worker) -> None:
        """Say what became of a worker that is gone.

        Raises
        ------
        RuntimeError
            Always.
        """
        worker.process.join(1.0)
        code = worker.process.exitcode
        if code is not None and code < 0:
            name = signal.Signals(-code).name if -code in iter(signal.Signals) else f"{-code}"
            how = (f"was killed by {name}: if that was the system for want of memory, use fewer "
                   "workers or smaller batches; else look for the fault with num_workers=0")
        else:
            how = (f"ended by itself with exit code {code}: what it printed says why; if it "
                   "could not start, guard the program's start by 'if __name__ == \"__main__\":'")
        tasks = f" with {len(worker.waiting)} batches to load" if worker.waiting else ""
        raise RuntimeError(f"DataLoader: worker {worker.id} (process {worker.process.pid}){tasks} "
                           f"{how}")

    def is_open(self) -> bool:
        """Whether the workers are there."""
        return bool(self._workers)

    def close(self) -> None:
        """End the workers. The tensors that were received stay valid."""
        self._finalizer()


def _names(workers: list[Worker]) -> str:
    return ", ".join(f"worker {w.id} (process {w.process.pid})" for w in workers)
