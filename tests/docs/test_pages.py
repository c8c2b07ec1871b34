"""The pages are complete and true: commands, options, keys, tables; and their links lead somewhere."""

import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

import click
import msgspec
import pytest

from touchline.cli import cli
from touchline.config import Config, Secret
from touchline.core.contracts import Contract
from touchline.core.pipeline import rejected_contract
from touchline.errors import TouchlineError
from touchline.wiring import Touchline

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]


@cache
def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def rows(text: str) -> dict[str, list[str]]:
    """The rows of a page's tables by their first cell, if that is code."""
    found = re.findall(r"^\| `([^`]+)` \|(.*)\|$", text, re.MULTILINE)
    return {name: [cell.strip() for cell in rest.split(" | ")] for name, rest in found}


# --- commands -----------------------------------------------------------------------------------


def commands() -> dict[str, click.Command]:
    context = click.Context(cli)
    found = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


@pytest.mark.parametrize("name", list(commands()))
def test_operations_lists_the_command_with_all_its_options(name: str) -> None:
    here = re.compile(rf"\| [^|]+ \| `touchline {name}[ `][^|]* \|.*\|")
    (line,) = [row for row in page("operations.md").splitlines() if here.match(row)]
    command = commands()[name]
    parts = command.commands.values() if isinstance(command, click.Group) else [command]
    given = {o.opts[0] for part in parts for o in part.params if isinstance(o, click.Option)}
    assert set(re.findall(r"`(--[a-z-]+)`", line)) == {o for o in given if o != "--help"}


def test_operations_lists_no_command_that_is_not_there() -> None:
    said = re.findall(r"touchline ([a-z]+)", "\n".join(p.read_text("utf-8") for p in PAGES))
    assert set(said) - set(commands()) == set()


def test_operations_lists_every_exit_code() -> None:
    kinds = [TouchlineError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    section = page("operations.md").partition("## Exit codes")[2].partition("\n## ")[0]
    said = {int(code) for code in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)}
    assert said == {0, 130, 141, 143, *(kind.exit_code for kind in kinds)}


# --- configuration ------------------------------------------------------------------------------


def keys(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every key of a section with its default; a secret is one value, whatever is in it."""
    if not isinstance(value, msgspec.Struct) or isinstance(value, Secret):
        yield place, value
        return
    settings = value.__struct_config__
    if settings.tag_field:
        yield f"{place}.{settings.tag_field}", settings.tag
    for name in value.__struct_fields__:
        yield from keys(getattr(value, name), f"{place}.{name}".lstrip("."))


def choices(section: type[msgspec.Struct], place: str = "") -> Iterator[tuple[str, Any]]:
    """Every key of each kind that there is to choose from, with its default."""
    for name, hint in get_type_hints(section).items():
        types = [each for each in get_args(hint) or (hint,) if isinstance(each, type)]
        kinds = [each for each in types if issubclass(each, msgspec.Struct) and each is not Secret]
        at = f"{place}.{name}".lstrip(".")
        for each in kinds:
            if len(kinds) > 1:
                yield from keys(each(), at)
            yield from choices(each, at)


EVERY_KEY = dict(reversed([*keys(Config()), *choices(Config)]))
"""A key that several kinds have is stated as the first of them has it."""


def in_toml(value: Any) -> str:
    match value:
        case str():
            return f'"{value}"'
        case bool():
            return str(value).lower()
        case dict() if not value:
            return "{}"
        case tuple():
            return str(list(value))
        case dict():
            return "{ " + ", ".join(f'"{k}" = {in_toml(v)}' for k, v in value.items()) + " }"
        case Secret():
            return f'{{ env = "{value.env}" }}'
        case msgspec.Struct():
            defaults = {f.name: f.default for f in msgspec.structs.fields(value)}
            own = {n: getattr(value, n) for n, d in defaults.items() if getattr(value, n) != d}
            return "{ " + ", ".join(f"{n} = {in_toml(v)}" for n, v in own.items()) + " }"
        case _:
            return str(value)


def kind(value: Any) -> str:
    names = {
        bool: ("boolean",),
        str: ("text", "path"),
        int: ("whole number",),
        float: ("number",),
        dict: ("table",),
        tuple: ("list",),
    }
    return "secret" if isinstance(value, Secret) else " or ".join(names[type(value)])


def test_configuration_states_every_key_and_no_other() -> None:
    assert set(rows(page("configuration.md"))) == set(EVERY_KEY)


@pytest.mark.parametrize(
    ("key", "value"), list(EVERY_KEY.items()), ids=lambda v: v if isinstance(v, str) else ""
)
def test_configuration_states_the_key_as_it_is(key: str, value: Any) -> None:
    said = rows(page("configuration.md"))[key]
    assert said[0] in kind(value).split(" or ")
    assert said[1] == f"`{in_toml(value)}`"
    assert len(said[2]) > 10


# --- tables -------------------------------------------------------------------------------------


def contracts() -> list[Contract]:
    return [s.makes for p in Touchline(Config()).pipelines.values() for s in p.steps]


@pytest.mark.parametrize("contract", contracts(), ids=lambda c: c.table)
def test_tables_states_every_column_of_the_table(contract: Contract) -> None:
    section = page("tables.md").partition(f"### {contract.table}\n")[2].partition("\n### ")[0]
    assert list(rows(section))[: len(contract.names)] == list(contract.names)
    assert rejected_contract(contract).table in page("tables.md")
    domain, _, name = contract.table.partition(".")
    assert f"`{name}`" in page(f"{domain}.md") or f"`{contract.table}`" in page(f"{domain}.md")


def test_tables_is_what_the_contracts_say_now() -> None:
    spec = importlib.util.spec_from_file_location("make_tables", DOCS / "make_tables.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    assert page("tables.md") == made.page(), "run: python docs/make_tables.py"


# --- links --------------------------------------------------------------------------------------


def links(text: str) -> list[str]:
    """Where a page's links lead, but for those to other sites."""
    plain = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return [to for to in re.findall(r"\]\(([^)\s]+)\)", plain) if "://" not in to]


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as the usual renderers make them."""
    plain = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", plain, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", t.lower()).replace(" ", "-") for t in titles}


def broken(file: Path, text: str) -> list[str]:
    """Those links of a page that lead nowhere."""
    found = []
    for link in links(text):
        path, _, anchor = link.partition("#")
        target = (file.parent / path).resolve() if path else file
        is_there = target.exists()
        if is_there and anchor:
            is_there = anchor in anchors(text if target == file else target.read_text("utf-8"))
        if not is_there:
            found.append(link)
    return found


@pytest.mark.parametrize("file", PAGES, ids=lambda f: str(f.relative_to(ROOT)))
def test_every_link_leads_somewhere(file: Path) -> None:
    assert broken(file, file.read_text(encoding="utf-8")) == []


def test_a_link_that_leads_nowhere_is_seen() -> None:
    text = (
        "# Two words\n[a](#two-words) [b](#three) [c](README.md) [d](none.md) [e](https://x.org)\n"
    )
    assert broken(DOCS / "tracking.md", text) == ["#three", "README.md", "none.md"]


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        file = waiting.pop()
        reached.add(file)
        for link in links(file.read_text(encoding="utf-8")):
            target = (file.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.exists() and target not in reached:
                waiting.append(target)
    assert set(PAGES) - reached == set()
