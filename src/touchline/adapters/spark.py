"""Spark 4 executors: each works on whole partitions, with the very task of the other engines."""

import os
import pickle
import shutil
import sys
import traceback
import uuid
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from touchline.errors import ConfigError, TransientError

try:
    from py4j.protocol import (  # type: ignore[import-not-found,import-untyped,unused-ignore]
        Py4JError,
        Py4JJavaError,
        Py4JNetworkError,
    )
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession
    from pyspark.sql.functions import arrow_udf, lit
except ImportError as exc:
    raise ConfigError(f"no Spark here: {exc}", hint="pip install touchline[spark]") from exc

Job = TypeVar("Job")
Done = TypeVar("Done")

_TRIES = 4
_INTERRUPT_AGAIN_S = 1.0
_LIGHT_JVM = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""A local session's JVM only schedules; so it starts in 7 CPU seconds in place of 12."""


class SparkExecutors:
    """An Engine of Spark executors; each job is one row, one task, one Python worker at a time.

    A session that is active is used and left as it is. Otherwise one is made for the master that
    `spark-submit` or SPARK_MASTER names, or else for `workers` processes on this machine; it serves
    every `map` of this engine, and stops with `close` or when the engine is no longer referred to.
    On a cluster this package is installed on the executors, and stores are where they reach them.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._made: weakref.finalize[..., SparkExecutors] | None = None

    def close(self) -> None:
        """Stop the session if this engine made it; the next `map` makes another."""
        if self._made is not None:
            self._made()

    def map(self, task: Callable[[Job], Done], jobs: Sequence[Job]) -> Iterator[Done]:
        """See Engine. The outcomes come as they are ready; an error of the task is raised as it is.

        A killed worker's job is tried again. What it writes must be the same under the same name.

        Raises:
            ConfigError: Spark does not start.
            TransientError: A job's workers were lost again and again, or Spark itself was.
        """
        if not jobs:
            return
        session, tag = self._session(), f"touchline-{uuid.uuid4().hex}"
        attempt = _column(task)
        with ThreadPoolExecutor(_at_once(session, len(jobs))) as pool:
            waiting = [
                pool.submit(_outcome, session, attempt, pickle.dumps(job), tag=tag) for job in jobs
            ]
            try:
                for done in as_completed(waiting):
                    yield _value(done.result())
            finally:
                _interrupt(session, tag, waiting)

    def _session(self) -> Any:
        session = _active()
        if session is None:
            session = _started(self.workers)
            self._made = weakref.finalize(self, _stop, session)
        return session


def _active() -> Any:
    """The session of this process, None if there is none."""
    try:
        return SparkSession.active()
    except PySparkException:
        return None
    except (Py4JError, OSError) as exc:
        raise TransientError(
            f"Spark: {_first_line(exc)}", hint="end this process: it cannot start a second one"
        ) from exc


def _at_once(session: Any, jobs: int) -> int:
    """How many jobs Spark holds at a time: here one more than it works on, on a cluster all."""
    context = session.sparkContext
    return min(jobs, context.defaultParallelism + 1) if context.master[:5] == "local" else jobs


def _column(task: Callable[[Job], Done]) -> Any:
    """The task as a function of Spark columns: pickled jobs to pickled ends.

    Of Spark's ways from Arrow to Python and back this one does not ask for pandas.
    """

    @arrow_udf("binary")  # type: ignore[untyped-decorator,unused-ignore]
    def ends(jobs: pa.Array) -> pa.Array:
        return pa.array([_end(task, job.as_py()) for job in jobs], pa.binary())

    return ends.asNondeterministic()


def _end(task: Callable[[Job], Done], job: bytes) -> bytes:
    """The job's outcome or its error, pickled, in a worker.

    Spark says there how many processors a task has; Polars is told before anything imports it.
    """
    os.environ.setdefault("POLARS_MAX_THREADS", os.environ.get("OMP_NUM_THREADS", "1"))
    try:
        return pickle.dumps((task(pickle.loads(job)), None))  # noqa: S301 - from the driver
    except Exception as exc:  # noqa: BLE001 - every error is the driver's to raise
        return pickle.dumps((None, _portable(exc)))


def _portable(exc: Exception) -> Exception:
    """The error with the worker's traceback, or its text where it cannot travel."""
    exc.add_note(traceback.format_exc())
    try:
        pickle.loads(pickle.dumps(exc))  # noqa: S301 - made here
    except Exception:  # noqa: BLE001 - whatever hinders it
        return RuntimeError(f"{type(exc).__name__}: {exc}\n{traceback.format_exc()}")
    return exc


def _value(end: bytes) -> Any:
    value, error = pickle.loads(end)  # noqa: S301 - from our own worker
    if error is not None:
        raise error
    return value


def _outcome(session: Any, attempt: Any, job: bytes, *, tag: str) -> bytes:
    """One job's end, from a Spark job of its own, so that it is known as soon as it is there."""
    try:
        session.sparkContext.addJobTag(tag)
        rows = session.range(0, 1, 1, 1).select(attempt(lit(job))).collect()
        return bytes(rows[0][0])
    except (PySparkException, Py4JError, OSError) as exc:
        raise TransientError(
            f"Spark: {_first_line(exc)}",
            hint="run again; short of memory, use fewer --workers or give executors more",
        ) from exc


def _interrupt(session: Any, tag: str, waiting: Sequence[Future[bytes]]) -> None:
    """End what still runs; a job may be on its way to Spark, hence again and again."""
    for future in waiting:
        future.cancel()
    left = {future for future in waiting if not future.done()}
    while left:
        with suppress(PySparkException, Py4JError, OSError):
            session.sparkContext.cancelJobsWithTag(tag)
        left = wait(left, _INTERRUPT_AGAIN_S).not_done


def _started(workers: int) -> Any:
    """A new session.

    Raises:
        ConfigError: There is no Java, or the settings are not such that Spark starts.
    """
    settings = _settings(workers)
    _find_java()
    try:
        return SparkSession.builder.config(map=settings).getOrCreate()
    except (PySparkException, Py4JError, OSError) as exc:
        raise ConfigError(
            f"Spark does not start: {_first_line(exc)}",
            hint="it needs Java 17 or later; check JAVA_HOME, SPARK_HOME and SPARK_MASTER",
        ) from exc


def _settings(workers: int) -> dict[str, str]:
    """What a session of our own is told; where others choose the master, they choose the rest."""
    settings = {
        "spark.app.name": "touchline",
        "spark.speculation": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    master = os.environ.get("SPARK_MASTER", "")
    if _submitted() or (master and not master.startswith("local")):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        return settings | ({} if _submitted() else {"spark.master": master})
    threads = max(1, (os.cpu_count() or 1) // workers)
    ours = {
        "spark.master": f"local[{workers},{_TRIES}]",
        "spark.executorEnv.OMP_NUM_THREADS": str(threads),
    }
    return settings | _local() | ({"spark.master": master} if master else ours)


def _local() -> dict[str, str]:
    """Workers with this process's interpreter and modules; nothing listens beyond this machine."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    log = Path(__file__).with_name("spark_log.properties")
    return {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": f"{_LIGHT_JVM} -Dlog4j2.configurationFile={log.as_uri()}",
        "spark.executorEnv.PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "spark.ui.enabled": "false",
    }


def _submitted() -> bool:
    """Whether spark-submit, or whoever set its arguments, has chosen the master."""
    asked = os.environ.get("PYSPARK_SUBMIT_ARGS", "")
    return "PYSPARK_GATEWAY_PORT" in os.environ or "--master" in asked


def _find_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if java is None and "PYSPARK_GATEWAY_PORT" not in os.environ:
        raise ConfigError(
            f"no Java {f'in JAVA_HOME={home}' if home else 'on the PATH'}: Spark runs on it",
            hint="install Java 17 or later, or set JAVA_HOME",
        )


def _stop(session: Any) -> None:
    with suppress(PySparkException, Py4JError, OSError):
        session.stop()


def _first_line(exc: Exception) -> str:
    """What Spark says first; of a Java error the JVM knows it, which may be gone."""
    try:
        said = exc.java_exception.getMessage() if isinstance(exc, Py4JJavaError) else exc
    except (Py4JError, OSError):
        said = exc
    gone = isinstance(said, OSError | Py4JNetworkError)
    return f"no answer from its Java process: {said}" if gone else str(said).partition("\n")[0]
