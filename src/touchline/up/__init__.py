"""`touchline up`: what has come is landed, what is stale is made, commands are given at their times."""

from touchline.up.shift import Shift, work_on

__all__ = ["Shift", "work_on"]
