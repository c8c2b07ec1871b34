"""AWS's services on this machine, for tests: one process for each worker, which ends with it."""

import atexit
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / ".venv-ministack" / "bin" / "ministack"
_PATIENCE_S = 60.0
_DIE_WITH_PARENT = (
    "import ctypes, os, signal, sys;"
    "ctypes.CDLL(None).prctl(1, signal.SIGKILL);"
    "os.execv(sys.argv[1], sys.argv[1:])"
)


@cache
def endpoint() -> str:
    """Where it answers; the test is skipped where it is not installed, which in CI is a failure."""
    if not PROGRAM.exists():
        why = "no ministack here: run tests/services/install.sh"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process, said = _started(port)
    atexit.register(process.kill)
    until = time.monotonic() + _PATIENCE_S
    while not _answers(port):
        if process.poll() is not None or time.monotonic() > until:
            raise AssertionError(f"ministack did not start:\n{said.read_text()[-3000:]}")
        time.sleep(0.05)
    return f"http://127.0.0.1:{port}"


def _started(port: int) -> "tuple[subprocess.Popen[bytes], Path]":
    folder = Path(tempfile.mkdtemp(prefix="ministack-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    settings = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "TMPDIR": str(folder),
    }
    said = folder / "said.txt"
    words = [sys.executable, "-c", _DIE_WITH_PARENT, str(PROGRAM)]
    with said.open("wb") as out:
        process = subprocess.Popen(
            words, cwd=folder, env={**os.environ, **settings}, stdout=out, stderr=out
        )
    return process, said


def _answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def somebody() -> dict[str, str]:
    """Credentials that it takes, as it takes any: the environment of those who call it."""
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
