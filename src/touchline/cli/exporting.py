"""export: what describes the live path, written out for other programs."""

import json
from pathlib import Path

import click

from touchline.cli.output import must_have_a_place, replaced


@click.command()
@click.argument("what", type=click.Choice(["openapi", "postman"]))
@click.option(
    "--to", "out", type=click.Path(path_type=Path), help="The file; else standard output."
)
def export(what: str, out: Path | None) -> None:
    """Export what describes the live path: an OpenAPI document or a Postman collection.

    Example: touchline export postman --to touchline.postman_collection.json
    """
    must_have_a_place(out)
    from touchline.matches.serve.openapi import document
    from touchline.matches.serve.postman import collection

    found = document() if what == "openapi" else collection(document())
    text = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    if out is None:
        click.echo(text, nl=False)
        return
    with replaced(out) as target:
        target.write_text(text, encoding="utf-8")
