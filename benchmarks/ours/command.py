"""A touchline command, with the peak memory of its own process and of its largest worker."""

import sys

from meter import Watch, children_peak_mb, peak_mb, tell


def main() -> None:
    from touchline.cli import main as touchline

    watch = Watch()
    sys.argv[0] = "touchline"
    code: object = 0
    try:
        touchline()
    except SystemExit as end:
        code = end.code
    own, worker = peak_mb(), children_peak_mb()
    tell(**watch.seen(), peak_mb=max(own, worker), driver_mb=own, worker_mb=worker)
    sys.exit(code)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
