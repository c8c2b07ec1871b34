"""A made-up table and values of the ledger, for the contract suites."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pyarrow as pa

from touchline.core.contracts import Column, Contract
from touchline.core.ports import Partition, Piece, Publish, Receipt, Run, Staged, TableStore

AT = datetime(2025, 4, 5, 12, tzinfo=UTC)
DAY = date(2025, 4, 5)
NEXT_DAY = date(2025, 4, 6)

SPEEDS = Contract(
    "club.speeds",
    "one row per player and match",
    (
        Column("played_date", "date", "Day of the match", null=False),
        Column("match_id", "long", "Match", null=False),
        Column("player", "string", "Name", null=False),
        Column("top_speed_kmh", "double", "Fastest", unit="km/h"),
        Column("sprints", "int", "How many"),
        Column("substitute", "bool", "Came on later"),
        Column("kick_off_at", "instant", "Start"),
    ),
    key=("match_id", "player"),
    replace_by=("match_id",),
    partition_by=("played_date", "match_id"),
)


def changed(contract: Contract, *columns: Column) -> Contract:
    """The contract with these columns in the place of those of the same name, or at its end."""
    names = {c.name: c for c in columns}
    kept = tuple(names.pop(c.name, c) for c in contract.columns)
    return replace(contract, columns=(*kept, *names.values()))


Row = Mapping[str, object]


def speed(match_id: int, player: str, kmh: float | None, *, day: date = DAY) -> Row:
    """A row of SPEEDS."""
    return {
        "played_date": day,
        "match_id": match_id,
        "player": player,
        "top_speed_kmh": kmh,
        "sprints": len(player),
        "substitute": kmh is None,
        "kick_off_at": datetime(day.year, day.month, day.day, 15, 30, 0, 123456, tzinfo=UTC),
    }


def arrow(contract: Contract, rows: Sequence[Row]) -> pa.Table:
    """The rows in the contract's columns."""
    found: pa.Table = pa.Table.from_pylist([dict(r) for r in rows], contract.arrow_schema())
    return found


def in_order(table: pa.Table) -> list[Row]:
    """The table's rows, in an order that does not depend on files."""
    return sorted_rows(table.to_pylist())


def sorted_rows(rows: Sequence[Row]) -> list[Row]:
    """Rows in the order of `in_order`."""
    return sorted((dict(r) for r in rows), key=lambda r: sorted((k, str(v)) for k, v in r.items()))


def match(number: int) -> Partition:
    """The partition of a match."""
    return f"match_id={number}"


def staged(
    store: TableStore,
    part: Partition,
    rows: Sequence[Row],
    *,
    run_id: str,
    contract: Contract = SPEEDS,
) -> Staged:
    """The rows, staged."""
    return store.stage(contract, part, arrow(contract, rows), run_id=run_id)


def replaced(
    store: TableStore,
    parts: Mapping[Partition, Sequence[Row]],
    *,
    commit: str,
    contract: Contract = SPEEDS,
) -> dict[Partition, Staged]:
    """Each partition staged, by a run named after the commit, and all published in that commit."""
    store.prepare([contract])
    done = {
        part: staged(store, part, rows, run_id=f"run-{commit}", contract=contract)
        for part, rows in parts.items()
    }
    store.publish(contract, list(done.values()), commit_id=commit, properties={})
    return done


# --- values of the ledger -----------------------------------------------------------------------


def receipt(name: str, sha256: str, *, part: Partition = "match_id=1", minute: int = 0) -> Receipt:
    """A file of tracking that came at that minute."""
    return Receipt(
        domain="tracking",
        partition=part,
        name=name,
        sha256=sha256,
        size=len(sha256),
        source=f"/landing/{name}",
        received_at=AT.replace(minute=minute),
        path=f"objects/{sha256}",
    )


def publish(
    content: str, *, part: Partition = "match_id=1", table: str = "club.speeds", commit: str = ""
) -> Publish:
    """A version of a partition, in a commit of its own unless one is named."""
    return Publish(
        table=table,
        partition=part,
        run_id=f"run of {content}",
        commit_id=commit or f"commit of {content}",
        derivation=f"from {content}",
        content=content,
        rows=3,
        pieces=(Piece(f"file:///{content}", 3, 100),),
        made_from={"club.bronze": content},
        rejected=1,
    )


def a_run(
    run_id: str,
    status: str,
    *,
    part: Partition = "match_id=1",
    minute: int = 0,
    pipeline: str = "tracking",
) -> Run:
    """A run that started at that minute."""
    at = AT.replace(minute=minute)
    return Run(
        run_id=run_id,
        pipeline=pipeline,
        partition=part,
        status=status,  # type: ignore[arg-type]
        started_at=at,
        ended_at=None if status == "running" else at.replace(second=30),
        derivations={"club.speeds": "abc"},
        message="" if status == "published" else status,
        report={"steps": [{"table": "club.speeds", "rows": 3}]},
    )
