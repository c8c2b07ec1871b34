"""serve: it tells its address, answers, and ends in order; runs are told to who watches."""

import json
import signal

import httpx
import pytest
from world import World, files


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_serve_answers_until_it_is_stopped(empty: World, number: int, code: int) -> None:
    empty.configure("[server]\nport = 0\n")
    with empty.process("serve") as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.endswith("/health")
        assert "All is well" in httpx.get(address).text
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert out == ""
    assert err.split("\n")[0] == "Ctrl-C ends it"
    assert err.endswith("\nstopped\n")
    assert "error" not in err


def test_serve_refuses_to_be_reached_by_others_without_a_key(empty: World) -> None:
    empty.configure('[server]\nhost = "0.0.0.0"\nkey = { env = "NO_SUCH_KEY" }\n')
    ended = empty.do("serve")
    assert ended.code == 2
    assert ended.error == "$.server.host: 0.0.0.0: others can reach it, and there is no key"
    assert ended.hint == "export NO_SUCH_KEY=..., or serve on 127.0.0.1"


def test_runs_are_told_to_the_files_that_are_configured(empty: World) -> None:
    empty.configure(
        '[monitoring]\nemf = "Touchline"\nemf_file = "emf.ndjson"\nopenlineage = "data/ol.ndjson"\n'
    )
    empty.publish(files())
    (line,) = (empty.folder / "emf.ndjson").read_text().splitlines()
    assert json.loads(line)["status"] == "published"
    assert json.loads(line)["Rows"] > 1000
    lines = (empty.data / "ol.ndjson").read_text().splitlines()
    begun, ended = map(json.loads, lines)
    assert (begun["eventType"], ended["eventType"]) == ("START", "COMPLETE")
    assert len(ended["inputs"]) == 4
    assert len(ended["outputs"]) == 12


def test_a_run_is_published_though_nothing_can_be_told(empty: World) -> None:
    empty.configure('[monitoring]\nemf = "T"\nemf_file = "landing"\nopenlineage = "landing"\n')
    empty.ingest(files())
    ended = empty.well("run")
    told = [line for line in ended.err.splitlines() if line.startswith("not written to ")]
    assert told == [f"not written to {empty.landing}: Is a directory"] * 2


def test_a_namespace_that_cloudwatch_would_refuse_is_told(empty: World) -> None:
    empty.configure('[monitoring]\nemf = ":club"\n')
    ended = empty.do("status")
    assert ended.code == 2
    assert "no : first" in ended.error
