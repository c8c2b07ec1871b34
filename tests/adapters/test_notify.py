"""Targets through apprise: mail, HTTP and SNS take the message; a reason is told without secrets."""

import json
import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args

import boto3
import pytest
from moto import mock_aws
from sinks import Sink, json_sink, mail_sink, text_of

from touchline.adapters.notify import AppriseTargets, _without_secrets
from touchline.core.ports import Alert, AlertKind
from touchline.errors import ConfigError, TransientError

ID = "opened activity ingestion_date=2025-01-02 run 2025-01-03T06:00:00.000000Z"
ALERT = Alert(
    ID, "opened", "activity ingestion_date=2025-01-02: refused",
    "refused: 3 of 4 rows <b> & *all*\nSince then.", datetime(2025, 1, 3, 6, tzinfo=UTC),
)  # fmt: skip
SECRET = "s3cretT0ken"


@pytest.fixture
def web() -> Iterator[Sink]:
    with json_sink() as sink:
        yield sink


@pytest.fixture
def mail() -> Iterator[Sink]:
    with mail_sink() as sink:
        yield sink


def send(url: str, **more: float) -> None:
    AppriseTargets({"one": lambda: url}, **more).send("one", ALERT)


def refusal(url: str, **more: float) -> str:
    with pytest.raises((TransientError, ConfigError)) as caught:
        send(url, **more)
    assert SECRET not in f"{caught.value} {caught.value.hint} {caught.value.facts}"
    return str(caught.value)


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


# --- what is taken ------------------------------------------------------------------------------


def test_a_mail_has_the_text_as_it_is_the_id_at_its_end_and_in_a_header(mail: Sink) -> None:
    send(f"mailto://127.0.0.1:{mail.port}?from=touchline@example.com&to=data@example.com")
    (message,) = mail.taken
    assert message["Subject"] == "Touchline: activity ingestion_date=2025-01-02: refused"
    assert message["X-Touchline-Alert"] == ID
    assert message["To"] == "data@example.com"
    assert message.get_content_type() == "text/plain"
    assert text_of(message).strip() == f"{ALERT.body}\n\n{ID}"


def test_an_http_target_has_the_text_and_the_id(web: Sink) -> None:
    send(f"json://127.0.0.1:{web.port}/hooks/{SECRET}")
    (posted,) = web.taken
    assert posted["title"] == "Touchline: activity ingestion_date=2025-01-02: refused"
    assert posted["message"] == f"{ALERT.body}\n\n{ID}"
    assert posted["type"] == "failure"
    assert web.headers[0]["X-Touchline-Alert"] == ID


@pytest.mark.parametrize("kind", get_args(AlertKind))
def test_an_alert_of_every_kind_is_taken(web: Sink, kind: AlertKind) -> None:
    target = AppriseTargets({"one": lambda: f"json://127.0.0.1:{web.port}/"})
    target.send("one", replace(ALERT, kind=kind))
    assert len(web.taken) == 1


@pytest.mark.parametrize("name", ["/in/d\u0435nj\u00fc.json", "/in/a\nb\r.json", "/in/100%.json"])
def test_any_name_of_a_file_may_stand_in_an_alert(web: Sink, mail: Sink, name: str) -> None:
    odd = replace(ALERT, id=f"opened activity {name} file", subject=f"activity {name}: no file")
    for url in (
        f"json://127.0.0.1:{web.port}/",
        f"mailto://127.0.0.1:{mail.port}?from=a@example.com&to=b@example.com",
    ):
        AppriseTargets({"one": lambda url=url: url}).send("one", odd)  # type: ignore[misc]
    (posted,) = web.taken
    assert odd.id.split()[1][:6] in posted["message"]
    assert len(mail.taken) == 1


def test_sns_brings_the_message_to_whoever_is_subscribed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        sns, sqs = (boto3.client(of, region_name="us-east-1") for of in ("sns", "sqs"))
        topic = sns.create_topic(Name="alerts")["TopicArn"]
        queue = sqs.create_queue(QueueName="people")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])
        send(f"sns://AKIAIOSFODNN7EXAMPLE/{'k' * 40}/us-east-1/alerts")
        (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
        came = json.loads(message["Body"])
    assert came["Message"] == f"{ALERT.body}\n\n{ID}"
    assert came["Subject"] == "Touchline: activity ingestion_date=2025-01-02: refused"


# --- what is not, and why -----------------------------------------------------------------------


def test_a_target_that_nobody_answers_at_is_told_with_what_the_system_said() -> None:
    port = closed_port()
    assert refusal(f"json://u:{SECRET}@127.0.0.1:{port}/{SECRET}") == "Connection refused"
    mail = f"mailto://u:{SECRET}@127.0.0.1:{port}?from=a@example.com&to=b@example.com&mode=insecure"
    assert refusal(mail) == "Connection refused"


@pytest.mark.parametrize("status", [401, 404, 500])
def test_an_answer_that_is_no_is_told_by_its_status(web: Sink, status: int) -> None:
    web.status = status
    assert refusal(f"json://127.0.0.1:{web.port}/{SECRET}") == f"it answered {status}"
    assert web.taken == []


def test_a_recipient_that_is_refused_is_told_by_the_servers_code(mail: Sink) -> None:
    mail.refused = True
    said = refusal(f"mailto://127.0.0.1:{mail.port}?from=a@example.com&to={SECRET}@example.com")
    assert said == "the mail server refused the recipient: 550"


def test_a_target_that_hangs_is_left_behind(web: Sink) -> None:
    web.hangs = True
    url = f"json://127.0.0.1:{web.port}/{SECRET}?rto=60"
    assert refusal(url, timeout_s=0.2) == "no answer within 0.2 s"


def test_a_target_that_hangs_ends_by_its_own_time_where_that_is_shorter(web: Sink) -> None:
    web.hangs = True
    assert refusal(f"json://127.0.0.1:{web.port}/{SECRET}?rto=0.1") == "no answer in time"


@pytest.mark.parametrize("url", ["", "nothing", f"nosuch://{SECRET}", f"mailto://{SECRET}"])
def test_a_url_that_is_none_is_told_without_it(url: str) -> None:
    assert refusal(url) == "its URL is none that apprise knows"
    with pytest.raises(ConfigError):
        send(url)


def test_a_variable_that_is_not_set_is_told() -> None:
    def unset() -> str:
        raise ConfigError("environment variable CHAT is not set", hint="export CHAT=...")

    with pytest.raises(ConfigError, match="environment variable CHAT is not set"):
        AppriseTargets({"chat": unset}).send("chat", ALERT)


class Everything(logging.Handler):
    """What is logged to the root, by anybody."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def test_nothing_of_it_is_logged_or_printed_anywhere_else(
    web: Sink, capfd: pytest.CaptureFixture[str]
) -> None:
    root, log = logging.getLogger(), Everything()
    before = root.level
    root.addHandler(log)
    root.setLevel(logging.DEBUG)
    try:
        send(f"json://u:{SECRET}@127.0.0.1:{web.port}/{SECRET}")
        web.status = 500
        refusal(f"json://u:{SECRET}@127.0.0.1:{web.port}/{SECRET}")
        refusal(f"nosuch://{SECRET}")
    finally:
        root.removeHandler(log)
        root.setLevel(before)
    assert log.said == []
    assert capfd.readouterr() == ("", "")


def test_a_warning_that_is_all_there_is_to_tell_is_told_without_parts_of_the_url() -> None:
    url = f"slack://{SECRET}/B%20x/channel?token=abc123"
    said = _without_secrets(f"Failed for #Channel with {SECRET}, abc123 and B x.", url)
    assert said == "Failed for #*** with ***, *** and B x."
