"""Spark's own JSON reader: read, explode, write Parquet. The start of its JVM is not counted."""

import os
import shutil
import sys
import time
from pathlib import Path

from meter import Watch, tell
from pyspark.sql import SparkSession
from pyspark.sql import functions as f

SCHEMA = (
    "frame int, timestamp string, period int,"
    " player_data array<struct<x: double, y: double, player_id: bigint, is_detected: boolean>>"
)


def main(file: str, target: str, how: str) -> None:
    shutil.rmtree(target, ignore_errors=True)
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.memory", "2g")
        .getOrCreate()
    )
    pid = spark.sparkContext._gateway.proc.pid
    before, watch, wall = _jvm_cpu_s(pid), Watch(), time.perf_counter()
    reader = spark.read.schema(SCHEMA) if how == "schema" else spark.read
    rows = (
        reader.json(file)
        .select("frame", "timestamp", "period", f.explode("player_data").alias("at"))
        .select("frame", "timestamp", "period", "at.*")
    )
    rows.write.option("compression", "zstd").parquet(target)
    took = time.perf_counter() - wall
    cpu_s = _jvm_cpu_s(pid) - before + watch.seen()["cpu_s"]
    tell(cpu_s=cpu_s, wall_s=took, start_cpu_s=before, peak_mb=_jvm_peak_mb(pid))
    spark.stop()


def _jvm_cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _jvm_peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


main(*sys.argv[1:])
