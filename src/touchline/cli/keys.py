"""keys: who may post and ask, made, listed, revoked."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from touchline import config
from touchline.cli.kinds import Finite
from touchline.cli.output import JSON, say, table
from touchline.errors import ConfigError
from touchline.wiring import Touchline


@click.group()
def keys() -> None:
    """See to the keys that admit to the live path: make, list, revoke.

    Example: touchline keys make scoreboard --scope read
    """


@keys.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(["read", "write"]),
    multiple=True,
    default=["read"],
    show_default=True,
    help="What it admits to; may be repeated.",
)
@click.option(
    "--rate",
    type=Finite(0, 1_000_000),
    default=0,
    show_default=True,
    help="Requests a second that it has; 0 is any number.",
)
@click.pass_obj
def make(file: Path | None, name: str, *, scopes: tuple[str, ...], rate: float) -> None:
    """Make a key for NAME and print it: it is shown this once, and kept as a hash.

    Example: touchline keys make feed --scope read --scope write --rate 500
    """
    from touchline.core.keys import SCOPES, made
    from touchline.core.ports import checked_id

    here = Touchline(config.load(file))
    given = tuple(scope for scope in SCOPES if scope in scopes)
    text, key = made(checked_id(name, "name"), given, datetime.now(UTC), rate_per_s=rate)
    here.ledger.notes.put_key(key)
    click.echo(text)
    say("this is the only time that it is shown")


@keys.command("list")
@JSON
@click.pass_obj
def list_(file: Path | None, *, as_json: bool) -> None:
    """List the keys: their names and what they admit to, never themselves.

    Example: touchline keys list
    """
    here = Touchline(config.load(file))
    rows = [
        {
            "name": key.name,
            "scopes": " ".join(key.scopes),
            "rate_per_s": key.rate_per_s or None,
            "made_at": key.made_at,
            "revoked_at": key.revoked_at,
        }
        for key in here.ledger.notes.all_keys()
    ]
    table(rows, as_json=as_json, empty="no keys yet; see: touchline keys make --help")


@keys.command()
@click.argument("name")
@click.pass_obj
def revoke(file: Path | None, name: str) -> None:
    """Revoke the key of NAME: it admits to nothing any more, within a second.

    Example: touchline keys revoke scoreboard
    """
    here = Touchline(config.load(file))
    known = [key for key in here.ledger.notes.all_keys() if key.revoked_at is None]
    for key in known:
        if key.name == name:
            here.ledger.notes.put_key(replace(key, revoked_at=datetime.now(UTC)))
            say(f"key {name} is revoked")
            return
    names = ", ".join(key.name for key in known) or "none"
    raise ConfigError(f"no key {name!r}", hint=f"there is: {names}")
