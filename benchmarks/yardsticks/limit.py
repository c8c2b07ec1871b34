"""What nobody gets below: read the file, simdjson every line, write the ready-made table.

Each line is parsed by simdjson's DOM parser, which turns every number into a native double or
integer on its tape; of each line the frame number and the number of positions are asked for. No
position becomes a Python object, for the binding has no way to hand them over natively. The table
is in memory before the clock starts.
"""

import sys

import pyarrow.parquet as pq
import simdjson
from meter import Watch, tell

READ_AT_ONCE = 1 << 18


def main(file: str, ready: str, target: str) -> None:
    table = pq.ParquetFile(ready).read()
    parser = simdjson.Parser()
    watch = Watch()
    positions = 0
    with open(file, "rb", buffering=READ_AT_ONCE) as lines:  # noqa: PTH123
        for line in lines:
            found = parser.parse(line)
            found["frame"]
            positions += len(found["player_data"])
            del found
    parsed = watch.seen()
    pq.write_table(table, target, compression="zstd", store_schema=False, row_group_size=1 << 20)
    tell(**watch.seen(), parse_cpu_s=parsed["cpu_s"], rows=positions)


main(*sys.argv[1:])
