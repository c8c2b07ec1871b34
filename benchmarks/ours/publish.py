"""One large partition written plainly, and staged and published, in turn."""

import sys
import uuid
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
from meter import Watch, tell

from touchline.adapters.iceberg import IcebergTables
from touchline.core.ports import partition
from touchline.tracking.contracts.silver import FRAMES

ROUNDS = 9


def main(folder: Path, file: str) -> None:
    tables = IcebergTables(
        {
            "type": "sql",
            "uri": f"sqlite:///{folder}/catalog.db",
            "warehouse": f"file://{folder}/warehouse",
        }
    )
    rows = pl.read_parquet(file).select(FRAMES.names).rechunk().to_arrow()
    plain = rows.cast(FRAMES.arrow_schema())
    part = partition(match_id=str(rows["match_id"][0]))
    tables.prepare([FRAMES])
    raw, published = [], []
    for at in range(ROUNDS + 1):
        watch = Watch()
        pq.write_table(
            plain,
            folder / f"{at}.parquet",
            compression="zstd",
            store_schema=False,
            row_group_size=1 << 20,
        )
        raw.append(watch.seen())
        watch = Watch()
        run_id = uuid.uuid4().hex
        staged = tables.stage(FRAMES, part, rows, run_id=run_id)
        tables.publish(FRAMES, [staged], commit_id=run_id, properties={"touchline.run-id": run_id})
        published.append(watch.seen())
    tell(raw=raw[1:], published=published[1:], rows=rows.num_rows)


main(Path(sys.argv[1]), sys.argv[2])
