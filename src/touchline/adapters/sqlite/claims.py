"""Claims on partitions: a lease that is renewed, a token that fences, an owner that must live."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from touchline.adapters.sqlite import rows
from touchline.adapters.sqlite.owners import Mark, alive, process
from touchline.adapters.sqlite.schema import opened
from touchline.core.ports import Claims, Partition, Publish
from touchline.errors import ConflictError

LEASE = timedelta(seconds=60)
BEATS_PER_LEASE = 4


def take(
    db: sqlite3.Connection,
    pipeline: str,
    parts: Sequence[Partition],
    *,
    token: str,
    mark: Mark,
    now: datetime,
) -> Claims:
    """Those partitions that no living owner holds, held under the token; one transaction."""
    held: list[Partition] = []
    refused: dict[Partition, str] = {}
    for part in parts:
        holder = db.execute(
            "SELECT owner, expires_at FROM claims WHERE pipeline = ? AND partition = ?",
            (pipeline, part),
        ).fetchone()
        if (
            holder
            and rows.instant(holder[1]) > now
            and alive(mark.folder, holder[0], mine=mark.owner)
        ):
            refused[part] = process(holder[0])
            continue
        db.execute(
            "INSERT OR REPLACE INTO claims VALUES (?,?,?,?,?)",
            (pipeline, part, mark.owner, token, rows.text(now + LEASE)),
        )
        held.append(part)
    return Claims(pipeline, token, tuple(held), refused)


def give_back(db: sqlite3.Connection, token: str) -> None:
    """What is held under the token is free; what somebody else took over is left alone."""
    db.execute("DELETE FROM claims WHERE token = ?", (token,))


def give_back_of_the_dead(db: sqlite3.Connection, living: Callable[[str], bool]) -> None:
    """What killed processes held is free already; that they held it is forgotten."""
    for (owner,) in db.execute("SELECT DISTINCT owner FROM claims").fetchall():
        if not living(owner):
            db.execute("DELETE FROM claims WHERE owner = ?", (owner,))


def renewing(path: Path, token: str, clock: Callable[[], datetime]) -> Callable[[], None]:
    """Renew what is held under the token, in a thread of its own; the result ends that."""
    stop = threading.Event()

    def beat() -> None:
        with closing(opened(path)) as db:
            while not stop.wait(LEASE.total_seconds() / BEATS_PER_LEASE):
                expires = rows.text(clock() + LEASE)
                with suppress(sqlite3.OperationalError):  # busy or full: the next beat tries again
                    db.execute("UPDATE claims SET expires_at = ? WHERE token = ?", (expires, token))

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()

    def end() -> None:
        stop.set()
        thread.join()

    return end


@contextmanager
def not_counted(db: sqlite3.Connection, clock: Callable[[], datetime]) -> Iterator[None]:
    """A transaction that keeps others from renewing their claims does not count against these."""
    begun = clock()
    yield
    held = clock() - begun
    valid = db.execute(
        "SELECT DISTINCT expires_at FROM claims WHERE expires_at > ?", (rows.text(begun),)
    )
    for (expires,) in valid.fetchall():
        later = rows.text(rows.instant(expires) + held)
        db.execute("UPDATE claims SET expires_at = ? WHERE expires_at = ?", (later, expires))


def check(db: sqlite3.Connection, claims: Claims, publishes: Sequence[Publish]) -> None:
    """Refuse publishes of partitions that are no longer held under the claims' token.

    Raises:
        ConflictError: Another run has taken one over.
    """
    held = db.execute("SELECT partition FROM claims WHERE token = ?", (claims.token,))
    mine = {row[0] for row in held}
    lost = sorted({p.partition for p in publishes} - mine)
    if lost:
        raise ConflictError(
            f"{claims.pipeline}: lost the claim on {', '.join(lost[:3])} before publishing",
            hint="another run took over while this one was stopped; nothing was published",
        )
