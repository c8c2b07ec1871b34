"""The clock of a match: its periods, and the instants at which they began."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from touchline.errors import ConfigError, ContractError
from touchline.matches.live.event import PERIOD_STARTS_MIN, instant

NOMINAL_STARTS_MIN: Mapping[int, int] = {1: 0, 2: 60, 3: 120, 4: 140, 5: 160}
"""How long after kick-off a period begins, where nobody says: breaks of 15, 15, 5 and 5 minutes."""

_HINT = "give --kick-off 2018-06-14T15:00:00Z, and --kick-off 2=2018-06-14T16:04:10Z for period 2"


@dataclass(frozen=True)
class KickOffs:
    """When periods began, as somebody says; those of which nobody does begin at nominal times.

    `matches` are the first kick-offs of single matches, `periods` those of any match.
    """

    periods: Mapping[int, datetime] = field(default_factory=dict)
    matches: Mapping[str, datetime] = field(default_factory=dict)

    def also(self, matches: Mapping[str, datetime]) -> "KickOffs":
        """Of these matches, too."""
        return replace(self, matches={**self.matches, **matches})

    def of(self, match_id: str, period: int) -> datetime | None:
        """When that period of the match began; None where not even its first kick-off is known."""
        if period in self.periods:
            return self.periods[period]
        first = self.periods.get(1) or self.matches.get(match_id)
        nominal = NOMINAL_STARTS_MIN.get(period)
        return None if first is None or nominal is None else first + timedelta(minutes=nominal)


def kick_offs(given: Sequence[str], before: datetime | None = None) -> KickOffs:
    """What was said of kick-offs: an instant for the first period, PERIOD=INSTANT for any.

    Raises:
        ConfigError: It is neither, or is said twice, or is not before that instant.
    """
    periods: dict[int, datetime] = {}
    for text in given:
        number, equals, at = text.rpartition("=")
        period = int(number) if number.isascii() and number.isdigit() else 1
        if (equals and number not in map(str, PERIOD_STARTS_MIN)) or period in periods:
            said = "is said twice" if period in periods else "expected a period from 1 to 5"
            raise ConfigError(f"--kick-off {text}: {said}", hint=_HINT)
        try:
            periods[period] = instant(at, f"--kick-off {text}")
        except ContractError as exc:
            raise ConfigError(str(exc), hint=_HINT) from exc
        if before is not None and periods[period] >= before:
            said = f"expected an instant before {before.isoformat(timespec='seconds')}"
            raise ConfigError(f"--kick-off {text}: {said}", hint=_HINT)
    return KickOffs(periods)


def on_the_clock(period: int, seconds: float) -> dict[str, Any]:
    """The period, and minute and second as a scoreboard shows them, so long after the period began."""
    minutes, ms = divmod(round(seconds * 1000), 60_000)
    return {
        "period": period,
        "minute": PERIOD_STARTS_MIN.get(period, 0) + minutes,
        "second": ms / 1000,
    }
