"""Upkeep: forget old publishes, merge small files, expire snapshots, delete what nobody names.

Of bronze only what no receipt names is deleted: `retention` alone takes receipts away, and only
those that configuration says.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import touchline
from touchline.core.contracts import Contract
from touchline.core.packing import PackRule, pack
from touchline.core.pipeline import Pipeline
from touchline.core.pipeline.batch import REFUSED
from touchline.core.pipeline.drive import Platform, settle
from touchline.core.ports import Claims, Publish, Staged
from touchline.core.retention import BRONZE, forget_manifests
from touchline.core.sweep import swept
from touchline.errors import ConflictError

NOTED = timedelta(days=90)
"""How long incidents that are over, and what was said of them, are remembered."""


@dataclass(frozen=True)
class Kept:
    """Which earlier publishes stay readable: a partition's newest `publishes`, and `days` of all."""

    publishes: int = 5
    days: int = 7


@dataclass(frozen=True)
class Upkeep:
    """What was done to one table."""

    table: str
    forgotten: int
    compacted: int
    snapshots: int
    files: int
    bytes: int


def maintain_bronze(
    pipelines: Sequence[Pipeline], platform: Platform, *, rule: PackRule
) -> list[Upkeep]:
    """One line if anything was done: small files packed, objects deleted that no receipt names.

    What is packed now is deleted where it was by the next time, as somebody may be reading it.

    Raises:
        ConflictError: Another process is at it.
    """
    with _alone_at(BRONZE, platform):
        for pipeline in pipelines:
            forget_manifests(pipeline, platform)
        gone = swept(platform.objects, platform.ledger, now=platform.clock())
        packed = sum(pack(pipeline, platform, rule=rule) for pipeline in pipelines)
    return [Upkeep(BRONZE, 0, packed, 0, gone.files, gone.bytes)] if packed or gone.files else []


@contextmanager
def _alone_at(name: str, platform: Platform) -> Iterator[None]:
    with platform.ledger.claim("maintain", [name]) as claims:
        for holder in claims.refused.values():
            raise ConflictError(
                f"maintain {name}: held by {holder}", hint="it ends by itself; run again"
            )
        yield


def maintain(pipeline: Pipeline, platform: Platform, *, kept: Kept) -> list[Upkeep]:
    """One line per table that has anything; safe beside runs, whose staged files stay.

    Raises:
        ConflictError: Another process is at it.
    """
    with _alone_at(pipeline.name, platform):
        return _kept_up(pipeline, platform, kept)


def _kept_up(pipeline: Pipeline, platform: Platform, kept: Kept) -> list[Upkeep]:
    settle(pipeline, platform)
    platform.objects.sweep()
    platform.ledger.notes.forget(platform.clock() - NOTED)
    done = []
    for contract in pipeline.contracts:
        history = platform.ledger.history(contract.table)
        old = _old(history, kept, platform.clock())
        platform.ledger.forget(old)
        compacted = _compacted(pipeline, contract, platform)
        swept = _swept(pipeline, contract, platform)
        if history or swept["files"]:
            done.append(Upkeep(contract.table, len(old), compacted, **swept))
    return done


def _old(history: Sequence[Publish], kept: Kept, now: datetime) -> list[Publish]:
    """What is neither among the newest nor young; all behind a retirement, once that is not young."""
    since = now - timedelta(days=kept.days)
    seen: dict[str, int] = {}
    retired: set[str] = set()
    old = []
    for publish in history:
        part = publish.partition
        seen[part] = seen.get(part, 0) + 1
        young = publish.published_at is not None and publish.published_at >= since
        if part in retired or (seen[part] > kept.publishes and not young):
            old.append(publish)
        elif seen[part] == 1 and publish.retired and not young:
            retired.add(part)
    return old


def _compacted(pipeline: Pipeline, contract: Contract, platform: Platform) -> int:
    """Where a partition has several files in a folder they are written as one, with its content."""
    current = platform.ledger.current([contract.table])[contract.table]
    many = [p.partition for p in current.values() if _scattered(p)]
    if not many:
        return 0
    with platform.ledger.claim(pipeline.name, many) as claims:
        platform.tables.prepare([contract])
        current = platform.ledger.current([contract.table], claims.held)[contract.table]
        publishes, staged = [], []
        run_id = f"compact-{uuid.uuid4().hex[:12]}"
        for part in claims.held:
            rows = platform.tables.read(contract, current[part].pieces)
            whole = platform.tables.stage(contract, part, rows, run_id=run_id)
            staged.append(whole)
            publishes.append(
                replace(current[part], commit_id=run_id, pieces=whole.pieces, kind="compact")
            )
        _committed(pipeline, contract, publishes, staged=staged, claims=claims, platform=platform)
        return len(publishes)


def _committed(
    pipeline: Pipeline,
    contract: Contract,
    publishes: Sequence[Publish],
    *,
    staged: Sequence[Staged],
    claims: Claims,
    platform: Platform,
) -> None:
    """All partitions in one commit; what a run left open is settled before it, as before any."""
    if not publishes:
        return
    properties = {
        "touchline.run-id": ",".join(p.run_id for p in publishes),
        "touchline.code-version": touchline.__version__,
    }
    settle(pipeline, platform)
    with platform.ledger.publishing(claims, publishes) as done:
        snapshot = platform.tables.publish(
            contract, staged, commit_id=publishes[0].commit_id, properties=properties
        )
        done(contract.table, snapshot)


def _scattered(publish: Publish) -> bool:
    folders = {piece.path.rpartition("/")[0] for piece in publish.pieces}
    return len(publish.pieces) > len(folders) and REFUSED not in publish.made_from


def _swept(pipeline: Pipeline, contract: Contract, platform: Platform) -> Mapping[str, int]:
    with platform.ledger.alone() as live:
        settle(pipeline, platform)
        remembered = platform.ledger.history(contract.table)
        pieces = {piece.path for publish in remembered for piece in publish.pieces}
        return platform.tables.maintain(contract.table, frozenset(pieces | live))
