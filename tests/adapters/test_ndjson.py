"""Lines that other programs watch: whole, whoever writes beside, and never a reason to fail."""

import json
import multiprocessing
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from touchline.adapters.ndjson import appended


def many(file: Path, who: int) -> None:
    for number in range(200):
        appended(file, {"who": who, "number": number, "long": "x" * 5000})


@contextmanager
def room_for(size_bytes: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_processes_that_write_at_once_do_not_mix_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "lines.ndjson"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=many, args=(file, who)) for who in (1, 2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    told = [json.loads(line) for line in file.read_text().splitlines()]
    assert [[t["number"] for t in told if t["who"] == who] for who in (1, 2)] == [
        [*range(200)],
        [*range(200)],
    ]


def test_a_full_disk_is_said_in_one_line_and_leaves_no_half_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "lines.ndjson"
    appended(file, {"a": 1})
    before = file.read_bytes()
    with room_for(len(before) + 20):
        appended(file, {"long": "x" * 5000})
    assert file.read_bytes() == before
    assert capsys.readouterr().err.count("\n") == 1
    appended(file, {"b": 2})
    assert [*map(json.loads, file.read_text().splitlines())] == [{"a": 1}, {"b": 2}]


def test_a_place_that_cannot_be_written_to_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    appended(tmp_path, {"a": 1})
    said = capsys.readouterr().err
    assert said == f"not written to {tmp_path}: Is a directory\n"


def test_a_pipe_that_nobody_reads_is_not_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    appended(pipe, {"a": 1})
    assert capsys.readouterr().err.startswith(f"not written to {pipe}: ")


def test_a_pipe_that_is_read_gets_the_line(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        appended(pipe, {"a": 1})
        assert json.loads(os.read(reader, 100)) == {"a": 1}
    finally:
        os.close(reader)


def test_a_closed_standard_error_is_no_reason_to_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "gone").open("w") as gone:
        pass
    monkeypatch.setattr(sys, "stderr", gone)
    appended(tmp_path, {"a": 1})
