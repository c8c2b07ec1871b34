"""What owners of a ledger are in the middle of when their process is killed.

Imports little: each scenario is acted out in a process that is started for it.
"""

import os
import signal
from collections.abc import Callable
from typing import NoReturn

from made_up import a_run, publish

from touchline.core.ports import Ledger

TABLE, OTHER = "club.speeds", "club.other"
ONE = "match_id=1"

Die = Callable[[], NoReturn]
Scenario = Callable[[Ledger, Die], None]
"""What an owner does until it calls the function it is given, which ends its process."""


def act(opened: Callable[[], Ledger], scenario: Scenario) -> None:
    """Act the scenario out in this process, which does not survive it."""
    scenario(opened(), _die)


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def hold(ledger: Ledger, die: Die) -> None:
    """A claim is held."""
    with ledger.claim("tracking", [ONE]) as claims:
        assert claims.held == (ONE,)
        die()


def leave_running(ledger: Ledger, die: Die) -> None:
    """A run has begun."""
    ledger.record([a_run("dead", "running")])
    die()


def announce(ledger: Ledger, die: Die) -> None:
    """Publishes to two tables are announced, in the commit c1; no table is committed."""
    both = [publish("a", commit="c1"), publish("x", table=OTHER, commit="c1")]
    with ledger.claim("tracking", [ONE]) as claims, ledger.publishing(claims, both):
        die()


def announce_and_commit(ledger: Ledger, die: Die) -> None:
    """The same, with the first table committed and the second not."""
    both = [publish("a", commit="c1"), publish("x", table=OTHER, commit="c1")]
    with ledger.claim("tracking", [ONE]) as claims, ledger.publishing(claims, both) as say:
        say(TABLE, "s1")
        die()
