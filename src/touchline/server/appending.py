"""What many post at once goes to the log together: one batch at a time, and what comes meanwhile next."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from touchline.core.ports import Log

Records = Sequence[tuple[str, bytes]]
_Batch = list[tuple[Records, "asyncio.Future[None]"]]


class Appending:
    """Appends to one topic for everybody in the loop; a single commit serves all that wait."""

    def __init__(self, log: Log, topic: str) -> None:
        self.log = log
        self.topic = topic
        self._next: _Batch = []
        self._busy = False

    async def append(self, records: Records) -> None:
        """Returns when the records are durable, and so is all that was given before them.

        Raises:
            TouchlineError: They are not, as far as is known.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._next.append((records, done))
        if not self._busy:
            self._send()
        await done

    def _send(self) -> None:
        batch, self._next, self._busy = self._next, [], True
        loop = asyncio.get_running_loop()
        sent = self.log.append(self.topic, [record for records, _ in batch for record in records])
        sent.add_done_callback(lambda f: loop.call_soon_threadsafe(self._over, batch, f))

    def _over(self, batch: _Batch, sent: "Future[Any]") -> None:
        self._busy = False
        if self._next:
            self._send()
        error = sent.exception()
        for _, done in batch:
            if not done.done():
                if error is None:
                    done.set_result(None)
                else:
                    done.set_exception(error)
