"""Write docs/tables.md from the contracts: `python docs/make_tables.py`; a test keeps it up to date."""

from collections.abc import Iterable
from pathlib import Path

from touchline.config import Config
from touchline.core.contracts import Column, Contract
from touchline.core.pipeline import Pipeline, Step, rejected_contract
from touchline.core.quality import Allowed, NotNull, RowPer, Rows, Rule, Unique, Within
from touchline.views import as_came
from touchline.wiring import Touchline

PAGE = Path(__file__).with_name("tables.md")

_TOP = """# Every table and column

Made from the contracts by `python docs/make_tables.py`; do not edit it by hand. `touchline define
TABLE` and `touchline define TABLE.COLUMN` say the same in a terminal.

- **Type**: bool, int (32 bit), long (64 bit), double, string, date, instant (UTC, microseconds).
- **Origin**: *provider* columns mean what the provider means by them; *derived* ones are ours.
- **Version** counts changes of a column's definition.
- A row with a null in a column that is *never null*, with a value that is not *one of* those listed,
  or *within* no given range, is rejected; so is a row that repeats the key of an earlier one.
- The **gate** decides about a whole partition: if one of its rules fails, nothing is published.
"""
_KINDS = {"silver": "silver: what the provider says", "gold": "gold: what people ask for"}


def page() -> str:
    """The whole page."""
    pipelines = Touchline(Config()).pipelines
    parts = [_TOP, *(text for p in pipelines.values() for text in _pipeline(p))]
    return "\n".join(parts).rstrip() + "\n"


def _pipeline(pipeline: Pipeline) -> list[str]:
    found = [f"## {pipeline.name}, bronze: the files as they came\n", _bronze(pipeline)]
    for layer, title in _KINDS.items():
        steps = [s for s in pipeline.steps if s.makes.layer == layer]
        if not steps:
            continue
        listed = ", ".join(f"[{s.table}](#{_anchor(s.table)})" for s in steps)
        found.append(f"## {pipeline.name}, {title}\n\n{listed}\n")
        for step in steps:
            found += [_table(step.makes), f"Made from: {_listed(step.reads)}.\n", *_arriving(step)]
    return [*found, _rejected(pipeline)]


def _arriving(step: Step) -> list[str]:
    """What the step's first input must keep as it came."""
    rules = "; ".join(_rule(rule) for rule in step.arriving)
    return [f"Gate of `{step.reads[0]}`, as it came: {rules}.\n"] if rules else []


def _bronze(pipeline: Pipeline) -> str:
    lines = ["| Table | Files | Columns |", "|---|---|---|"]
    for bronze in pipeline.bronze:
        told = "those of the file, after `match_id`, `sha256` and `source` of its receipt"
        lines.append(f"| `{bronze.table}` | {as_came(bronze)} | {told} |")
    return "\n".join(lines) + "\n"


def _table(contract: Contract) -> str:
    lines = [
        f"### {contract.table}\n",
        f"{contract.grain[0].upper()}{contract.grain[1:]}. Key: {_listed(contract.key)}. Replaced by"
        f" {_listed(contract.replace_by)}; files are laid out by {_listed(contract.partition_by)}.",
        f"Gate: {'; '.join(_rule(r) for r in contract.rules) or 'none beside the contract'}.\n",
        "| Column | Type | Unit | Definition | Origin | Version |",
        "|---|---|---|---|---|---|",
        *(_row(c) for c in contract.columns),
    ]
    return "\n".join(lines) + "\n"


def _row(column: Column) -> str:
    said = [column.definition]
    if not column.null:
        said.append("never null")
    if column.allowed:
        said.append(f"one of {', '.join(column.allowed)}")
    if column.within:
        said.append(f"within {column.within[0]:g} to {column.within[1]:g}")
    text = "; ".join(said).replace("|", "\\|")
    cells = (f"`{column.name}`", column.type, column.unit or "-", text, column.origin)
    return f"| {' | '.join(cells)} | {column.version} |"


def _rule(rule: Rule) -> str:
    match rule:
        case Rows():
            return f"at least {rule.at_least} row{'s' * (rule.at_least != 1)}"
        case RowPer():
            where = "" if rule.where == "true" else f" where {rule.where}"
            return f"a row per row of {rule.of}{where}"
        case Within():
            return f"`{rule.column}` within {rule.low:g} to {rule.high:g}"
        case NotNull():
            return f"at most {rule.max_ratio:.4g} of the rows without `{rule.column}`"
        case Allowed():
            return f"at most {rule.max_ratio:.4g} with a `{rule.column}` beside {_listed(rule.values)}"
        case Unique():
            return f"at most {rule.max_ratio:.4g} that repeat {_listed(rule.columns)}"
    return str(rule)


def _rejected(pipeline: Pipeline) -> str:
    contracts = [rejected_contract(s.makes) for s in pipeline.steps]
    columns = {c.name: c for contract in contracts for c in contract.columns}
    lines = [
        f"## {pipeline.name}, rejected rows\n",
        f"Each table has one for the rows that broke its contract: {_listed(c.table for c in contracts)}.\n",
        "| Column | Type | Unit | Definition | Origin | Version |",
        "|---|---|---|---|---|---|",
        *(_row(c) for c in columns.values()),
    ]
    return "\n".join(lines) + "\n"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _anchor(table: str) -> str:
    """The heading's anchor as the usual Markdown pages make it."""
    return table.replace(".", "").lower()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
