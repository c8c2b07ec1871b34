"""The yardsticks' own virtual environment."""

import hashlib
import subprocess
import sys

from runs import ROOT, VENV


def made() -> None:
    """It is there, with what requirements/bench.txt pins."""
    wanted = ROOT / "requirements" / "bench.txt"
    mark = VENV / "made-from"
    digest = hashlib.sha256(wanted.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == digest:
        return
    print(f"making {VENV.relative_to(ROOT)}", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
    pip = [VENV / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", wanted], check=True)
    mark.write_text(digest)
