"""What a worker process does: read tasks, load batches, send them, and leave when told."""

from __future__ import annotations

import os
import pickle
import queue
import signal
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

from facula.core import manual_seed, set_num_threads
from facula.data.failure import Failure
from facula.data.fetch import Exhausted, Stopped, iterable_fetcher, map_fetcher
from facula.data.info import Current, WorkerInfo
from facula.data.seeding import seed_everything
from facula.data.wire import Sender

GRACE = 5.0  # seconds that a worker has to end after its parent is gone


class Shipped:
    """Objects for a new process: inherited where it is forked, else pickled when it starts.

    They are rebuilt by :meth:`open` and not before, so that an error there can be reported.
    """

    def __init__(self, *objects: Any) -> None:
        self.objects = objects
        self.pickled: Any = None

    def __getstate__(self) -> Any:
        return bytes(ForkingPickler.dumps(self.objects))

    def __setstate__(self, state: bytes) -> None:
        self.pickled = state

    def open(self) -> Any:
        """The objects."""
        return self.objects if self.pickled is None else pickle.loads(self.pickled)


@dataclass
class Settings:
    """What a worker is told besides the data set."""

    id: int
    num_workers: int
    iterable: bool
    batched: bool
    drop_last: bool


class Ended:
    """The answer of a worker whose part of an iterable data set is over."""


def _read(connection: Connection, tasks: queue.SimpleQueue[Any], sender: Sender,
          stop: threading.Event, parent: int) -> None:
    """Take tasks from the connection as they come, until the parent says stop or is gone.

    A thread of its own: the parent is never kept waiting by a full pipe while this process is
    itself waiting to send a large batch, and the parent's end is seen at once.
    """
    try:
        while True:
            while not connection.poll(1.0):
                if os.getppid() != parent:
                    raise EOFError
            task = pickle.loads(connection.recv_bytes())
            sender.arena.returned.extend(task[-1])
            tasks.put(task)
    except (EOFError, OSError):
        pass
    stop.set()
    tasks.put(None)
    time.sleep(GRACE)
    os._exit(1)


def run(settings: Settings, shipped: Shipped, connection: Connection,
        inherited: list[Connection]) -> None:
    """The whole life of a worker."""
    # Ctrl-C reaches every process of the terminal; the parent decides what becomes of this one.
    # A handler that does nothing, unlike SIG_IGN, is not passed on to programs started from here.
    signal.signal(signal.SIGINT, lambda number, frame: None)
    for other in inherited:
        other.close()
    set_num_threads(1)
    sender = Sender(connection)
    tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
    stop = threading.Event()
    threading.Thread(target=_read, name="facula-data-tasks", daemon=True,
                     args=(connection, tasks, sender, stop, os.getppid())).start()
    try:
        _serve(settings, shipped, sender, tasks, stop)
    except (Stopped, BrokenPipeError, ConnectionResetError):
        pass
    connection.close()


def _serve(settings: Settings, shipped: Shipped, sender: Sender,
           tasks: queue.SimpleQueue[Any], stop: threading.Event) -> None:
    where = f"in worker {settings.id} (process {os.getpid()})"
    fetch: Any = None
    failure: Failure | None = None
    opened: Any = None
    seed_users = True
    while (task := tasks.get()) is not None:
        if task[0] == "epoch":
            seed = task[1] + settings.id
            seed_everything(seed)
            try:
                if opened is None:
                    opened = shipped.open()
                    dataset, collate_fn, worker_init_fn = opened
                    Current.info = WorkerInfo(settings.id, settings.num_workers, seed, dataset)
                    seed_users = worker_init_fn is None
                    if worker_init_fn is not None:
                        worker_init_fn(settings.id)
                if settings.iterable:
                    fetch = iterable_fetcher(dataset, settings.batched, collate_fn,
                                             settings.drop_last)
                elif fetch is None:
                    fetch = map_fetcher(dataset, settings.batched, collate_fn, stop)
            except BaseException as error:
                failure = Failure(error, where)
            continue
        _, number, seed, request, _ = task
        answer: Any = failure
        if failure is None:
            try:
                if not settings.iterable:
                    (seed_everything if seed_users else manual_seed)(seed)
                answer = fetch(request)
            except Exhausted:
                answer = Ended()
            except Stopped:
                return
            except BaseException as error:
                answer = Failure(error, where)
        try:
            sender.send(number, answer)
        except (BrokenPipeError, ConnectionResetError):
            return
        except Exception as error:
            sender.send(number, Failure(error, where))
        answer = None
