"""Publishes that a crash or an error left open: all tables of a commit become current, or none."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import touchline
from touchline.core.contracts import Contract
from touchline.core.pipeline.ends import reported, warned
from touchline.core.pipeline.job import Platform
from touchline.core.pipeline.steps import Pipeline
from touchline.core.ports import Partition, Publish, Run, RunStatus, Staged

EMPTIED: Mapping[str, RunStatus] = {"retire": "retired", "withdraw": "withdrawn"}
"""Kind of a publish that empties a partition -> how its run ends."""


def settle(pipeline: Pipeline, platform: Platform) -> None:
    """End every publish of the pipeline that was left open.

    If each of its tables was committed, all become current. If not, those that were are put back
    to what is current. Done before every commit: a table store remembers the newest commits only.
    """
    if not platform.ledger.unsettled():
        return
    tables = {c.table for c in pipeline.contracts}
    with platform.ledger.alone():
        left = [p for p in platform.ledger.unsettled() if p.table in tables]
        for commit_id in dict.fromkeys(p.commit_id for p in left):
            _end([p for p in left if p.commit_id == commit_id], pipeline, platform=platform)


def _end(left: Sequence[Publish], pipeline: Pipeline, *, platform: Platform) -> None:
    contracts = {c.table: c for c in pipeline.contracts}
    commit_id = left[0].commit_id
    found = {
        t: platform.tables.committed(t, commit_id) for t in dict.fromkeys(p.table for p in left)
    }
    whole = None not in found.values()
    for table, snapshot in found.items():
        if snapshot is not None and not whole:
            parts = [p.partition for p in left if p.table == table]
            _put_back(contracts[table], parts, commit_id, platform=platform)
        platform.ledger.settle(commit_id, table, snapshot if whole else None)
    if whole:
        _recorded(left, pipeline, platform=platform)


def _recorded(left: Sequence[Publish], pipeline: Pipeline, *, platform: Platform) -> None:
    """Runs whose last word was lost are published; refused ones left rejected rows alone."""
    published = {p.run_id: p for p in left if p.derivation != p.run_id}
    for run_id, publish in sorted(published.items()):
        if publish.kind in EMPTIED:
            platform.ledger.record([_emptied(publish, pipeline, platform)])
            continue
        for run in platform.ledger.runs(run_id=run_id, limit=1):
            if run.status != "published":
                said, now = warned(run.report.get("steps", [])), platform.clock()
                over = replace(run, status="published", ended_at=now, message=said)
                platform.ledger.record([over])
                reported(pipeline, over, platform)


def _emptied(publish: Publish, pipeline: Pipeline, platform: Platform) -> Run:
    """That a partition was emptied, said by another than who did it."""
    now, status = platform.clock(), EMPTIED[publish.kind]
    said = f"{status}; the command that did it was killed"
    return Run(publish.run_id, pipeline.name, publish.partition, status, now, now, message=said)


def still_there(publish: Publish, platform: Platform) -> Publish:
    """The publish without those of its pieces that are gone from the store."""
    lost = platform.tables.lost(publish.pieces)
    if not lost:
        return publish
    pieces = tuple(p for p in publish.pieces if p.path not in lost)
    return replace(publish, pieces=pieces, rows=sum(p.rows for p in pieces))


def _put_back(
    contract: Contract, parts: Sequence[Partition], commit_id: str, *, platform: Platform
) -> None:
    """The partitions in the store as the ledger has them: their current pieces, or none."""
    current = platform.ledger.current([contract.table], parts)[contract.table]
    was = {part: still_there(current[part], platform) for part in parts if part in current}
    staged = [
        Staged(contract.table, part, was[part].rows, was[part].pieces)
        if part in was
        else Staged(contract.table, part, 0, ())
        for part in parts
    ]
    properties = {"touchline.put-back": commit_id, "touchline.code-version": touchline.__version__}
    platform.tables.publish(
        contract, staged, commit_id=f"{commit_id}-put-back", properties=properties
    )
