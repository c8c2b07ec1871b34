"""The provider's API and how its files are fetched."""

from touchline.tracking.source.skillcorner.api import PRODUCTS, Client, Product, Settings, connect
from touchline.tracking.source.skillcorner.connection import CallRule, Credentials
from touchline.tracking.source.skillcorner.files import fetch
from touchline.tracking.source.skillcorner.listing import matches
from touchline.tracking.source.skillcorner.records import Fetched, MatchEntry, Refused

__all__ = [
    "PRODUCTS",
    "CallRule",
    "Client",
    "Credentials",
    "Fetched",
    "MatchEntry",
    "Product",
    "Refused",
    "Settings",
    "connect",
    "fetch",
    "matches",
]
