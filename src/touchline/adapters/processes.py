"""Engines on this machine: the process itself, or worker processes beside it."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

from touchline.errors import TransientError

Job = TypeVar("Job")
Done = TypeVar("Done")


class InProcess:
    """An Engine that works job after job in this process."""

    def map(self, task: Callable[[Job], Done], jobs: Sequence[Job]) -> Iterator[Done]:
        """See Engine."""
        return map(task, jobs)


class WorkerProcesses:
    """An Engine of `workers` processes, each with its share of the machine's threads."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def map(self, task: Callable[[Job], Done], jobs: Sequence[Job]) -> Iterator[Done]:
        """See Engine. A worker that is killed ends the run; what was published stays published."""
        threads = max(1, (os.cpu_count() or 1) // self.workers)
        with ProcessPoolExecutor(
            self.workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_prepare,
            initargs=(threads,),
        ) as pool:
            with _interrupts_held_back():
                waiting = [pool.submit(task, job) for job in jobs]
            try:
                for done in as_completed(waiting):
                    yield done.result()
            except BrokenProcessPool as exc:
                raise TransientError(
                    "a worker process was ended from outside",
                    hint="run again; short of memory, use fewer --workers",
                ) from exc
            finally:
                pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Processes started meanwhile inherit it: Ctrl-C reaches the driver alone, which ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _prepare(threads: int) -> None:
    """Set before the libraries are imported, which read it once; and end with the driver."""
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    os.environ["OMP_NUM_THREADS"] = str(threads)
    threading.Thread(target=_end_with_driver, daemon=True).start()


def _end_with_driver() -> None:
    """A driver that is killed tells nobody: its workers would wait for ever."""
    driver = multiprocessing.parent_process()
    if driver is not None:
        driver.join()
        os._exit(1)
