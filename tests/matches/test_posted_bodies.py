"""Bodies as they are posted: what would take long is refused before it is decoded."""

import json
from typing import Any

import pytest

from touchline.errors import ContractError
from touchline.matches.serve import posting


def refused(body: bytes, read: Any = posting.many) -> ContractError:
    with pytest.raises(ContractError) as raised:
        read(body)
    return raised.value


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"0," * 3_000_000 + b"0]",
        b"[" + b"{}," * 3_000_000 + b"{}]",
        b"1\n" * 3_000_000,
        b"\n" * 3_000_000,
        b"[" + b"[" * 3_000_000,
        b'{"match_id": "m1", "x": [' + b"0," * 3_000_000 + b"0]}",
    ],
    ids=["numbers", "objects", "lines", "blank lines", "levels", "one event"],
)
def test_a_body_of_millions_of_values_is_refused_before_it_is_decoded(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decoded(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(posting, "_json", decoded)
    monkeypatch.setattr(posting, "_lines", decoded)
    found = refused(body)
    assert "values or more, expected at most 2,000,000" in str(found)
    assert (found.facts["status"], found.hint) == (413, "post them in parts")


def test_one_event_of_too_many_values_is_refused_before_it_is_decoded() -> None:
    body = b'{"x": [' + b"0," * 400_000 + b"0]}"
    assert refused(body, posting.one).facts["status"] == 413
    assert "at most 190,000" in str(refused(body, posting.one))


def test_many_events_of_many_fields_are_taken() -> None:
    said = {"match_id": "m1", "freeze_frame": [{"x": n, "y": [n, n]} for n in range(22)]}
    lines = [json.dumps(said | {"event_id": n}).encode() for n in range(5000)]
    assert len(posting.many(b"\n".join(lines))) == 5000
    assert len(posting.many(b"[" + b",".join(lines) + b"]")) == 5000


def test_a_line_is_whole_wherever_a_piece_of_the_body_ends() -> None:
    lines = [json.dumps({"event_id": n, "text": "x" * (n % 700)}).encode() for n in range(3000)]
    lines[1234] = b"{"
    found = posting.many(b"\r\n".join(lines))
    assert [each["event_id"] for n, each in enumerate(found) if n != 1234] == [
        n for n in range(3000) if n != 1234
    ]
    assert isinstance(found[1234], ContractError)
