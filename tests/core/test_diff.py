"""Two versions of a partition, told apart row by row."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_pipeline import LEADS, SPEEDS, TOPS, World, match

from touchline.core.diff import ColumnDiff, compared, published, tried
from touchline.core.pipeline import rejected_contract
from touchline.core.rollback import rollback
from touchline.core.withdrawing import withdraw
from touchline.errors import ConfigError, ContractError, MissingInputError, QualityError

ONE = match(1)


def tops(*rows: tuple[str, float | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [{"match_id": 1, "player": name, "top_kmh": kmh} for name, kmh in rows],
        schema={"match_id": pl.Int64, "player": pl.String, "top_kmh": pl.Float64},
    )


BEFORE = tops(("Ada", 30.0), ("Bo", 20.0), ("Cy", None), ("Di", 10.0))
AFTER = tops(("Ada", 30.0), ("Bo", 25.0), ("Cy", 12.0), ("Ed", 11.0))


def test_rows_are_told_apart_by_their_key() -> None:
    found = compared(TOPS, ONE, before=BEFORE, after=AFTER, runs=("a", "b"))
    assert (found.counts, found.added, found.removed, found.changed) == ((4, 4), 1, 1, 2)
    assert found.columns == (ColumnDiff("top_kmh", 2, 60.0, 78.0, 5.0),)
    assert found.rows == (
        {"match_id": 1, "player": "Bo", "what": "changed", "columns": {"top_kmh": (20.0, 25.0)}},
        {"match_id": 1, "player": "Cy", "what": "changed", "columns": {"top_kmh": (None, 12.0)}},
        {"match_id": 1, "player": "Ed", "what": "added"},
        {"match_id": 1, "player": "Di", "what": "removed"},
    )
    assert not found.same


def test_no_more_rows_are_told_than_were_asked_for() -> None:
    assert len(compared(TOPS, ONE, before=BEFORE, after=AFTER, runs=("a", "b"), most=3).rows) == 3
    assert compared(TOPS, ONE, before=BEFORE, after=AFTER, runs=("a", "b"), most=0).rows == ()


def test_from_nothing_to_nothing_is_the_same() -> None:
    assert compared(TOPS, ONE, before=tops(), after=tops(), runs=("a", "b")).same


def test_two_rows_of_one_key_are_refused() -> None:
    twice = tops(("Ada", 1.0), ("Ada", 2.0))
    with pytest.raises(ContractError, match=r"a key .* stands for several rows"):
        compared(TOPS, ONE, before=twice, after=tops(), runs=("a", "b"))


ROWS = st.dictionaries(st.sampled_from("ABCDEF"), st.none() | st.floats(0, 40), max_size=6)


@settings(deadline=None, max_examples=60)
@given(one=ROWS, two=ROWS)
def test_it_agrees_with_counting_by_hand_and_the_other_way_round(
    one: dict[str, float | None], two: dict[str, float | None]
) -> None:
    found = compared(
        TOPS, ONE, before=tops(*one.items()), after=tops(*two.items()), runs=("a", "b")
    )
    assert found.added == len(two.keys() - one.keys())
    assert found.removed == len(one.keys() - two.keys())
    assert found.changed == sum(one[k] != two[k] for k in one.keys() & two.keys())
    back = compared(TOPS, ONE, before=tops(*two.items()), after=tops(*one.items()), runs=("b", "a"))
    assert (back.added, back.removed, back.changed) == (
        found.removed,
        found.added,
        found.changed,
    )


# --- publishes ----------------------------------------------------------------------------------


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A match that was issued three times, each run."""
    found = World(tmp_path)
    for kmh in (30.0, 31.0, 33.0):
        found.arrive_match(1, [("Ada", kmh), ("Bo", 20.0)])
        found.run()
    return found


def test_the_current_publish_is_compared_with_the_one_before(world: World) -> None:
    found = published(TOPS, ONE, platform=world.platform())
    assert found.rows[0]["columns"] == {"top_kmh": (31.0, 33.0)}
    runs = [p.run_id for p in world.ledger.history("club.tops")]
    assert found.runs == (runs[1], runs[0])


def test_any_two_publishes_are_compared_by_their_runs(world: World) -> None:
    newest, middle, oldest = [p.run_id for p in world.ledger.history("club.tops")]
    found = published(TOPS, ONE, platform=world.platform(), runs=(oldest, middle))
    assert found.rows[0]["columns"] == {"top_kmh": (30.0, 31.0)}
    back = published(TOPS, ONE, platform=world.platform(), runs=(newest, oldest))
    assert back.rows[0]["columns"] == {"top_kmh": (33.0, 30.0)}


def test_a_publish_with_the_same_rows_is_told_as_such(world: World) -> None:
    world.arrive(1, "squad", "1,Ada\n1,Bo\n1,Cy")
    world.run()
    assert published(LEADS, ONE, platform=world.platform()).same


def test_a_rollback_is_the_one_before_though_the_next_run_makes_the_same_rows(world: World) -> None:
    def said(because: str) -> None:
        stores = {"objects": world.objects, "ledger": world.ledger, "now": world.clock()}
        withdraw("club", ONE, ("squad", "speeds"), because=because, **stores)

    said("a test")
    world.run()
    back = rollback(world.pipeline, TOPS, ONE, platform=world.platform())
    said("")
    done = world.run()[ONE]
    assert done.run is not None
    found = published(TOPS, ONE, platform=world.platform())
    assert found.runs == (back.run_id, done.run.run_id)
    assert found.same
    assert found.counts == (2, 2)


def test_what_is_not_there_is_told(world: World) -> None:
    with pytest.raises(MissingInputError, match="never published"):
        published(TOPS, match(2), platform=world.platform())
    with pytest.raises(ConfigError, match="no publish that is kept is of a run 'x'"):
        published(TOPS, ONE, platform=world.platform(), runs=("x", None))
    with pytest.raises(ConfigError, match="several runs begin with '20'"):
        published(TOPS, ONE, platform=world.platform(), runs=("20", None))


def test_of_a_first_publish_all_rows_were_added(world: World) -> None:
    world.arrive_match(2)
    world.run()
    found = published(TOPS, match(2), platform=world.platform())
    assert (found.added, found.removed, found.changed, found.counts) == (2, 0, 0, (0, 2))
    assert found.runs == ("nothing", world.ledger.history("club.tops", match(2))[0].run_id)
    first = world.ledger.history("club.tops", ONE)[-1].run_id
    assert published(TOPS, ONE, platform=world.platform(), runs=(None, first)).added == 2


def test_where_the_publish_before_is_no_longer_kept_nothing_is_made_up(world: World) -> None:
    newest, *older = world.ledger.history("club.tops", ONE)
    world.ledger.forget(older)
    with pytest.raises(MissingInputError, match=f"before that of run {newest.run_id} is kept"):
        published(TOPS, ONE, platform=world.platform())


def test_rejected_rows_are_compared_whole(world: World) -> None:
    many = [("Ada", float(n % 30)) for n in range(300)]
    aside = rejected_contract(SPEEDS)
    for stranger in ("Zed", "Yan"):
        world.arrive_match(1, [*many, (stranger, 1.0)], ["Ada", "Bo"])
        world.run()
    found = published(aside, ONE, platform=world.platform())
    assert (found.added, found.removed, found.changed) == (1, 1, 0)


def test_what_a_run_would_change_is_told_and_nothing_is_published(world: World) -> None:
    world.arrive_match(1, [("Ada", 35.0), ("Bo", 20.0)])
    before = world.everything(), world.ledger.history("club.tops"), list(world.ledger.runs())
    found = tried(world.pipeline, TOPS, ONE, platform=world.platform())
    assert found.rows[0]["columns"] == {"top_kmh": (33.0, 35.0)}
    assert found.runs[1] == "would be"
    after = world.everything(), world.ledger.history("club.tops"), list(world.ledger.runs())
    assert after == before
    world.run()
    assert tried(world.pipeline, TOPS, ONE, platform=world.platform()).same


def test_what_would_be_refused_is_refused(world: World) -> None:
    world.arrive_match(1, [("Ada", 41.0)])
    with pytest.raises(QualityError, match="range top_kmh"):
        tried(world.pipeline, TOPS, ONE, platform=world.platform())
    world.arrive(2, "squad", "2,Ada")
    with pytest.raises(MissingInputError, match="missing speeds"):
        tried(world.pipeline, TOPS, match(2), platform=world.platform())


def test_before_its_first_run_all_rows_would_be_added(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.arrive_match(1)
    found = tried(world.pipeline, TOPS, ONE, platform=replace(world.platform()))
    assert (found.added, found.counts) == (2, (0, 2))
