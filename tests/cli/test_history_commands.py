"""status, runs and show: what they say once, and what they refuse."""

import json
import re

import pytest
from world import MATCH, PHASES, World, broken, files, with_json

from touchline import config
from touchline.server import metrics
from touchline.wiring import Touchline


def test_a_message_does_not_repeat_what_other_columns_say(empty: World) -> None:
    empty.ingest({name: data for name, data in files(1).items() if name != PHASES})
    assert empty.do("run").code == 4

    (now,) = empty.well("status", "--json").rows
    (run,) = empty.well("runs", "--json").rows

    assert (now["state"], now["message"]) == (f"waiting for {PHASES}", None)
    assert run["message"] == f"missing {PHASES}"


def test_a_run_took_as_long_wherever_it_is_told(published: World) -> None:
    for run in published.well("runs", "--json").rows:
        whole = json.loads(published.well("show", run["run"], "--json").out)
        assert run["seconds"] == round(whole["seconds"], 2)
    figures = metrics.text(Touchline(config.load(published.folder / "touchline.toml")))
    (told,) = re.findall(r"run_seconds_sum{.*tracking.*published.*} (.*)", figures)
    reports = [
        json.loads(text)["seconds"] for (text,) in published.asked("SELECT report FROM runs")
    ]
    assert float(told) == pytest.approx(sum(reports))


def test_show_tells_the_way_out_of_a_refused_run(empty: World) -> None:
    empty.ingest(broken(files(1), MATCH, with_json(lambda d: d.update(pitch_length=9))))
    refused = empty.do("run")
    (run,) = empty.well("runs", "--json").rows
    assert f"hint: {refused.hint.splitlines()[0]}" in empty.well("show", run["run"]).out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "nosuch"), "no run 'nosuch'"),
        (("show", ""), "give a run id"),
        (("runs", "--limit", "9" * 20), "is no whole number from"),
    ],
    ids=str,
)
def test_what_names_no_run_is_refused(published: World, words: tuple[str, ...], said: str) -> None:
    ended = published.do(*words)

    assert (ended.code, "Traceback" in ended.err) == (2, False), ended.err
    assert said in ended.err
    assert words[0] == "runs" or "touchline runs" in ended.hint
