"""What several runs made is committed together, each table at once, and their ends are recorded."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

from touchline.core.contracts import Contract
from touchline.core.pipeline import ends
from touchline.core.pipeline.batch import Batch, batch
from touchline.core.pipeline.ends import Done
from touchline.core.pipeline.job import Outcome, Platform
from touchline.core.pipeline.settling import settle, still_there
from touchline.core.pipeline.steps import Pipeline, rejected_contract
from touchline.core.planner import Plan
from touchline.core.ports import Claims, Partition, Publish, Run
from touchline.errors import StorageError, TouchlineError

COMMITTED_AT_ONCE = 4


def published(
    pipeline: Pipeline,
    platform: Platform,
    claims: Claims,
    *,
    waiting: Sequence[Outcome],
    ready: Mapping[Partition, Plan],
    runs: dict[Partition, Run],
) -> Iterator[Done]:
    """Commit a batch, and record how each partition ended."""
    if not waiting:
        return
    settle(pipeline, platform)
    commit_id = uuid.uuid4().hex
    found = batch(
        waiting, commit_id, plans=ready, rejected=_rejected_now(pipeline, platform, waiting)
    )
    over = [
        ends.ended(pipeline, runs[o.job.partition], platform.clock(), error=o.error, outcome=o)
        for o in waiting
    ]
    platform.ledger.record([replace(run_, status="running") for run_ in over])
    try:
        with platform.ledger.publishing(claims, found.publishes) as done:
            for table, snapshot in _committed(pipeline, found, commit_id, platform=platform):
                done(table, snapshot)
            platform.ledger.record(over)
    except TouchlineError as exc:
        with suppress(TouchlineError):  # if it fails too, the next run does it
            settle(pipeline, platform)
        if not _is_current(found, platform):
            _unpublished(pipeline, platform, waiting, runs=runs, error=exc)
            raise
        platform.ledger.record(over)
    for run_, outcome in zip(over, waiting, strict=True):
        runs[run_.partition] = run_
        untold = _untold(pipeline, platform, run_)
        yield Done(run_.partition, run_, outcome.error or untold, pipeline.name)


def _rejected_now(
    pipeline: Pipeline, platform: Platform, waiting: Sequence[Outcome]
) -> dict[str, dict[Partition, Publish]]:
    """The current publishes of rejected rows of these partitions, without pieces that are gone."""
    tables = [rejected_contract(s.makes).table for s in pipeline.steps]
    current = platform.ledger.current(tables, [o.job.partition for o in waiting])
    return {
        table: {part: still_there(publish, platform) for part, publish in found.items()}
        for table, found in current.items()
    }


def _unpublished(
    pipeline: Pipeline,
    platform: Platform,
    waiting: Sequence[Outcome],
    *,
    runs: dict[Partition, Run],
    error: TouchlineError,
) -> None:
    """Record that these runs, whose work was done, failed as it could not be published."""
    for o in waiting:
        part, now = o.job.partition, platform.clock()
        runs[part] = ends.ended(pipeline, runs[part], now, error=error, outcome=o)
        ends.tell(pipeline, runs[part], platform)
    with suppress(TouchlineError):
        platform.ledger.record([runs[o.job.partition] for o in waiting])


def _untold(pipeline: Pipeline, platform: Platform, run_: Run) -> StorageError | None:
    """Write the report; the error if there is no room for it. The ledger has it, too."""
    try:
        ends.reported(pipeline, run_, platform)
    except StorageError as exc:
        said = f"{run_.partition}: {run_.status}, but its report has no place: {exc}"
        return StorageError(said, hint=exc.hint)
    return None


def _is_current(found: Batch, platform: Platform) -> bool:
    """Whether the commit took place after all, although its last word failed."""
    tables = sorted(found.staged)
    current = platform.ledger.current(tables, [p.partition for p in found.publishes])
    return bool(found.publishes) and all(
        p.partition in current[p.table] and current[p.table][p.partition].commit_id == p.commit_id
        for p in found.publishes
    )


def _committed(
    pipeline: Pipeline, found: Batch, commit_id: str, *, platform: Platform
) -> Iterator[tuple[str, str]]:
    """Each table and its snapshot. Several at a time, as a commit mostly waits for the disk."""

    def commit(contract: Contract) -> str:
        return platform.tables.publish(
            contract,
            found.staged[contract.table],
            commit_id=commit_id,
            properties=found.properties(contract.table),
        )

    contracts = [c for c in pipeline.contracts if c.table in found.staged]
    with ThreadPoolExecutor(COMMITTED_AT_ONCE) as pool:
        yield from zip([c.table for c in contracts], pool.map(commit, contracts), strict=True)
