"""Announced publishes that become current, and old ones that are forgotten."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from touchline.core.memory.state import State
from touchline.core.ports import Partition, Publish, Size

_NEVER = datetime.min.replace(tzinfo=UTC)


def settled(state: State, key: tuple[str, str], *, snapshot: str | None, now: datetime) -> None:
    """The announced publishes of a commit and a table are current; without a snapshot they are gone.

    Where the clock was set back, their instant is that of the publish before.
    """
    done = [v.publish for v in state.versions if v.publish.published_at]
    same = [p.published_at for p in done if p.commit_id == key[0] and p.published_at]
    at = max(same, default=max([now, *(p.published_at for p in done if p.published_at)]))
    for v in list(state.versions):
        if (v.publish.commit_id, v.publish.table) != key or v.publish.published_at is not None:
            continue
        if snapshot is None:
            state.versions.remove(v)
        else:
            v.publish = replace(v.publish, published_at=at, snapshot_id=snapshot)


def forgotten(state: State, publishes: Sequence[Publish]) -> None:
    """These publishes are gone, the current ones aside; and since when a partition's are all there."""
    unwanted = {(p.table, p.partition, p.commit_id) for p in publishes}
    latest = {
        (v.publish.table, v.publish.partition): v.number
        for v in state.versions
        if v.publish.published_at
    }
    state.versions = [
        v
        for v in state.versions
        if (v.publish.table, v.publish.partition, v.publish.commit_id) not in unwanted
        or latest.get((v.publish.table, v.publish.partition)) == v.number
    ]
    kept = [v.publish for v in state.versions]
    for key in {u[:2] for u in unwanted}:
        since = [p.published_at for p in kept if (p.table, p.partition) == key]
        state.whole_since[key] = min([at for at in since if at], default=_NEVER)


def sizes(state: State) -> dict[str, Size]:
    """Each table with what is current of it."""
    done = [v.publish for v in state.versions if v.publish.published_at]
    heads: dict[str, dict[Partition, Publish]] = {}
    for p in done:
        heads.setdefault(p.table, {})[p.partition] = p
    live = {table: [p for p in of.values() if not p.emptied] for table, of in heads.items()}
    return {
        table: Size(
            len(of),
            sum(p.rows for p in of),
            sum(p.rejected for p in of),
            max(p.published_at for p in of if p.published_at),
        )
        for table, of in live.items()
        if of
    }
