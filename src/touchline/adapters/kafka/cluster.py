"""Which cluster, and who asks there: settings as Kafka's library takes them."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from touchline.adapters.kafka.errors import Heard, translating
from touchline.errors import ConfigError

Security = Callable[[], Mapping[str, Any]]
"""Settings that hold secrets: asked for when a client is made, and not kept."""

_REGION = re.compile(r"\.kafka(?:-serverless)?\.([a-z0-9-]+)\.amazonaws\.com")
_SILENT = 0
_AGAIN_S = 30.0

Client = TypeVar("Client")


def plaintext() -> Mapping[str, Any]:
    """Neither encrypted nor asked who it is."""
    return {"security.protocol": "plaintext"}


@dataclass(frozen=True)
class Cluster:
    """Where the brokers are, and how topics are made there.

    A record that no broker acknowledged within `timeout_s` has failed, and so has any other question.
    """

    bootstrap: str
    prefix: str = ""
    security: Security = plaintext
    replication: int = 3
    min_insync: int = 2
    retention_days: float = 7.0
    timeout_s: float = 30.0

    def topic(self, name: str) -> str:
        """The topic's name in the cluster."""
        return f"{self.prefix}{name}"

    def where(self, name: str) -> str:
        """A topic as errors name it."""
        return f"kafka {self.bootstrap}: {self.topic(name)}"

    def client(
        self, kind: Callable[[dict[str, Any]], Client], heard: Heard, **settings: Any
    ) -> Client:
        """A client of this kind, which reports to `heard` and logs nothing.

        Raises:
            ConfigError: The library does not take a setting, or a secret is not set.
        """
        everything = {
            "bootstrap.servers": self.bootstrap,
            "client.id": "touchline",
            "error_cb": heard,
            "log_level": _SILENT,
            "topic.metadata.refresh.interval.ms": 60_000,
            "reconnect.backoff.max.ms": 1000,
            **self.security(),
            **{name.replace("_", "."): value for name, value in settings.items()},
        }
        with translating(f"kafka {self.bootstrap}", heard):
            return kind(everything)


def tls(ca: str = "", *, cert: str = "", key: str = "") -> Security:
    """TLS; with a certificate of our own, if there is one. Without `ca` the system's are trusted."""
    files = {
        "ssl.ca.location": ca,
        "ssl.certificate.location": cert,
        "ssl.key.location": key,
    }
    given = {name: file for name, file in files.items() if file}
    return lambda: {"security.protocol": "ssl", **given}


def sasl_tls(
    mechanism: str, username: Callable[[], str], password: Callable[[], str], *, ca: str = ""
) -> Security:
    """A name and a password, over TLS."""
    trusted = {"ssl.ca.location": ca} if ca else {}
    return lambda: {
        "security.protocol": "sasl_ssl",
        "sasl.mechanism": mechanism,
        "sasl.username": username(),
        "sasl.password": password(),
        **trusted,
    }


def msk_iam(bootstrap: str, region: str = "", *, ca: str = "") -> Security:
    """The role that this machine has in AWS, over TLS; the region is that of the brokers' names.

    Raises:
        ConfigError: Neither a region is given, nor do the brokers' names hold one.
    """
    named = _REGION.search(bootstrap)
    if not region and named is None:
        raise ConfigError(
            f"no AWS region: {bootstrap!r} names none", hint="set stores.log.security.region"
        )
    found = region or (named[1] if named else "")
    trusted = {"ssl.ca.location": ca} if ca else {}
    return lambda: {
        "security.protocol": "sasl_ssl",
        "sasl.mechanism": "OAUTHBEARER",
        "oauth_cb": _tokens(found),
        **trusted,
    }


def _tokens(region: str) -> Callable[[str], tuple[str, float]]:
    """What gives a token of some minutes, and until when it is good: it is asked again in time.

    Raises:
        ConfigError: There is no token to be had now.
    """
    try:
        from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
    except ImportError as exc:
        raise ConfigError(f"no signer of tokens: {exc}", hint="pip install touchline[msk]") from exc

    def token(_: str) -> tuple[str, float]:
        signed, until_ms = MSKAuthTokenProvider.generate_auth_token(region)
        return signed, until_ms / 1000

    def token_or_none(_: str) -> tuple[str, float]:
        try:
            return token(_)
        except Exception:  # noqa: BLE001 (the library bears none; the brokers refuse this, and say so)
            return "none", time.time() + _AGAIN_S

    try:
        token("")
    except Exception as exc:  # any of AWS's library, whose text may hold what it likes
        raise ConfigError(
            f"no token for {region}: {type(exc).__name__}", hint="check the role of this machine"
        ) from exc
    return token_or_none
