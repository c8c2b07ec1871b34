"""What was made is held to the baseline, by the driver alone: workers do not see the past."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from touchline.core.baseline import (
    Comparable,
    Profile,
    comparable,
    day_of,
    is_incident,
    unjudged,
    verdict,
)
from touchline.core.pipeline.gate import StepReport, way_out
from touchline.core.pipeline.job import Outcome
from touchline.core.pipeline.steps import Pipeline
from touchline.core.ports import Ledger, Partition, Publish
from touchline.core.quality import Result
from touchline.errors import QualityError


@dataclass(frozen=True)
class _Past:
    """What each partition compares with, what of it is published, and what was accepted just now.

    Both by table; `of_runs` are the profiles that each run measured.
    """

    compared: Mapping[Partition, Comparable]
    current: Mapping[str, Mapping[Partition, Publish]]
    accepted: dict[str, dict[Partition, Profile]]
    of_runs: dict[str, Mapping[str, Profile]] = field(default_factory=dict)


def judged(pipeline: Pipeline, ledger: Ledger, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes with what the baseline says of them; one that it fails is refused.

    They are judged in the order of their partitions, each against what is published and what of
    the others was accepted before it, so that days that were worked on at once do not depend on
    which ended first.
    """
    tables = [s.table for s in pipeline.steps if s.profile is not None]
    if pipeline.baseline.severity == "off" or not tables:
        return list(outcomes)
    compared = {o.job.partition: comparable(o.job.partition, pipeline.baseline) for o in outcomes}
    current = _published(ledger, tables, [c.parts for c in compared.values()])
    past = _Past(compared, current, {table: {} for table in tables})
    found = {}
    for outcome in sorted(outcomes, key=lambda o: o.job.partition):
        part = outcome.job.partition
        found[part] = held = _held(pipeline, ledger, outcome, past=past)
        for step in held.steps:
            if step.profile is not None and held.error is None:
                past.accepted[step.table][part] = step.profile
    return [found[outcome.job.partition] for outcome in outcomes]


def _published(
    ledger: Ledger, tables: Sequence[str], compared: Sequence[tuple[Partition, ...] | None]
) -> dict[str, dict[Partition, Publish]]:
    """The current publishes of all that is compared with; emptied ones aside."""
    wanted = {part for parts in compared for part in parts or ()}
    current = ledger.current(tables, None if None in compared else sorted(wanted))
    return {
        table: {part: p for part, p in found.items() if not p.emptied}
        for table, found in current.items()
    }


def _held(pipeline: Pipeline, ledger: Ledger, outcome: Outcome, *, past: _Past) -> Outcome:
    part, steps, errors = outcome.job.partition, list[StepReport](), list(outcome.errors)
    for step in outcome.steps:
        results = _results(pipeline, ledger, step, part=part, past=past)
        steps.append(replace(step, rules=(*step.rules, *results)))
        if any(result.failed for result in results):
            errors.append(_refused(pipeline, step.table, part, results=results))
    staged = () if errors else outcome.staged
    return replace(outcome, steps=tuple(steps), errors=tuple(errors), staged=staged)


def _results(
    pipeline: Pipeline, ledger: Ledger, step: StepReport, *, part: Partition, past: _Past
) -> list[Result]:
    rule = pipeline.baseline
    if step.profile is None:
        return []
    if is_incident(part, rule):
        return [unjudged(rule)]
    accepted, current = past.accepted[step.table], past.current[step.table]
    chosen = _newest(past.compared[part], accepted, current)
    profiles = [
        accepted.get(p) or _of_publish(pipeline, ledger, current[p], past=past)
        for p in [p for p in chosen if p != part][: rule.days]
    ]
    return verdict(step.profile, profiles, rule, what=past.compared[part].what)


def _newest(
    compared: Comparable,
    accepted: Mapping[Partition, Profile],
    current: Mapping[Partition, Publish],
) -> list[Partition]:
    """What there is of all that may be compared with, newest first."""
    if compared.parts is not None:
        return [p for p in compared.parts if p in accepted or p in current]
    by_publish = sorted(current.values(), key=lambda p: (str(p.published_at), p.partition))
    in_order = [*reversed(list(accepted)), *(p.partition for p in reversed(by_publish))]
    return list(dict.fromkeys(in_order))


def _of_publish(pipeline: Pipeline, ledger: Ledger, publish: Publish, *, past: _Past) -> Profile:
    """What the run that made it measured; of a run that measured nothing, its rows."""
    run_id = publish.run_id
    if run_id not in past.of_runs:
        found = ledger.runs(pipeline=pipeline.name, part=publish.partition, run_id=run_id, limit=1)
        steps = found[0].report.get("steps", []) if found else []
        past.of_runs[run_id] = {
            s["table"]: msgspec.convert(s["profile"], Profile) for s in steps if s.get("profile")
        }
    return past.of_runs[run_id].get(publish.table) or Profile(publish.rows)


def _refused(
    pipeline: Pipeline, table: str, part: Partition, *, results: Sequence[Result]
) -> QualityError:
    said = "; ".join(f"{r.rule}: {r.seen}, expected {r.expected}" for r in results if r.failed)
    section = f"{pipeline.name}.baseline"
    known = f"list it in {section}.incidents, or set" if day_of(part) else "set"
    return QualityError(
        f"{table} {part}: {said}",
        hint=f"the partition is as it was; if this is right: {known} {section}.severity to warn,"
        f" and run again (--force where it is published already); if what arrived is wrong: {way_out(pipeline, part)}",
        table=table,
    )
