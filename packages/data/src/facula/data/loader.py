"""The data loader: its arguments, and the iterator that loads in this process."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from facula.core import Generator
from facula.data.collate import default_collate, default_convert
from facula.data.dataset import IterableDataset
from facula.data.fetch import Exhausted, iterable_fetcher, map_fetcher
from facula.data.parallel import WorkerIterator
from facula.data.pinning import Pinning
from facula.data.sampler import BatchSampler, RandomSampler, SequentialSampler
from facula.data.seeding import base_seed, with_seed
from facula.data.starting import context_for

T_co = TypeVar("T_co", covariant=True)

_FIXED = ("dataset", "batch_size", "batch_sampler", "sampler", "drop_last", "persistent_workers")


class DataLoader(Generic[T_co]):
    """Batches of a data set, made in this process or in worker processes.

    Parameters
    ----------
    dataset : Dataset
        With indices or iterable; anything with ``__getitem__`` and ``__len__`` will do.
    batch_size : int or None
        Samples per batch; None gives single samples, without a new dimension.
    shuffle : bool
        A new random order in each epoch.
    sampler : Sampler or iterable, optional
        The order of the indices instead of ``shuffle``.
    batch_sampler : Sampler or iterable, optional
        Gives the indices of whole batches, instead of the four arguments before and ``drop_last``.
    num_workers : int
        How many processes load batches ahead; 0 loads in this process.
    collate_fn : callable, optional
        Makes a batch of a list of samples; :func:`default_collate` where not given.
    pin_memory : bool
        Give batches in pinned memory (:meth:`Tensor.pin_memory`): tensors in tuples, lists and
        mappings, and objects with a method ``pin_memory()``. Where there is no OpenCL device, a
        warning says so and batches stay as they are.
    drop_last : bool
        Leave out a last batch that is smaller.
    timeout : float
        Seconds to wait for a batch from the workers before it is an error; 0 waits for ever.
    worker_init_fn : callable, optional
        Called with the worker's number in each worker, after its seeds are set. Where it is
        given, ``random`` and NumPy are seeded once per worker and not for each batch.
    multiprocessing_context : str or context, optional
        How workers start: ``"fork"``, ``"forkserver"`` or ``"spawn"``. Where not given, Linux
        forks unless OpenCL has been used in this process, and then uses a fork server.
    generator : Generator, optional
        Where the order and the seeds come from; the default generator if not given.
    prefetch_factor : int, optional
        Batches that each worker loads ahead: 2 where not given.
    persistent_workers : bool
        Keep the workers from one epoch to the next.
    pin_memory_device : str
        The OpenCL device that pins the memory; the default device or the first if not given.
    in_order : bool
        With False, batches come as the workers finish them.

    Raises
    ------
    ValueError, TypeError
        If arguments are out of range or exclude one another.

    Notes
    -----
    Batches depend on the seed (``facula.manual_seed`` or ``generator``) and not on the number of
    workers: the order is decided in this process, and before each batch of a data set with
    indices facula's random numbers start from a seed of that batch, with or without workers. In
    workers the same holds for the modules ``random`` and ``numpy.random``; without workers these
    two go on with the program's own stream.

    Examples
    --------
    >>> import facula
    >>> from facula.data import DataLoader, TensorDataset
    >>> data = TensorDataset(facula.arange(5), facula.arange(5) * 10)
    >>> for x, y in DataLoader(data, batch_size=2):
    ...     print(x, y)
    tensor([0, 1]) tensor([ 0, 10])
    tensor([2, 3]) tensor([20, 30])
    tensor([4]) tensor([40])
    """

    dataset: Any
    _initialized = False

    def __init__(self, dataset: Any, batch_size: int | None = 1, shuffle: bool | None = None,
                 sampler: Iterable[Any] | None = None,
                 batch_sampler: Iterable[Any] | None = None, num_workers: int = 0,
                 collate_fn: Callable[[Any], Any] | None = None, pin_memory: bool = False,
                 drop_last: bool = False, timeout: float = 0,
                 worker_init_fn: Callable[[int], Any] | None = None,
                 multiprocessing_context: Any = None, generator: Generator | None = None, *,
                 prefetch_factor: int | None = None, persistent_workers: bool = False,
                 pin_memory_device: str = "", in_order: bool = True) -> None:
        if num_workers < 0:
            raise ValueError(f"DataLoader: num_workers={num_workers} is negative: use 0 to load "
                             "in this process")
        if timeout < 0:
            raise ValueError(f"DataLoader: timeout={timeout} is negative: use 0 for no limit")
        if num_workers == 0:
            for name, value in (("prefetch_factor", prefetch_factor),
                                ("persistent_workers", persistent_workers),
                                ("multiprocessing_context", multiprocessing_context)):
                if value:
                    raise ValueError(f"DataLoader: {name}={value!r} needs workers: give "
                                     "num_workers of 1 or more, or leave it out")
        elif prefetch_factor is not None and prefetch_factor < 1:
            raise ValueError(f"DataLoader: prefetch_factor={prefetch_factor} must be 1 or more")
        self._iterable = isinstance(dataset, IterableDataset)
        if self._iterable:
            for name, given in (("shuffle", shuffle), ("sampler", sampler is not None),
                                ("batch_sampler", batch_sampler is not None)):
                if given:
                    raise ValueError(f"DataLoader: {name} does not go with an IterableDataset, "
                                     "which decides its order itself: leave it out")
        if sampler is not None and shuffle:
            raise ValueError("DataLoader: sampler and shuffle exclude each other: give one")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError("DataLoader: batch_sampler excludes batch_size, shuffle, sampler "
                                 "and drop_last: give it alone")
            batch_size, drop_last = None, False
        elif batch_size is None:
            if drop_last:
                raise ValueError("DataLoader: drop_last=True does not go with batch_size=None, "
                                 "which makes no batches: give a batch_size")
        elif isinstance(batch_size, bool) or batch_size < 1:
            raise ValueError(f"DataLoader: batch_size={batch_size} must be 1 or more, or None")

        self.dataset = dataset
        self.num_workers = num_workers
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.generator = generator
        self.persistent_workers = persistent_workers
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.in_order = in_order
        self.multiprocessing_context = multiprocessing_context
        if multiprocessing_context is not None:
            context_for(multiprocessing_context)

        if sampler is None and not self._iterable and batch_sampler is None:
            sampler = RandomSampler(dataset, generator=generator) if shuffle \
                else SequentialSampler(dataset)
        self._batched = batch_sampler is not None or batch_size is not None
        if batch_size is not None and not self._iterable:
            assert sampler is not None
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.collate_fn = collate_fn or (default_collate if self._batched else default_convert)
        self._iterator: WorkerIterator | None = None
        self._initialized = True

    def __setattr__(self, name: str, value: Any) -> None:
        if self._initialized and name in _FIXED:
            raise ValueError(f"DataLoader: {name} can't be set any more: make a new loader")
        super().__setattr__(name, value)

    def __iter__(self) -> Iterator[T_co]:
        batches = self._batches()
        return Pinning(batches, self.pin_memory_device) if self.pin_memory else batches

    def _batches(self) -> Iterator[T_co]:
        if self.num_workers == 0:
            return _Here(self)
        if not self.persistent_workers:
            return WorkerIterator(self)
        if self._iterator is None or not self._iterator.is_open():
            self._iterator = WorkerIterator(self)
        else:
            self._iterator.begin()
        return self._iterator

    def __len__(self) -> int:
        if not self._iterable:
            return len(self._order())  # type: ignore[arg-type]
        n = len(self.dataset)
        if self.batch_size is None:
            return n
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)

    def _order(self) -> Iterable[Any]:
        """What gives one request after the other: indices of batches, or of samples."""
        order = self.batch_sampler if self._batched else self.sampler
        assert order is not None
        return order

    def _requests(self) -> Iterator[Any]:
        return itertools.repeat(self.batch_size) if self._iterable else iter(self._order())

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_iterator": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)


class _Here:
    """Batches loaded in this process."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        self._length = loader.__len__
        self._seed = base_seed(loader.generator)
        self._requests = loader._requests()
        if loader._iterable:
            self._fetch = iterable_fetcher(loader.dataset, loader._batched, loader.collate_fn,
                                           loader.drop_last)
        else:
            self._fetch = map_fetcher(loader.dataset, loader._batched, loader.collate_fn)
        self._iterable = loader._iterable

    def __iter__(self) -> _Here:
        return self

    def __len__(self) -> int:
        return self._length()

    def __next__(self) -> Any:
        request = next(self._requests)
        try:
            if self._iterable:
                return self._fetch(request)
            seed = self._seed
            self._seed = seed + 1
            return with_seed(seed, self._fetch, request)
        except Exhausted:
            raise StopIteration from None
        except StopIteration as error:
            raise RuntimeError("DataLoader: the data set raised StopIteration, which would end "
                               "the loop as if all were well") from error
