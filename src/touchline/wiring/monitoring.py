"""What hears of every run that ended, as configured."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO

from touchline.config import Config

if TYPE_CHECKING:
    from touchline.core.pipeline import Pipeline
    from touchline.core.ports import Run


def told(config: Config, lines: TextIO | None) -> Iterator["Callable[[Pipeline, Run], None]"]:
    """What hears of every run that ended."""
    set_ = config.monitoring
    if set_.emf:
        from touchline.adapters.cloudwatch import EmbeddedMetrics

        file = config.place(set_.emf_file) if set_.emf_file else None
        yield EmbeddedMetrics(set_.emf, file, lines)
    if set_.openlineage:
        from touchline.adapters.openlineage import LineageFile

        yield LineageFile(config.place(set_.openlineage))
