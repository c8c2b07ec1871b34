"""What was said of rejected match events reaches the live store, too."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from touchline.cli.output import counted, say
from touchline.errors import ContractError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    from touchline.core.quarantine.rejected import Rejected
    from touchline.matches.live.event import Accepted


def told_live(here: Touchline, rows: "Sequence[Rejected]") -> None:
    """Mended events go into the log, and are served; their dead letters, and those let go, are over."""
    from datetime import UTC, datetime

    from touchline.core.archive import record_of
    from touchline.core.quarantine.rejected import Wanted, rejected
    from touchline.matches.live import letters

    if not rows or not here.has_live:
        return
    events: list[Accepted] = []
    wanted = Wanted(ids=tuple(row.id for row in rows if row.id))
    for row in rejected(here.pipeline("matches"), here.platform(), wanted):
        if row.mend is not None and row.mend.row is not None:
            try:
                events.append(letters.mended(record_of(row.mend.row), datetime.now(UTC)))
            except ContractError as exc:
                say(f"{row.id}: the live path does not take it: {exc}")
    letters.put_in(events, here.log)
    came = [record_of(row.row) for row in rows if row.row]
    letters.over([(record.lane, record.offset) for record in came], here.serving)
    if events:
        say(f"{counted(len(events), 'event')} posted again")
