"""What was made is held to the baseline, by the driver alone: workers do not see the past."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from touchline.core.baseline import (
    Profile,
    comparable,
    is_day,
    is_incident,
    unjudged,
    verdict,
)
from touchline.core.pipeline.gate import StepReport
from touchline.core.pipeline.job import Outcome
from touchline.core.pipeline.steps import Pipeline
from touchline.core.ports import Ledger, Partition, Publish
from touchline.core.quality import Result
from touchline.errors import QualityError


@dataclass(frozen=True)
class _Past:
    """What is published, by table, what was accepted just now, and the profiles of each run."""

    ledger: Ledger
    current: Mapping[str, Mapping[Partition, Publish]]
    accepted: dict[tuple[str, Partition], Profile] = field(default_factory=dict)
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
    past = _Past(ledger, _published(pipeline, ledger, outcomes, tables=tables))
    found = {}
    for outcome in sorted(outcomes, key=lambda o: o.job.partition):
        part = outcome.job.partition
        found[part] = held = _held(pipeline, outcome, past)
        if held.error is None:
            past.accepted.update({(s.table, part): s.profile for s in held.steps if s.profile})
    return [found[outcome.job.partition] for outcome in outcomes]


def _published(
    pipeline: Pipeline, ledger: Ledger, outcomes: Sequence[Outcome], *, tables: Sequence[str]
) -> dict[str, dict[Partition, Publish]]:
    """The current publishes of all that any of the outcomes compares with; retired ones aside."""
    compared = [comparable(o.job.partition, pipeline.baseline).parts for o in outcomes]
    wanted = {part for parts in compared for part in parts or ()}
    current = ledger.current(tables, None if None in compared else sorted(wanted))
    return {
        table: {part: p for part, p in found.items() if p.kind != "retire"}
        for table, found in current.items()
    }


def _held(pipeline: Pipeline, outcome: Outcome, past: _Past) -> Outcome:
    part, steps, errors = outcome.job.partition, list[StepReport](), list(outcome.errors)
    for step in outcome.steps:
        results = _results(pipeline, step, part, past=past)
        steps.append(replace(step, rules=(*step.rules, *results)))
        if any(result.failed for result in results):
            errors.append(_refused(pipeline, step.table, part, results=results))
    staged = () if errors else outcome.staged
    return replace(outcome, steps=tuple(steps), errors=tuple(errors), staged=staged)


def _results(pipeline: Pipeline, step: StepReport, part: Partition, *, past: _Past) -> list[Result]:
    rule = pipeline.baseline
    if step.profile is None:
        return []
    if is_incident(part, rule):
        return [unjudged(rule)]
    what = comparable(part, rule).what
    return verdict(step.profile, _profiles(pipeline, step.table, part, past=past), rule, what=what)


def _profiles(pipeline: Pipeline, table: str, part: Partition, *, past: _Past) -> list[Profile]:
    """The profiles of the newest that compare with a partition."""
    current, rule = past.current[table], pipeline.baseline
    accepted = [p for of, p in past.accepted if of == table]
    parts = comparable(part, rule).parts
    if parts is None:
        by_publish = sorted(current.values(), key=lambda p: (str(p.published_at), p.partition))
        known = dict.fromkeys([*reversed(accepted), *(p.partition for p in reversed(by_publish))])
        chosen = [p for p in known if p != part]
    else:
        chosen = [p for p in parts if p in current or (table, p) in past.accepted]
    return [
        past.accepted.get((table, p)) or _of_publish(current[p], past) for p in chosen[: rule.days]
    ]


def _of_publish(publish: Publish, past: _Past) -> Profile:
    """What the run that made it measured; of a run that measured nothing, its rows."""
    if publish.run_id not in past.of_runs:
        found = past.ledger.runs(run_id=publish.run_id, limit=1)
        steps = found[0].report.get("steps", []) if found else []
        past.of_runs[publish.run_id] = {
            s["table"]: msgspec.convert(s["profile"], Profile) for s in steps if s.get("profile")
        }
    return past.of_runs[publish.run_id].get(publish.table) or Profile(publish.rows)


def _refused(
    pipeline: Pipeline, table: str, part: Partition, *, results: Sequence[Result]
) -> QualityError:
    said = "; ".join(f"{r.rule}: {r.seen}, expected {r.expected}" for r in results if r.failed)
    section = f"{pipeline.name}.baseline"
    known = f"list it in {section}.incidents, or set" if is_day(part) else "set"
    return QualityError(
        f"{table} {part}: {said}",
        hint=f"the partition is as it was; if this is right: {known} {section}.severity to warn,"
        " and run again",
        table=table,
    )
