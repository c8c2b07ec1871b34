"""Tests on real data: skipped where the data are not there, and with a reason that says what to set."""

import re
from pathlib import Path

import pytest

from sample_data import sample

TESTS = Path(__file__).parent


def test_without_the_sample_data_a_test_is_skipped_and_told_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOUCHLINE_SHARED", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="set TOUCHLINE_SHARED"):
        sample("wyscout")


def test_where_all_tests_must_run_it_fails_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOUCHLINE_SHARED", str(tmp_path))
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="set TOUCHLINE_SHARED"):
        sample("wyscout")


def test_sample_data_that_are_there_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOUCHLINE_SHARED", str(tmp_path))
    (tmp_path / "data/wyscout").mkdir(parents=True)

    assert sample("wyscout") == (tmp_path / "data/wyscout").resolve()


def test_no_other_test_looks_for_the_sample_data_by_itself() -> None:
    others = set(TESTS.rglob("*.py")) - {Path(__file__)}
    asks = re.compile(r"env.*TOUCHLINE_SHARED")

    assert [f.name for f in others if asks.search(f.read_text("utf-8"))] == ["sample_data.py"]
