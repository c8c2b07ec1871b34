"""The live path as three functions of AWS Lambda: ingest, consumer, query. Source: design 003.

Each is `touchline.functions.NAME.handler`. The configuration is in the file that TOUCHLINE_CONFIG names.
Who may call them is the gateway's matter: keys of Touchline are not asked for.
"""

import os
from functools import cache
from pathlib import Path

from touchline import config
from touchline.core.ports import Log, ServingStore
from touchline.matches.live import STREAM
from touchline.wiring import Touchline, live

__all__ = ["built", "log", "store"]


@cache
def built() -> Touchline:
    """What the configuration stands for, made once for as long as the function stays warm."""
    file = os.environ.get("TOUCHLINE_CONFIG")
    return Touchline(config.load(Path(file) if file else None))


@cache
def log() -> Log:
    """The log, with the topic of match events."""
    here = built()
    live.prepare(here.config, here.log, [STREAM.topic])
    return here.log


@cache
def store() -> ServingStore:
    """The serving store, with the views of match events."""
    found = built().serving
    found.prepare(STREAM.views)
    return found
