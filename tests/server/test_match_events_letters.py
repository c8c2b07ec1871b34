"""However many letters there are, a page is found at once, and a question looks at so many at most."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from touchline.adapters.sqlite import SqliteServing
from touchline.core.memory import MemoryServing
from touchline.core.ports import Asked, Version
from touchline.matches.live import ALL, DEAD, Letter
from touchline.matches.serve import asking
from touchline.matches.serve.counts import Counts


def letter(at: int, match_id: str = "m1") -> Version:
    body = msgspec.json.encode(Letter("no", "", match_id, f"e{at}", 0, at, "x"))
    return Version(ALL, f"{at}", f"{at:020d}", ("no",), body, at, at)


def steps(store: SqliteServing, asked: Asked) -> int:
    """How many hundreds of steps the database takes for a page."""
    seen = list[int]()
    with store._reading() as db:
        db.set_progress_handler(lambda: seen.append(1), 100)
    store.rows(DEAD, ALL, asked)
    return len(seen)


def test_a_later_page_takes_no_more_steps_than_the_first(tmp_path: Path) -> None:
    store = SqliteServing(tmp_path / "serving.db")
    rows = [letter(n) for n in range(3000)]
    store.apply({DEAD: rows}, reader="r", before={}, after={0: 3000})
    first = steps(store, Asked(limit=10))
    assert steps(store, Asked(limit=10, after=rows[2900].order)) <= first + 1
    assert steps(store, Asked(limit=10, first="0", after=rows[2900].order)) <= first + 1
    beyond = Asked(limit=10, first=rows[2900].order, after=rows[5].order)
    assert [v.id for v in store.rows(DEAD, ALL, beyond)][:2] == ["2900", "2901"]
    store.close()


class Counted:
    """A store that counts the pages that are read of it, and the largest."""

    def __init__(self, *versions: Version) -> None:
        self.store = MemoryServing()
        self.store.apply({DEAD: versions}, reader="r", before={}, after={0: len(versions)})
        self.pages = list[int]()

    def rows(self, view: Any, key: str, asked: Asked) -> Any:
        self.pages.append(asked.limit)
        return self.store.rows(view, key, asked)


def test_few_wanted_among_many_are_found_in_large_pages_up_to_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asking, "MOST_ROWS", 10)
    monkeypatch.setattr(asking, "_MOST_PAGES", 3)
    many = [letter(n, "m2" if n in (5, 44) else "m1") for n in range(50)]
    store: Any = Counted(*many)
    found, query = list[str](), {"match": "m2", "limit": "2"}
    while True:
        page = msgspec.json.decode(asking.letters(asking.Question(store, Counts(), "", query)).body)
        found += [each["event_id"] for each in page["dead_letters"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert found == ["e5", "e44"]
    assert store.pages == [10, 10, 10, 10, 10, 10]
