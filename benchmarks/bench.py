"""All figures in one run: `make bench`, or `bench.py --only frames --only gate --json`.

Every measurement is a fresh process that measures its own CPU and memory; what is compared runs in
turn. Ends with exit code 1 if a target is missed.
"""

import argparse
import os
import sys
import time

import environment
from figures import FIGURES
from runs import HERE, ROOT
from table import Row, as_json, machine, plain, verdict, written


def main() -> int:
    """Measure, print, and with --write put the tables into README.md."""
    given = _arguments()
    os.chdir(ROOT)
    environment.made()
    rows: list[Row] = []
    begun = time.monotonic()
    load = os.getloadavg()[0]
    for name in given.only or FIGURES:
        print(f"{time.monotonic() - begun:5.0f} s  {name}", file=sys.stderr, flush=True)
        found = FIGURES[name]()
        rows += found
        if not given.json:
            print(plain(found), flush=True)
    took = time.monotonic() - begun
    print(as_json(rows) if given.json else f"{verdict(rows)}\n{machine()}")
    print(f"{took:5.0f} s in all; load average at the start {load:.1f}", file=sys.stderr)
    if given.write:
        note = (
            f"Machine: {machine()}. Command: `make bench` ({took / 60:.0f} minutes,"
            f" {time.strftime('%Y-%m-%d')}, load average at the start {load:.1f})."
        )
        written(HERE / "README.md", rows, note)
    return int(any(row.missed for row in rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure Touchline against its targets.")
    parser.add_argument(
        "--only", action="append", choices=FIGURES, metavar="NAME", help=", ".join(FIGURES)
    )
    parser.add_argument("--json", action="store_true", help="Print JSON in place of tables.")
    parser.add_argument("--write", action="store_true", help="Put the tables into README.md.")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
