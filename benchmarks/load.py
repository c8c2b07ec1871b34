"""Servers under load: each in a process of its own, asked by wrk or by clients of our own."""

import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from runs import HERE, ROOT, TOUCHLINE, VENV

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Serving:
    """A server that answers: where, and as which process."""

    address: str
    pid: int
    key: str

    @property
    def cpu_s(self) -> float:
        """CPU seconds that it has taken so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def all_cpu_s(self) -> float:
        """The same, with the process that reads the log on for it."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/children")
        children = [int(pid) for task in tasks for pid in task.read_text().split()]
        return self.cpu_s + sum(replace(self, pid=pid).cpu_s for pid in children)

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])


@dataclass(frozen=True)
class Load:
    """How a server bore a load."""

    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_s: float
    wall_s: float


@contextmanager
def ours(folder: Path, config: str = "") -> Iterator[Serving]:
    """`touchline serve` in a folder of its own, with a key for everything."""
    (folder / "touchline.toml").write_text(f"[server]\nport = 0\n{config}")
    making = ["keys", "make", "load", "--scope", "read", "--scope", "write", "--rate", "1000000"]
    env = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    made = subprocess.run(
        [TOUCHLINE, *making], cwd=folder, capture_output=True, text=True, check=True, env=env
    )
    process = subprocess.Popen(
        [TOUCHLINE, "serve"], cwd=folder, stdout=subprocess.PIPE, text=True, env=env
    )
    assert process.stdout is not None
    address = process.stdout.readline().strip().removesuffix("/health")
    with _ended(process):
        yield Serving(address, process.pid, made.stdout.strip())


@contextmanager
def fastapi(folder: Path) -> Iterator[Serving]:
    """The yardstick, with a key."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = HERE / "yardsticks" / "fastapi_events.py"
    python = VENV / "bin" / "python"
    words = [str(python), str(script), str(folder / "events.db"), "k" * 40, str(port)]
    process = subprocess.Popen(words)
    address = f"http://127.0.0.1:{port}"
    with _ended(process):
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{address}/openapi.json")
                break
            except OSError:
                time.sleep(0.05)
        yield Serving(address, process.pid, "k" * 40)


@contextmanager
def _ended(process: "subprocess.Popen[str] | subprocess.Popen[bytes]") -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


_POSTING = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer KEY"
local n = 0
request = function()
  n = n + 1
  return wrk.format(nil, "/events", nil, '{"match_id":"m' .. (n % 20) .. '","event_id":"ROUND-' .. n ..
    '","event_type":"pass","player_id":"player456","team_id":"team789",' ..
    '"timestamp":"2025-04-05T14:30:00Z"}')
end
"""
_ASKING = """
wrk.headers["Authorization"] = "Bearer KEY"
local n = 0
request = function()
  n = n + 1
  return wrk.format(nil, "/matches/m" .. (n * 37 % 200) .. "/events?limit=100")
end
"""


def posting(server: Serving, name: str, *, seconds: int) -> Load:
    """Single events of twenty matches, 32 connections."""
    script = _POSTING.replace("KEY", server.key).replace("ROUND", name)
    return _wrk(server, script, connections=32, seconds=seconds)


def asking(server: Serving, *, connections: int, seconds: int) -> Load:
    """Pages of a hundred events, of two hundred matches in turn."""
    return _wrk(
        server, _ASKING.replace("KEY", server.key), connections=connections, seconds=seconds
    )


def _wrk(server: Serving, script: str, *, connections: int, seconds: int) -> Load:
    if not shutil.which("wrk"):
        raise SystemExit("wrk is missing: apt-get install wrk")
    lua = ROOT / "build" / "bench" / "load.lua"
    lua.write_text(script)
    before = server.cpu_s
    words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(lua)]
    told = subprocess.run([*words, server.address], capture_output=True, text=True, check=True)
    if wrong := re.search(r"Non-2xx.*|Socket errors.*", told.stdout):
        raise SystemExit(f"{server.address}: {wrong[0]}")
    return Load(
        float(_found(r"Requests/sec:\s+([\d.]+)", told.stdout)),
        _ms(_found(r"(?m)^\s+50%\s+(\S+)", told.stdout)),
        _ms(_found(r"(?m)^\s+99%\s+(\S+)", told.stdout)),
        server.cpu_s - before,
        seconds,
    )


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if not found:
        raise SystemExit(f"wrk said nothing of {pattern}:\n{text}")
    return found[1]


def _ms(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def request(server: Serving, method: str, path: str, body: bytes = b"") -> bytes:
    """A request as it goes over the wire, for clients that only read how it ended."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {server.key}"]
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def batches(match_ids: Sequence[str], events: int, *, of: int) -> Iterator[bytes]:
    """Bodies of so many events each, a line an event, until each match has `events` of them."""
    lines: list[bytes] = []
    kinds = ("pass",) * 16 + ("shot", "foul", "duel", "goal")
    for match_id in match_ids:
        for n in range(events):
            at = f"2025-04-05T{12 + n // 3600 % 2:02}:{n // 60 % 60:02}:{n % 60:02}.{n % 1000:03}Z"
            lines.append(
                b'{"match_id":"%s","event_id":"%s-%d","event_type":"%s","team_id":"t%d",'
                b'"player_id":"p%d","timestamp":"%s","x_pct":51.2,"y_pct":33.9}'
                % (
                    match_id.encode(),
                    match_id.encode(),
                    n,
                    kinds[n % 20].encode(),
                    n % 2,
                    n % 22,
                    at.encode(),
                )
            )
            if len(lines) == of:
                yield b"\n".join(lines)
                lines = []
    if lines:
        yield b"\n".join(lines)
