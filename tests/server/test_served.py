"""Who may ask, under which name; how the server begins and ends."""

import gc
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from touchline.config import Config, Secret
from touchline.config.sections import Server
from touchline.config.stores import DynamoServing, Stores
from touchline.errors import ConfigError
from touchline.server import served
from touchline.server.reading import Reading

KEY = "päss:word of 20 ch"


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOUCHLINE_KEY", raising=False)


def made(folder: Path, **server: Any) -> Config:
    return Config(server=Server(**{"port": 0, **server}), folder=str(folder))


def test_on_this_machine_no_key_is_needed(tmp_path: Path) -> None:
    with served(made(tmp_path)) as address:
        assert address.startswith("http://127.0.0.1:")
        answer = httpx.get(address, follow_redirects=True)
    assert (answer.status_code, answer.url.path) == (200, "/health")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8640", "localhost.evil.example", ""]
)
def test_another_name_for_this_machine_is_refused(tmp_path: Path, host: str) -> None:
    with served(made(tmp_path)) as address:
        answer = httpx.get(f"{address}/health", headers={"host": host})
        assert answer.status_code == 400
        for name in ("localhost", "127.0.0.1:1", "[::1]:8640"):
            assert httpx.get(f"{address}/style.css", headers={"host": name}).status_code == 200


def test_what_the_server_sets_for_its_threads_ends_with_it(tmp_path: Path) -> None:
    before = gc.get_threshold(), sys.getswitchinterval(), gc.get_freeze_count()
    with served(made(tmp_path)):
        assert gc.get_freeze_count() > before[2]
        assert sys.getswitchinterval() < 0.005
    assert (gc.get_threshold(), sys.getswitchinterval()) == before[:2]
    assert gc.get_freeze_count() == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_where_others_can_reach_it_there_must_be_a_key(tmp_path: Path, host: str) -> None:
    with (
        pytest.raises(ConfigError, match="there is no key") as raised,
        served(made(tmp_path, host=host)),
    ):
        pass
    assert "export TOUCHLINE_KEY=" in raised.value.hint


def test_with_a_key_only_who_knows_it_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COACH", KEY)
    config = made(tmp_path, host="0.0.0.0", key=Secret("COACH"))
    with served(config) as address:
        port = address.rpartition(":")[2]
        here = f"http://127.0.0.1:{port}"
        for path in ("/health", "/metrics", "/style.css", "/nothing"):
            asked = httpx.get(here + path)
            assert asked.status_code == 401
            assert asked.headers["www-authenticate"].startswith("Basic ")
        for wrong in ("", "päss", KEY + "x"):
            assert httpx.get(f"{here}/health", auth=("coach", wrong)).status_code == 401
        for said in ("Basic ???", "Basic", "Bearer abc", "Basic eA=="):
            refused = httpx.get(f"{here}/health", headers={"authorization": said})
            assert refused.status_code == 401
        for user in ("coach", "", "anybody"):
            given = httpx.BasicAuth(user.encode(), KEY.encode())
            assert httpx.get(f"{here}/health", auth=given).status_code == 200
        assert httpx.get(f"{here}/health", headers={"host": "club.example"}).status_code == 401


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_key_that_could_be_guessed_is_refused_with_a_way_to_a_better_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("TOUCHLINE_KEY", "s3cret of 15 ch")
    with (
        pytest.raises(ConfigError, match="15 characters, expected 16 or more") as raised,
        served(made(tmp_path, host=host)),
    ):
        pass
    assert "secrets.token_urlsafe()" in raised.value.hint
    assert "s3cret" not in f"{raised.value}{raised.value.hint}"


def test_every_answer_says_what_a_browser_may_do_with_it(tmp_path: Path) -> None:
    with served(made(tmp_path)) as address:
        for path in ("/health", "/nothing", "/metrics", "/style.css"):
            headers = httpx.get(address + path).headers
            policy = headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; style-src 'self'")
            assert "script" not in policy
            assert "frame-ancestors 'none'" in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cache-control"] == "no-store"
            assert "server" not in headers


def test_a_taken_port_is_told_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = f"cannot listen on 127.0.0.1:{port}: "
        with pytest.raises(ConfigError, match=said) as raised, served(made(tmp_path, port=port)):
            pass
    assert "server.port" in raised.value.hint


def test_a_host_that_is_not_ours_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOUCHLINE_KEY", "k" * 16)
    for host in ("192.0.2.1", "no such host"):
        with (
            pytest.raises(ConfigError, match="cannot listen on"),
            served(made(tmp_path, host=host)),
        ):
            pass


def test_at_the_end_the_port_is_free_and_no_thread_is_left(tmp_path: Path) -> None:
    before = threading.active_count()
    with served(made(tmp_path)) as address:
        port = int(address.rpartition(":")[2])
        with httpx.Client() as kept_open:
            assert kept_open.get(f"{address}/health").status_code == 200
    until = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < until:
        time.sleep(0.01)
    assert threading.active_count() == before
    with served(made(tmp_path, port=port)) as again:
        assert again == address


def test_many_may_ask_at_once(tmp_path: Path) -> None:
    with served(made(tmp_path)) as address, ThreadPoolExecutor(8) as askers:
        paths = ["/health", "/metrics", "/health/runs/none", "/health"] * 8
        codes = list(askers.map(lambda p: httpx.get(address + p).status_code, paths))
    assert codes == [200, 200, 404, 200] * 8


def test_an_answer_that_is_kept_is_made_once_however_many_ask(tmp_path: Path) -> None:
    reading = Reading(Config(folder=str(tmp_path)))
    asked, go_on = [], threading.Event()

    def slow() -> str:
        asked.append(1)
        go_on.wait(10)
        return "answer"

    with ThreadPoolExecutor(4) as askers:
        answers = [askers.submit(reading.kept, "page", slow) for _ in range(4)]
        go_on.set()
        assert [a.result() for a in answers] == ["answer"] * 4
    assert len(asked) == 1
    assert reading.kept("other", lambda: 1) == 1


def test_a_store_whose_library_is_not_here_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [n for n in sys.modules if n.startswith("touchline.adapters.dynamodb")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "boto3", None)
    configured = replace(made(tmp_path), stores=Stores(serving=DynamoServing()))
    with pytest.raises(ConfigError) as caught, served(configured):
        pass
    assert caught.value.hint == "pip install touchline[dynamodb]"


def test_a_store_at_a_file_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with (
        pytest.raises(ConfigError, match="a file is there, expected a folder"),
        served(made(tmp_path)),
    ):
        pass
