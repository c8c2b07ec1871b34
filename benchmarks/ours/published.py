"""Where the published Parquet file of a table's partition is: what the limit writes again."""

import sys
from pathlib import Path

from meter import tell

from touchline.adapters.sqlite import SqliteLedger

store, table, partition = sys.argv[1:]
publish = SqliteLedger(Path(store, "data/ledger.db")).current([table])[table][partition]
tell(path=publish.pieces[0].path.removeprefix("file://"), rows=publish.rows)
