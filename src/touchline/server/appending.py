"""What many post at once goes to the log together: one batch at a time, and what comes meanwhile next."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future

from touchline.core.ports import Log

Records = Sequence[tuple[str, bytes]]
Places = Sequence[tuple[int, int]]
_Batch = list[tuple[Records, "asyncio.Future[Places]"]]


class Appending:
    """Appends to one topic for everybody in the loop; a single commit serves all that wait."""

    def __init__(self, log: Log, topic: str) -> None:
        self.log = log
        self.topic = topic
        self._next: _Batch = []
        self._busy = False

    def append(self, records: Records) -> "asyncio.Future[Places]":
        """Where the records lie, once they are durable; all that was given before them is settled, too.

        Raises:
            TouchlineError: They are not durable, as far as is known.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Places] = loop.create_future()
        self._next.append((records, done))
        if not self._busy:
            self._busy = True
            loop.call_soon(self._send)
        return done

    def _send(self) -> None:
        """All that the loop had ready goes together: the fewer commits, the sooner each is done."""
        batch, self._next = self._next, []
        records = [record for records, _ in batch for record in records]
        loop = asyncio.get_running_loop()

        def over(sent: "Future[Places]") -> None:
            loop.call_soon_threadsafe(self._over, batch, sent)

        if self.log.at_once:
            self._sent(records).add_done_callback(over)
        else:  # it may wait for room, and holds up nobody here
            loop.run_in_executor(None, lambda: self._sent(records).add_done_callback(over))

    def _sent(self, records: Records) -> "Future[Places]":
        try:
            return self.log.append(self.topic, records)
        except Exception as exc:  # noqa: BLE001 (handed to whoever appended)
            failed: Future[Places] = Future()
            failed.set_exception(exc)
            return failed

    def _over(self, batch: _Batch, sent: "Future[Places]") -> None:
        self._busy = bool(self._next)
        if self._busy:
            asyncio.get_running_loop().call_soon(self._send)
        error, first = sent.exception(), 0
        places = () if error else sent.result()
        for records, done in batch:
            if not done.done():
                if error is None:
                    done.set_result(places[first : first + len(records)])
                else:
                    done.set_exception(error)
            first += len(records)
