"""A partition put back to what an earlier publish held."""

import uuid
from collections.abc import Sequence
from dataclasses import replace

import touchline
from touchline.core.backfill import checked
from touchline.core.contracts import Contract
from touchline.core.pipeline import Pipeline, rejected_contract
from touchline.core.pipeline.drive import Platform, settle
from touchline.core.ports import WITHDRAWN, Partition, Publish, Run, Staged
from touchline.errors import ConfigError, ConflictError, MissingInputError, TouchlineError


def rollback(
    pipeline: Pipeline,
    contract: Contract,
    part: Partition,
    *,
    platform: Platform,
    to: str | None = None,
) -> Publish:
    """The publish that is current now: the rows of an earlier one, as a new version.

    The rows that the earlier run rejected come back with it.

    Where retention had taken the partition away, it is planned again. Else
    the step counts as fresh, so that the next run does not undo the rollback; it runs again when
    its input or its rules change. What lies downstream is stale from now on.

    Args:
        pipeline: The pipeline that makes the table.
        contract: The table's contract.
        part: The partition.
        platform: Where to write.
        to: A run id, or its beginning; without it, the newest publish that held something else.

    Raises:
        MissingInputError: It was never published, or no other publish of it is kept.
        ConfigError: `part` is none of the pipeline's; the table holds rejected rows; `to` fits no
            publish that is kept, or several, or is what is current already.
        ConflictError: Another run holds the partition.
    """
    checked(pipeline, part)
    if contract.table not in {s.table for s in pipeline.steps}:
        raise ConfigError(
            f"{contract.table}: holds the rejected rows of another table",
            hint=f"roll back {contract.table.removesuffix('_rejected')}; its rejected rows go along",
        )
    settle(pipeline, platform)
    with platform.ledger.claim(pipeline.name, [part]) as claims:
        if part in claims.refused:
            raise ConflictError(
                f"{contract.table} {part}: held by {claims.refused[part]}",
                hint="run again when the other run has ended",
            )
        history = platform.ledger.history(contract.table, part)
        target = _target(contract.table, part, history=history, to=to)
        back = _with_rejected(pipeline, contract, target, history=history, platform=platform)
        with platform.ledger.publishing(claims, [publish for _, publish in back]) as done:
            for each, publish in back:
                done(each.table, _published(each, publish, platform))
            platform.ledger.record([_told(pipeline, target, platform)])
    return back[0][1]


def _told(pipeline: Pipeline, target: Publish, platform: Platform) -> Run:
    """The rollback among the runs, for whoever asks later why the table holds what it holds."""
    now = platform.clock()
    return Run(
        f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}",
        pipeline.name,
        target.partition,
        "rolled back",
        started_at=now,
        ended_at=now,
        message=f"{target.table} is as run {target.run_id} made it",
    )


def _with_rejected(
    pipeline: Pipeline,
    contract: Contract,
    target: Publish,
    *,
    history: Sequence[Publish],
    platform: Platform,
) -> list[tuple[Contract, Publish]]:
    """What is to be current: the earlier version, and the rows that its run rejected."""
    commit_id = uuid.uuid4().hex
    counted = target if history[0].retired else history[0]
    again = replace(
        target,
        commit_id=commit_id,
        derivation=counted.derivation,
        made_from=counted.made_from,
        kind="rollback",
    )
    aside = rejected_contract(pipeline.step(contract.table).makes)
    known = platform.ledger.history(aside.table, target.partition)
    theirs = next((p for p in known if p.run_id == target.run_id), None)
    if theirs is None and known and not target.rejected:
        run_id = target.run_id
        theirs = replace(
            known[0], run_id=run_id, derivation=run_id, rows=0, pieces=(), made_from={}
        )
    if theirs is None:
        return [(contract, again)]
    made = WITHDRAWN if counted.derivation == WITHDRAWN else theirs.derivation
    back = replace(theirs, commit_id=commit_id, derivation=made, kind="rollback")
    return [(contract, again), (aside, back)]


def _published(contract: Contract, publish: Publish, platform: Platform) -> str:
    return platform.tables.publish(
        contract,
        [Staged(contract.table, publish.partition, publish.rows, publish.pieces)],
        commit_id=publish.commit_id,
        properties={
            "touchline.run-id": publish.run_id,
            "touchline.rollback": "true",
            "touchline.inputs-digest": publish.content,
            "touchline.code-version": touchline.__version__,
        },
    )


def _target(table: str, part: Partition, *, history: Sequence[Publish], to: str | None) -> Publish:
    if not history:
        raise MissingInputError(f"{table} {part}: never published", hint="see: touchline status")
    current, held = history[0], [p for p in history if not p.emptied]
    others = [p for p in held if current.retired or p.content != current.content]
    if to is None:
        found = others[:1]
    else:
        found = [p for p in held if p.run_id.startswith(to)]
        if len({p.run_id for p in found}) > 1:
            raise ConfigError(
                f"{table} {part}: several runs begin with {to!r}", hint="give more of it"
            )
        if found and found[0] not in others:
            raise ConfigError(
                f"{table} {part}: run {found[0].run_id} is current already",
                hint="touchline runs lists the others",
            )
    if not found:
        raise _not_kept(table, part, history, to=to)
    return found[0]


def _not_kept(
    table: str, part: Partition, history: Sequence[Publish], *, to: str | None
) -> TouchlineError:
    """Why there is nothing to go back to, and which runs can be named in its place."""
    current, *earlier = history
    others = [p for p in earlier if current.retired or p.content != current.content]
    runs = ", ".join(dict.fromkeys(p.run_id for p in others if not p.emptied))
    if to is not None:
        return ConfigError(
            f"{table} {part}: no publish that is kept is of a run {to!r}",
            hint=f"runs that can be named: {runs or f'none but {current.run_id}, the current one'}",
        )
    return MissingInputError(
        f"{table} {part}: no earlier publish that held anything else is kept",
        hint="there was none, or it is beyond retention.publishes and retention.days",
    )


def readers(pipeline: Pipeline, table: str) -> list[str]:
    """The tables that a step of the pipeline makes from this one, in order."""
    through = {s.name for s in pipeline.shared if table in s.reads}
    return [s.table for s in pipeline.steps if table in s.reads or through & set(s.reads)]
