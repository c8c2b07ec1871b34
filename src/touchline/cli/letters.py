"""What is said of rejected match events reaches the live store, too."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from touchline.cli.output import counted, say
from touchline.errors import ConfigError, ContractError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    from touchline.core.pipeline import Pipeline
    from touchline.core.ports import Partition, Record
    from touchline.core.quarantine.mending import Change
    from touchline.core.quarantine.rejected import Rejected
    from touchline.matches.live.event import Accepted


_WHOLE = """give the whole event: --set value='{"match_id": …}'; or mend its text with --replace"""


def mended(
    rows: "Sequence[Rejected]",
    change: "Change",
    pipeline: "Pipeline",
    *,
    here: Touchline,
    because: str,
) -> "list[Partition]":
    """The partitions to be made again, as `mend` has it; match events are mended in the live store, too."""
    from touchline.core.quarantine.mending import mend

    platform = here.platform()
    if pipeline.name != "matches" or not rows or not here.has_live:
        return mend(rows, change, pipeline, platform=platform, because=because)
    retold = _Retold(here, [record for row in rows if (record := _record(row.row))])
    return mend(
        rows,
        lambda line, first: retold.changed(line, change(line, first)),
        pipeline,
        platform=platform,
        because=because,
        first=retold.post,
    )


@dataclass(eq=False)
class _Retold:
    """Mended events, on their way into the log, and the records that they came as."""

    here: Touchline
    came: "list[Record]"
    events: "list[Accepted]" = field(default_factory=list)

    def changed(self, line: str, new: str | None) -> str | None:
        """The line's new text; it is let go where its event is of another match than its record.

        The event is in the log under its own match, and in that one's history.
        """
        from touchline.matches.live import letters

        record = _record(new or "")
        if record is None or new == line:
            return new  # what is no record is told where it would be read
        try:
            event = letters.mended(record, datetime.now(UTC))
        except ContractError as exc:
            raise ConfigError(f"it would still be rejected: {exc}", hint=_WHOLE) from exc
        self.events.append(event)
        return new if record.key == event.match_id else None

    def post(self) -> None:
        """The events are in the log, and durable; and that their letters are over."""
        from touchline.matches.live import letters

        letters.put_in(self.events, self.came, self.here.log)
        if self.events:
            say(f"{counted(len(self.events), 'event')} posted again")


def show_refused(line: str) -> None:
    """Show what came, where the record stands for what of a file was refused."""
    from touchline.matches.live import letters

    record = _record(line)
    if text := record and letters.refused_text(record):
        click.echo(f"in the file:\n{text}")


def _record(line: str) -> "Record | None":
    """The record that a line of an archived log says; None where it says none."""
    import msgspec

    from touchline.core.archive import record_of

    try:
        return record_of(line)
    except msgspec.DecodeError:
        return None
