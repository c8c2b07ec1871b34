"""The live path as three functions of AWS Lambda: ingest, consumer, query. Source: design 003.

Each is `touchline.functions.NAME.handler`. The configuration is in the file that TOUCHLINE_CONFIG names.
Who may call them is the gateway's matter: keys of Touchline are not asked for.
"""

import os
from functools import cache
from pathlib import Path

from touchline import config
from touchline.wiring import Touchline

__all__ = ["built"]


@cache
def built() -> Touchline:
    """What the configuration stands for, made once for as long as the function stays warm."""
    file = os.environ.get("TOUCHLINE_CONFIG")
    return Touchline(config.load(Path(file) if file else None))
