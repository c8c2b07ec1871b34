"""A thousand small commits to one table, with upkeep after every fifty."""

import statistics
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from meter import Watch, tell

from touchline.adapters.iceberg import IcebergTables
from touchline.core.contracts import Column, Contract
from touchline.core.ports import partition

COMMITS, UPKEEP_EVERY = 1000, 50
_NUMBERS = pa.table({"number": list(range(20_000))})
CONTRACT = Contract(
    "bench.numbers",
    "one row per number",
    (
        Column("match_id", "long", "The partition", null=False),
        Column("number", "long", "A number", null=False),
    ),
    key=("match_id", "number"),
    replace_by=("match_id",),
    partition_by=("match_id",),
)


def main(folder: Path, partitions: int) -> None:
    tables = IcebergTables(
        {
            "type": "sql",
            "uri": f"sqlite:///{folder}/catalog.db",
            "warehouse": f"file://{folder}/warehouse",
        }
    )
    tables.prepare([CONTRACT])
    current: dict[int, str] = {}
    took, upkeep = [], []
    for at in range(COMMITS):
        match_id = at % partitions
        rows = pa.table({"match_id": [match_id], "number": [at]})
        watch = Watch()
        staged = tables.stage(CONTRACT, partition(match_id=str(match_id)), rows, run_id=f"run{at}")
        tables.publish(CONTRACT, [staged], commit_id=f"commit{at}", properties={})
        took.append(watch.seen())
        took[-1]["yard_s"] = _yardstick(folder)
        current[match_id] = staged.pieces[0].path
        if at % UPKEEP_EVERY == UPKEEP_EVERY - 1:
            watch = Watch()
            tables.maintain(CONTRACT.table, frozenset(current.values()))
            upkeep.append(watch.seen())
    tell(
        first=_middle(took[:50]),
        middle=_middle(took[450:500]),
        last=_middle(took[-50:]),
        upkeep=_middle(upkeep),
        last_upkeep=upkeep[-1],
        **_left(folder),
    )


def _yardstick(folder: Path) -> float:
    """CPU seconds of a work that is always the same: how quick the machine is just now."""
    watch = Watch()
    for _ in range(3):
        pq.write_table(_NUMBERS, folder / "yardstick.parquet", compression="zstd")
    return watch.seen()["cpu_s"]


def _middle(found: list[dict[str, float]]) -> dict[str, float]:
    names = ("cpu_s", "wall_s", "yard_s")
    return {k: statistics.median(f[k] for f in found if k in f) for k in names if k in found[0]}


def _left(folder: Path) -> dict[str, int]:
    from pyiceberg.catalog import load_catalog

    uri, warehouse = f"sqlite:///{folder}/catalog.db", f"file://{folder}/warehouse"
    table = load_catalog("touchline", type="sql", uri=uri, warehouse=warehouse).load_table(
        CONTRACT.table
    )
    snapshot = table.current_snapshot()
    return {
        "files": sum(1 for f in (folder / "warehouse").rglob("*") if f.is_file()),
        "data_files": len(list(table.scan().plan_files())),
        "snapshots": len(table.metadata.snapshots),
        "manifests": len(snapshot.manifests(table.io)) if snapshot else 0,
    }


main(Path(sys.argv[1]), int(sys.argv[2]))
