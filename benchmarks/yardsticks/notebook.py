"""The way of a first notebook: read_json, then iterrows over frames, a dictionary per position."""

import sys

import pandas as pd
from meter import Watch, tell


def main(file: str) -> None:
    watch = Watch()
    raw = pd.read_json(file, lines=True)
    rows = []
    for _, frame in raw.iterrows():
        for position in frame["player_data"]:
            rows.append(
                {
                    "frame": frame["frame"],
                    "timestamp": frame["timestamp"],
                    "period": frame["period"],
                    "x_m": position["x"],
                    "y_m": position["y"],
                    "player_id": position["player_id"],
                    "is_detected": position["is_detected"],
                }
            )
    frames = pd.DataFrame(rows)
    tell(**watch.seen(), rows=len(frames))


main(sys.argv[1])
