"""`touchline up`: what has come is landed, what is stale is made, commands are given at their times."""

from collections.abc import Iterator
from contextlib import contextmanager

from touchline.errors import ConflictError
from touchline.wiring import Touchline


@contextmanager
def alone(here: Touchline) -> Iterator[None]:
    """Nobody else is `up` on this ledger meanwhile.

    Raises:
        ConflictError: Somebody is.
    """
    with here.ledger.claim("up", ["up"]) as claims:
        if claims.refused:
            raise ConflictError(
                f"{here.config.place(here.config.stores.ledger.path)}: {claims.refused['up']} is up",
                hint="one is enough; stop it first, or give this one another ledger",
            )
        yield
