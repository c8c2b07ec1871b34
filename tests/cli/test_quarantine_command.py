"""Lines of a provider's CSV and JSON files, mended in quarantine."""

import pytest
from test_rejected_rows import all_of, line_for, run_line, set_in, shown
from world import EVENTS, TRACKING, World, broken, files, world


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A match with an unknown subtype and a malformed frame."""
    made = world(tmp_path_factory.mktemp("odd"))
    good = files(1)
    bad = broken(good, EVENTS, set_in(run_line(), event_subtype="moonwalk"))
    made.publish(broken(bad, TRACKING, all_of(line_for(shown(3), b"{\n"))))
    return made


def frame(number: int) -> str:
    return files(1)[TRACKING].splitlines()[number - 1].decode()


def test_lines_of_csv_and_json_are_mended_and_the_match_is_as_if_they_had_come_so(
    odd: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = world(tmp_path_factory.mktemp("whole"))
    whole.publish(broken(files(1), EVENTS, set_in(run_line(), event_subtype="overlap")))
    (event, line) = odd.well("quarantine", "list", "--each", "--json").rows
    assert (event["reason"], line["line"]) == (
        "event_subtype is not an allowed value",
        shown(3),
    )
    assert "moonwalk" in odd.well("quarantine", "show", event["id"]).out

    subtype = ("--set", "event_subtype=overlap", "--because", "asked the provider")
    odd.well("quarantine", "fix", event["id"], *subtype)
    odd.well("quarantine", "fix", line["id"], "--row", frame(shown(3)), "--because", "re-sent")
    planned = odd.well("plan", "--json").rows
    assert {r["table"] for r in planned if "mended" in r["reason"]} == {
        "tracking.events",
        "tracking.frames",
        "tracking.ball",
    }
    odd.well("quarantine", "replay")

    assert odd.contents(1) == whole.contents(1)
    assert odd.well("quarantine", "list", "--json").rows == []


def test_a_column_that_the_file_has_not_is_told(odd: World) -> None:
    odd.publish(broken(files(1), EVENTS, set_in(run_line(), event_subtype="cartwheel")))
    ended = odd.do("quarantine", "fix", "--reason", "subtype", "--set", "x=1", "--because", "y")
    assert ended.code == 2
    assert "no column x in the file" in ended.error
    near = ("--set", "event_subtyp=overlap", "--because", "y")
    ended = odd.do("quarantine", "fix", "--reason", "subtype", *near)
    assert "did you mean event_subtype?" in ended.hint


def test_a_table_or_a_run_that_there_is_not_is_no_all_clear(empty: World) -> None:
    for option, said in (("--table", "no table 'nope'"), ("--run", "no run 'nope'")):
        ended = empty.do("quarantine", "list", option, "nope")
        assert ended.code == 2
        assert said in ended.err
