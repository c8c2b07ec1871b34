"""What is posted, from its being read to its being durable: nobody waits for the work of others."""

import asyncio
from collections.abc import Sequence
from typing import Any

from anyio.to_thread import run_sync as in_thread

from touchline.core.ports import Log
from touchline.matches.live import TOPIC
from touchline.matches.serve.intake import Intake, Read
from touchline.matches.serve.known import Result
from touchline.server.appending import Appending

_FEW = 64
_AT_ONCE = 250


class Taking:
    """Takes events for everybody in the loop."""

    def __init__(self, intake: Intake, log: Log) -> None:
        self.intake = intake
        self._appending = Appending(log, TOPIC)

    async def take(self, given: Sequence[Any]) -> list[Result]:
        """What became of each event, once all that were accepted are durable.

        Raises:
            TouchlineError: A store fails; nothing was accepted, as far as is known.
        """
        is_short = len(given) <= _FEW
        events = self.intake.read(given) if is_short else await in_thread(self.intake.read, given)
        results = await self._taken(events)
        while unsettled := [n for n, result in enumerate(results) if result is None]:
            again = await self._taken([events[n] for n in unsettled])
            for n, result in zip(unsettled, again, strict=True):
                results[n] = result
        return [result for result in results if result]

    async def _taken(self, events: Sequence[Read]) -> list[Result | None]:
        """What became of each; None where it depended on what was on its way, which is settled now."""
        intake = self.intake
        if intake.wants_position():
            is_near = intake.is_near
            intake.reached(intake.position() if is_near else await in_thread(intake.position))
        if missing := intake.missing(events):
            intake.learn(await in_thread(intake.changes, missing))
        taken = intake.begun(events)
        try:
            for first in range(0, len(events), _AT_ONCE):
                if first:
                    await asyncio.sleep(0)  # others have their turn
                intake.judge(taken, events[first : first + _AT_ONCE])
            is_waited_for = taken.records or None in taken.results
            places = await self._appending.append(taken.records) if is_waited_for else ()
        except BaseException:
            intake.lost(taken)
            raise
        intake.kept(taken, places)
        return taken.results
