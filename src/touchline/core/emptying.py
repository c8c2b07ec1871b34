"""Empty versions of partitions of tables: their rows go at one instant, their history stays."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import touchline
from touchline.core.contracts import Contract
from touchline.core.pipeline import Pipeline, rejected_contract
from touchline.core.pipeline.drive import Platform, settle
from touchline.core.ports import (
    RETIRED,
    WITHDRAWN,
    Claims,
    Partition,
    Publish,
    Run,
    RunStatus,
    Staged,
)


@dataclass(frozen=True)
class Why:
    """Why rows go: the derivation of their empty versions, and what `runs` says of it."""

    derivation: str
    status: RunStatus
    message: str


def emptied(
    pipeline: Pipeline,
    platform: Platform,
    claims: Claims,
    *,
    named: Mapping[Partition, Sequence[str]],
    why: Why,
    along: Callable[[], None] = lambda: None,
) -> bool:
    """Empty versions of these tables of partitions, and of their rejected rows, in one commit.

    `along` is called once the ledger is held, and what it writes there becomes so with the versions,
    or not at all. False if there was nothing to commit; then it was not called.
    """
    now = platform.clock()
    runs = {part: _told(pipeline, part, tables, why=why, now=now) for part, tables in named.items()}
    commit_id = uuid.uuid4().hex
    publishes: dict[Contract, list[Publish]] = {}
    for step in pipeline.steps:
        mine = [part for part, tables in named.items() if step.table in tables]
        for contract in (step.makes, rejected_contract(step.makes)) if mine else ():
            current = platform.ledger.current([contract.table], mine)[contract.table]
            publishes[contract] = [
                _empty(
                    current.get(part, _never(contract, part)), runs[part].run_id, commit_id, why=why
                )
                for part in mine
                if part in current or contract is step.makes
            ]
    every = [publish for empty in publishes.values() for publish in empty]
    if not every:
        return False
    settle(pipeline, platform)
    with platform.ledger.publishing(claims, every) as done:
        along()
        for contract, empty in publishes.items():
            if empty:
                done(contract.table, _committed(contract, empty, platform))
        platform.ledger.record(list(runs.values()))
    return True


def _never(contract: Contract, part: Partition) -> Publish:
    """What stands for a version that there never was: every run was refused."""
    return Publish(contract.table, part, "", "", RETIRED, RETIRED, rows=0, pieces=())


def _empty(publish: Publish, run_id: str, commit_id: str, *, why: Why) -> Publish:
    return replace(
        publish,
        run_id=run_id,
        commit_id=commit_id,
        derivation=why.derivation,
        content=WITHDRAWN if why.derivation == WITHDRAWN else publish.content,
        rows=0,
        pieces=(),
        made_from={},
        kind="retire",
        rejected=0,
    )


def _committed(contract: Contract, publishes: Sequence[Publish], platform: Platform) -> str:
    return platform.tables.publish(
        contract,
        [Staged(contract.table, p.partition, 0, ()) for p in publishes],
        commit_id=publishes[0].commit_id,
        properties={
            "touchline.run-id": ",".join(p.run_id for p in publishes),
            f"touchline.{publishes[0].derivation}": "true",
            "touchline.code-version": touchline.__version__,
        },
    )


def _told(
    pipeline: Pipeline, part: Partition, tables: Sequence[str], *, why: Why, now: datetime
) -> Run:
    """That the rows went, among the runs, for whoever asks later why a table holds nothing."""
    return Run(
        f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}",
        pipeline.name,
        part,
        why.status,
        started_at=now,
        ended_at=now,
        message=f"{why.message}: {', '.join(tables)}",
    )
