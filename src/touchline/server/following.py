"""The process that reads the log on: its work holds up nobody who posts."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import msgspec

from touchline.config import Config
from touchline.core.stream import Changes, follow
from touchline.errors import TouchlineError
from touchline.matches.live import EVENTS, STREAM
from touchline.wiring import Touchline

_AGAIN_S = 0.5
_PATIENCE_S = 2.0


class Following:
    """Reads on in a child process, and begins again where that ended.

    `changed` is called after each batch, from a thread; `failed` with what a service failed at.
    """

    def __init__(
        self, config: Config, *, changed: Callable[[], None], failed: Callable[[str], None]
    ) -> None:
        self._config = config
        self._changed = changed
        self._failed = failed
        self._over = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self._watching.start()

    def close(self) -> None:
        """The child has ended: what it was at is done again by the next one."""
        self._over.set()
        if self._child is not None:
            self._child.kill()
        self._watching.join(_PATIENCE_S)

    def _watch(self) -> None:
        while not self._over.is_set():
            words = [sys.executable, "-m", "touchline.server.following"]
            pipe = subprocess.PIPE
            with subprocess.Popen(words, stdin=pipe, stdout=pipe) as child:  # noqa: S603 (ours)
                self._child = child
                self._listen(child)
                child.kill()
            self._over.wait(_AGAIN_S)

    def _listen(self, child: "subprocess.Popen[bytes]") -> None:
        """Give the child the configuration, and hear it out until it ends."""
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(msgspec.json.encode(self._config) + b"\n")
            child.stdin.flush()
        except OSError:
            return
        for line in child.stdout:
            said: str = msgspec.json.decode(line)
            if said:
                self._failed(said)
            else:
                self._changed()


def main() -> None:
    """The child: reads on as long as its parent lives, and says after each batch that it did."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    here = Touchline(msgspec.json.decode(sys.stdin.buffer.readline(), type=Config))
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def changed(changes: Changes) -> None:
        if changes.get(EVENTS):
            _say("")

    def failed(exc: TouchlineError) -> None:
        _say(str(exc))

    follow(STREAM, here.log, here.serving, until=threading.Event(), changed=changed, failed=failed)


def _say(text: str) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(text) + b"\n")
    sys.stdout.buffer.flush()


def _end_with_parent() -> None:
    """End at once when the parent has: nothing is half written."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
