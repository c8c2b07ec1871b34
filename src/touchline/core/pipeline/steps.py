"""What a pipeline is made of: bronze files with their decoders, and steps in order."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

import polars as pl

from touchline.core.baseline import Baseline
from touchline.core.contracts import REJECTED_SCHEMA, Column, Contract
from touchline.core.quality import Rule
from touchline.core.quarantine.mends import name_of, of_contents

Layer = Literal["bronze", "silver", "gold"]


@dataclass(frozen=True)
class Decoded:
    """A bronze file's rows, the lines that could not be read, and what is worth knowing about it.

    `rejected` has the columns reason, line, row; `lines` is how many lines the file had in all.
    """

    rows: pl.DataFrame
    lines: int
    rejected: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REJECTED_SCHEMA))
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bronze:
    """A kind of file that arrives: its logical name, its table's name, how one file is decoded.

    A `file` that ends in / is a folder: a partition has any number of such files, in the order in
    which they first came. Each row then says in `_file` which of them it is of, and has the columns
    of its partition.

    `counts_blank` says whether the decoder's line numbers count blank lines. `relation` is how the query engine reads such files as they came: SQL for a list of paths and
    their packing ("none" or "gzip"), with a column `filename`.
    """

    table: str
    file: str
    decode: Callable[[Path], Decoded]
    relation: Callable[[Sequence[str], str], str]
    counts_blank: bool = True

    @cached_property
    def many(self) -> bool:
        """Whether a partition may have several such files."""
        return self.file.endswith("/")

    def of(self, files: Mapping[str, Any]) -> dict[str, Any]:
        """Those of a partition's files, by logical name, that are of this kind, in their order."""
        if not self.many:
            return {self.file: files[self.file]} if self.file in files else {}
        return {name: found for name, found in files.items() if name.startswith(self.file)}

    def content(self, hashes: Mapping[str, str]) -> str:
        """What stands for its files' bytes, and what was said of them, in a derivation; "" for none."""
        if not self.many and name_of(alone := hashes.get(self.file, "")) not in hashes:
            return alone
        mine = self.of(hashes)
        said = of_contents(hashes, mine)
        return digest(*(f"{n}={sha256}" for n, sha256 in {**mine, **said}.items())) if mine else ""


@dataclass(frozen=True)
class Shared:
    """A value that several steps of one partition read; made once for them, never published."""

    name: str
    reads: tuple[str, ...]
    call: Callable[..., Any]
    rule: Any = None
    version: int = 1

    @cached_property
    def digest(self) -> str:
        """What its value depends on beside its inputs."""
        return digest(str(self.version), repr(self.rule))

    @cached_property
    def derived(self) -> str:
        """See Step."""
        return _derived(self.digest, self.reads)


@dataclass(frozen=True)
class Sql:
    """One SELECT in the ANSI subset that DuckDB and Spark run word for word; its file's name."""

    name: str
    text: str


@dataclass(frozen=True)
class Step:
    """A pure function from tables to one table.

    `call` is a frame function, given the tables of `reads` by their bare names and `rule` where
    there is one; or Sql, which sees the tables under those names and the rule as a one-row table.
    `version` is raised when the code's meaning changes: it is what makes old results stale.
    `arriving` are rules that its first input must keep as it came, before any row is rejected.
    `profile` are columns whose values' shares are measured beside the rows, for the baseline; they
    change nothing of the result. () is rows alone, None is nothing.
    """

    makes: Contract
    reads: tuple[str, ...]
    call: Callable[..., pl.DataFrame | pl.LazyFrame] | Sql
    rule: Any = None
    version: int = 1
    arriving: tuple[Rule, ...] = ()
    profile: tuple[str, ...] | None = None

    @cached_property
    def table(self) -> str:
        """The name of the table it makes."""
        return self.makes.table

    @cached_property
    def parts(self) -> dict[str, str]:
        """What its results depend on beside its inputs; a change in any of them is a reason."""
        sql = self.call.text if isinstance(self.call, Sql) else ""
        shape = [(c.name, c.type, c.null, c.allowed, c.within) for c in self.makes.columns]
        contract = (shape, self.makes.key, self.makes.replace_by, self.makes.partition_by)
        return {
            "version": str(self.version),
            "sql": digest(sql),
            "rule": repr(self.rule),
            "contract": digest(repr(contract)),
            "gate": digest(repr(self.makes.rules), *map(repr, self.arriving)),
        }

    @cached_property
    def digest(self) -> str:
        """All of `parts` in one."""
        return digest(*(f"{k}={v}" for k, v in self.parts.items()))

    @cached_property
    def derived(self) -> str:
        """The text whose hash names a result, with a place for the content of each input."""
        return _derived(self.digest, self.reads)


@dataclass(frozen=True)
class Pipeline:
    """A domain's steps in the order that data passes.

    `max_rejected` is the share of rejected rows or lines above which a partition is refused.
    `baseline` is how far a partition may be from what is usual, where a step has a profile.
    `dated` is the file, and the function, that tell a partition's day before anything is made.
    `summary(part, files=..., steps=...)` adds to a run's report what the domain's people read there,
    given receipts and the steps' reports; reports lie in the folder `reports` of the object store.
    `put_right` is how what arrived wrongly is put right where bronze is a log, of which no file can
    be withdrawn.
    """

    name: str
    bronze: tuple[Bronze, ...]
    steps: tuple[Step, ...]
    shared: tuple[Shared, ...] = ()
    max_rejected: float = 0.01
    baseline: Baseline = field(default_factory=Baseline)
    dated: tuple[str, Callable[[Path], date]] | None = None
    summary: Callable[..., Mapping[str, Any]] | None = None
    reports: str = ""
    put_right: str = ""

    def step(self, table: str) -> Step:
        """The step that makes a table; KeyError if there is none."""
        return {s.table: s for s in self.steps}[table]

    @cached_property
    def contracts(self) -> tuple[Contract, ...]:
        """Every table it makes, rejected rows included, in order."""
        return tuple(c for s in self.steps for c in (s.makes, rejected_contract(s.makes)))


def bare(table: str) -> str:
    """A table's name without its domain."""
    return table.rpartition(".")[2]


def digest(*texts: str) -> str:
    """A short name for a content that nobody else's content has."""
    return _hashed("\0".join(texts))


def _hashed(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _derived(step: str, reads: tuple[str, ...]) -> str:
    places = ((f"{name}=", "%s") for name in reads)
    return "\0".join(text.replace("%", "%%") + end for text, end in [(step, ""), *places])


def derivation(step: Step | Shared, contents: Mapping[str, str]) -> str:
    """The name of what a step makes of its inputs with these contents; "" stands for a lacking one.

    The planner asks for it a hundred thousand times, so most of the text is worked out once.
    """
    return _hashed(step.derived % tuple([contents.get(name, "") for name in step.reads]))


@cache
def rejected_contract(contract: Contract) -> Contract:
    """Where rows go that break the contract: the same partitions, each row with its reason."""
    keys = tuple(contract.column(name) for name in contract.replace_by)
    return Contract(
        f"{contract.table}_rejected",
        f"one row per row that broke the contract of {contract.table}",
        (
            *keys,
            Column("reason", "string", "Why the row was rejected", null=False, origin="derived"),
            Column("source", "string", "Logical name of the file, or table, it came from"),
            Column("sha256", "string", "Content of that file"),
            Column("line", "long", "Line of that file, from 1", unit="line"),
            Column("row", "string", "The line as it arrived, or the row as JSON"),
            Column("run_id", "string", "The run that rejected it", null=False, origin="derived"),
        ),
        key=(),
        replace_by=contract.replace_by,
        partition_by=contract.replace_by,
        layer=contract.layer,
    )
