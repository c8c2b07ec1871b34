"""Step and Pipeline; work() makes one partition, drive.run() claims, publishes and records."""

from touchline.core.pipeline.gate import StepReport
from touchline.core.pipeline.job import Job, Outcome
from touchline.core.pipeline.steps import (
    Bronze,
    Decoded,
    Pipeline,
    Shared,
    Sql,
    Step,
    bare,
    rejected_contract,
)
from touchline.core.pipeline.work import work

__all__ = [
    "Bronze",
    "Decoded",
    "Job",
    "Outcome",
    "Pipeline",
    "Shared",
    "Sql",
    "Step",
    "StepReport",
    "bare",
    "rejected_contract",
    "work",
]
