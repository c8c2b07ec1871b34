"""The process that reads the log on: its work holds up nobody who posts."""

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import msgspec

from touchline.config import Config
from touchline.core.stream import Changes, follow
from touchline.errors import TouchlineError
from touchline.matches.live import MATCHES, STREAM
from touchline.wiring import Touchline

_AGAIN_S = 0.5
_PATIENCE_S = 2.0
_BEAT_S = 3.0
_SILENT_S = 30.0
_FORGOTTEN_S = 120.0
_AT_ONCE = 65_536
_MOST_SAID = 400
_SAYING = threading.Lock()


class Following:
    """Reads on in a child process, and begins again where that ended, or fell silent.

    `changed` is called after each batch with the matches that something came of, from a thread;
    `failed` with what a service failed at.
    """

    def __init__(
        self,
        config: Config,
        *,
        changed: Callable[[list[str]], None],
        failed: Callable[[str], None],
    ) -> None:
        self._config = config
        self._changed = changed
        self._failed = failed
        self._last: tuple[str, float] = ("", 0.0)
        self._over = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self._watching.start()

    @property
    def trouble(self) -> str:
        """What failed last, lately, where nothing was read since; "" where all is well."""
        said, at = self._last
        return said if time.monotonic() - at < _FORGOTTEN_S else ""

    def close(self) -> None:
        """The child has ended: what it was at is done again by the next one."""
        self._over.set()
        if self._child is not None:
            self._child.kill()
        self._watching.join(_PATIENCE_S)

    def _watch(self) -> None:
        while not self._over.is_set():
            try:
                self._begun()
            except OSError as exc:
                self._tell(f"the process that reads the log cannot be started: {exc.strerror}")
            self._over.wait(_AGAIN_S)

    def _begun(self) -> None:
        """One child, from its beginning to its end."""
        words, pipe = [sys.executable, "-m", "touchline.server.following"], subprocess.PIPE
        with subprocess.Popen(words, stdin=pipe, stdout=pipe, bufsize=0) as child:  # noqa: S603 (ours)
            self._child = child
            try:
                why = "" if self._over.is_set() else self._listen(child)
            finally:
                child.kill()
        if not self._over.is_set():
            self._tell(f"the process that reads the log {why}, and is begun anew")

    def _listen(self, child: "subprocess.Popen[bytes]") -> str:
        """Give the child the configuration, and hear it out; why no more comes of it."""
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(msgspec.json.encode(self._config) + b"\n")
        except OSError:
            return "ended at once"
        for line in _lines(child.stdout.fileno()):
            if line is None:
                return f"said nothing for {_SILENT_S:.0f} s"
            self._heard(line)
        return "ended"

    def _heard(self, line: bytes) -> None:
        """Null is a sign of life, a list the matches of a batch, and a text what failed."""
        try:
            said = msgspec.json.decode(line, type=list[str] | str | None)
        except (msgspec.DecodeError, UnicodeDecodeError):
            said = line[:_MOST_SAID].decode(errors="replace")
        if isinstance(said, list):
            self._last = ("", 0.0)
            self._changed(said)
        elif said:
            self._tell(said)

    def _tell(self, said: str) -> None:
        self._last = (said, time.monotonic())
        self._failed(said)


def _lines(pipe: int) -> Iterator[bytes | None]:
    """The lines that come, until the pipe ends; None where none came for too long."""
    rest, ready = b"", select.poll()
    ready.register(pipe, select.POLLIN)
    while True:
        if not ready.poll(_SILENT_S * 1000):
            yield None
            return
        come = os.read(pipe, _AT_ONCE)
        if not come:
            return
        *lines, rest = (rest + come).split(b"\n")
        yield from lines


def main() -> None:
    """The child: reads on as long as its parent lives, and says after each batch that it did."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    here = Touchline(msgspec.json.decode(sys.stdin.buffer.readline(), type=Config))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    threading.Thread(target=_beat, daemon=True).start()

    def changed(found: Changes) -> None:
        _say([match.id for match in found.get(MATCHES, ()) if match.listed])

    def failed(exc: TouchlineError) -> None:
        _say(str(exc))

    follow(STREAM, here.log, here.serving, until=threading.Event(), changed=changed, failed=failed)


def _beat() -> None:
    """A sign of life every few seconds."""
    while True:
        time.sleep(_BEAT_S)
        _say(None)


def _say(said: list[str] | str | None) -> None:
    """A line, in one piece: two threads say something."""
    with _SAYING:
        os.write(sys.stdout.fileno(), msgspec.json.encode(said) + b"\n")


def _end_with_parent() -> None:
    """End at once when the parent has: nothing is half written."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
