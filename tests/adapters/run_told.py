"""Runs that ended, as who watches hears of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from touchline.core.ports import Run

BEGAN = datetime(2025, 4, 5, 12, tzinfo=UTC)
RULE = {
    "rule": "row count",
    "severity": "fail",
    "passed": True,
    "seen": "3",
    "expected": "at least 1",
}
REPORT: dict[str, Any] = {
    "seconds": 0.4,
    "inputs": [{"name": "squad", "source": "in/1_squad.txt", "sha256": "ab" * 32, "size_bytes": 9}],
    "steps": [
        {"table": "activity.curated_events", "rows_in": 4, "rows": 3, "rejected": {"odd": 1},
         "rules": [RULE, {**RULE, "rule": "unique event_id", "severity": "warn", "passed": False}],
         "notes": [], "seconds": 0.2},
    ],
}  # fmt: skip
PUBLISHED = Run(
    "20250405T120000-0123abcd",
    "activity",
    "ingestion_date=2025-04-05",
    "published",
    BEGAN,
    BEGAN + timedelta(seconds=1.5),
    report=REPORT,
)
REFUSED = replace(PUBLISHED, status="refused", message="row count: 0, expected at least 1")
WAITING = replace(PUBLISHED, status="waiting", message="missing squad", report={})
