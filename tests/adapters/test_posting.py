"""Bodies posted to a server that is slow, gone for a while, or somebody else's."""

from collections.abc import Iterator

import pytest
from taking_server import ACCEPTED, LOST, Answer, Taking, refusing, taking

from touchline.adapters.posting import Answered, Poster
from touchline.errors import ConfigError, TransientError


@pytest.fixture
def server() -> Iterator[Taking]:
    with taking() as found:
        yield found


class Posting:
    """A poster that waits for nothing, and what it would have waited and told."""

    def __init__(self, url: str, key: str = "") -> None:
        self.waits: list[float] = []
        self.told: list[str] = []
        self.poster = Poster(url, key, tell=self.told.append, wait=self.waits.append)

    def post(self, *bodies: bytes) -> list[Answered]:
        try:
            return [self.poster.post(body) for body in bodies]
        finally:
            self.poster.close()


def test_bodies_go_over_one_connection_with_the_key(server: Taking) -> None:
    found = Posting(server.url, "secret").post(b'{"n": 1}', b'{"n": 2}')
    assert [(a.status, a.retries) for a in found] == [(201, 0), (201, 0)]
    assert server.taken == [{"n": 1}, {"n": 2}]
    assert server.asked == [("/events", "Bearer secret")] * 2
    assert server.connections == 1


def test_without_a_key_none_is_sent(server: Taking) -> None:
    Posting(server.url).post(b"{}")
    assert server.asked == [("/events", None)]


def test_a_path_in_the_address_stays(server: Taking) -> None:
    Posting(f"{server.url}/live/").post(b"{}")
    assert server.asked[0][0] == "/live/events"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_server_without_time_is_asked_again_ever_more_seldom(server: Taking, status: int) -> None:
    server.answers = [refusing(status)] * 4
    posting = Posting(server.url)
    (found,) = posting.post(b"{}")
    assert (found.status, found.retries) == (201, 4)
    assert posting.waits == [0.5, 1.0, 2.0, 4.0]
    assert str(status) in posting.told[0]
    assert "again in 0.5 s" in posting.told[0]


def test_a_server_says_when_to_come_back(server: Taking) -> None:
    server.answers = [refusing(429, Retry_After="7"), refusing(503, Retry_After="soon")]
    posting = Posting(server.url)
    posting.post(b"{}")
    assert posting.waits == [7.0, 1.0]


def test_a_connection_that_is_lost_is_opened_again(server: Taking) -> None:
    server.answers = [LOST, ACCEPTED]
    posting = Posting(server.url)
    (found,) = posting.post(b'{"n": 1}')
    assert (found.status, found.retries) == (201, 1)
    assert server.taken == [{"n": 1}]


def test_a_connection_that_was_closed_while_idle_is_no_failure(server: Taking) -> None:
    server.answers = [ACCEPTED, LOST, ACCEPTED]
    posting = Posting(server.url)
    found = posting.post(b'{"n": 1}', b'{"n": 2}')
    assert [a.retries for a in found] == [0, 0]
    assert posting.told == []
    assert server.taken == [{"n": 1}, {"n": 2}]


def test_in_the_end_it_gives_up_and_says_so() -> None:
    with taking() as server:
        gone = server.url
    posting = Posting(gone)
    with pytest.raises(TransientError, match="9 times") as raised:
        posting.post(b"{}")
    assert "touchline serve" in raised.value.hint
    assert len(posting.waits) == 8
    assert max(posting.waits) <= 60


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_what_is_refused_is_answered_once(server: Taking, status: int) -> None:
    server.answers = [refusing(status, "why")]
    (found,) = Posting(server.url).post(b"{}")
    assert (found.status, found.retries) == (status, 0)
    assert found.body["error"]["message"] == "why"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refusing(401, "no key"), "--key-env"),
        (refusing(403, "may not write"), "--key-env"),
        ((404, b"<html>", {}), "8640"),
        ((301, b"", {"Location": "/x"}), "8640"),
    ],
)
def test_a_server_that_never_will_is_not_asked_again(
    server: Taking, answer: Answer, said: str
) -> None:
    server.answers = [answer]
    with pytest.raises(ConfigError) as raised:
        Posting(server.url).post(b"{}")
    assert said in raised.value.hint
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8640", "ftp://x", "http://", "http://x:y", "http://u:p@x", "http://[::1"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Poster(url)
    assert raised.value.hint == "expected http://HOST:PORT"


@pytest.mark.parametrize("key", ["a\nb", "päss"])
def test_what_is_no_key_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Poster("http://127.0.0.1:1", key)
    assert key not in str(raised.value)
