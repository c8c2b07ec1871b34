"""kloppy's loader for this provider, then its data frame: one row per frame, wide."""

import sys

from kloppy import skillcorner
from meter import Watch, tell


def main(match_json: str, file: str) -> None:
    watch = Watch()
    dataset = skillcorner.load(meta_data=match_json, raw_data=file, coordinates="skillcorner")
    frames = dataset.to_df(engine="pandas")
    tell(**watch.seen(), rows=len(frames))


main(*sys.argv[1:])
