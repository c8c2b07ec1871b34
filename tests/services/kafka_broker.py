"""A real Kafka broker of one node, for tests: started on free ports, ended by its own process id."""

import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree, which
from typing import Any

import pytest
from certificates import Certificates, certificates

JARS = Path(__file__).parents[2] / "build" / "kafka"
USER, PASSWORD = "touchline", "s3cret-of-kafka"
_JVM = ("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
_PATIENCE_S = 90.0
_DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL")


@dataclass
class Broker:
    """A broker in a folder of its own; killed and started again it is the same one."""

    folder: Path
    ports: Mapping[str, int]
    certificates: Certificates
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def bootstrap(self) -> str:
        """Where it listens without any security."""
        return f"127.0.0.1:{self.ports['PLAINTEXT']}"

    @property
    def line(self) -> tuple[int, int]:
        """Where it can be reached through a line of the caller's own, and where that leads."""
        return self.ports["LINE"], self.ports["BEHIND"]

    @property
    def sasl(self) -> str:
        """Where it asks for a name and a password, over TLS."""
        return f"127.0.0.1:{self.ports['SASL']}"

    @property
    def mutual(self) -> str:
        """Where it asks for a certificate."""
        return f"127.0.0.1:{self.ports['MUTUAL']}"

    def start(self) -> None:
        """It answers."""
        words = [
            *_DIES_WITH_US,
            "java",
            *_JVM,
            "-cp",
            f"{JARS}/*",
            "kafka.Kafka",
            str(self.folder / "properties"),
        ]
        with (self.folder / "broker.log").open("ab") as out:
            self.process = subprocess.Popen(words, stdout=out, stderr=out)
        deadline = time.monotonic() + _PATIENCE_S
        while not all(_answers(port) for name, port in self.ports.items() if name != "LINE"):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                said = (self.folder / "broker.log").read_text(errors="replace")[-3000:]
                raise AssertionError(f"the broker did not start:\n{said}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Ended as it is asked to."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(_PATIENCE_S)
        self.process = None

    def kill(self) -> None:
        """Ended at once, as by kill -9."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        self.process = None


def _answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_ports(count: int) -> list[int]:
    with ExitStack() as open_ones:
        probes = [open_ones.enter_context(closing(socket.socket())) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def missing() -> str:
    """Why no broker can be started here, or ""."""
    if which("java") is None:
        return "no java here"
    return "" if any(JARS.glob("kafka_*.jar")) else "no Kafka here: run tests/services/install.sh"


def _needed() -> None:
    why = missing()
    if why and os.environ.get("CI") == "true":
        pytest.fail(why)
    if why:
        pytest.skip(why)


def made(folder: Path) -> Broker:
    """A broker that was not started yet."""
    folder.mkdir(parents=True)
    listeners = ("PLAINTEXT", "SASL", "MUTUAL", "BEHIND", "CONTROLLER", "LINE")
    ports = dict(zip(listeners, _free_ports(len(listeners)), strict=True))
    found = Broker(folder, ports, certificates(folder))
    (folder / "properties").write_text(_properties(found))
    (folder / "data").mkdir()
    (folder / "data" / "meta.properties").write_text(
        "version=1\ncluster.id=dG91Y2hsaW5lLXRlc3RzIQ\nnode.id=1\n"
        "directory.id=dG91Y2hsaW5lLXRlc3RzIQ\n"
    )
    return found


def _properties(broker: Broker) -> str:
    ports = {name: port for name, port in broker.ports.items() if name != "LINE"}
    at = {name: f"{name}://127.0.0.1:{port}" for name, port in ports.items()}
    told = {**at, "BEHIND": f"BEHIND://127.0.0.1:{broker.ports['LINE']}"}
    own = broker.certificates
    plain = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required"
    token = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required"
    claim = f'unsecuredLoginStringClaim_sub="{USER}"'
    lines = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{broker.ports['CONTROLLER']}",
        "controller.listener.names": "CONTROLLER",
        "listeners": ",".join(at.values()),
        "advertised.listeners": ",".join(v for k, v in told.items() if k != "CONTROLLER"),
        "listener.security.protocol.map": (
            "PLAINTEXT:PLAINTEXT,BEHIND:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_SSL,MUTUAL:SSL"
        ),
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": broker.folder / "data",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "broker.session.timeout.ms": "1500",
        "broker.heartbeat.interval.ms": "400",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        "auto.create.topics.enable": "false",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": own.server,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": own.authority,
        "listener.name.mutual.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
        "listener.name.sasl.plain.sasl.jaas.config": f'{plain} user_{USER}="{PASSWORD}";',
        "listener.name.sasl.oauthbearer.sasl.jaas.config": f"{token} {claim};",
        "listener.name.sasl.scram-sha-256.sasl.jaas.config": f"{scram};",
        "listener.name.sasl.scram-sha-512.sasl.jaas.config": f"{scram};",
    }
    return "".join(f"{key}={value}\n" for key, value in lines.items())


@contextmanager
def own(folder: Path) -> Iterator[Broker]:
    """A broker of the caller's own."""
    _needed()
    found = made(folder)
    found.start()
    try:
        yield found
    finally:
        found.kill()
        rmtree(folder / "data", ignore_errors=True)


@dataclass
class Shared:
    """One broker for all worker processes of a test run; whoever comes first starts it.

    Who uses it holds a shared lock. Whoever started it ends it when nobody holds that lock any more.
    """

    folder: Path
    _now: Broker | None = None
    _users: Any = None
    _more: ExitStack = field(default_factory=ExitStack)

    def broker(self) -> Broker:
        """The broker, which answers."""
        if self._now is None:
            _needed()
            self._now = self._found()
        return self._now

    def _found(self) -> Broker:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._users = (self.folder / "users").open("wb")
        fcntl.flock(self._users, fcntl.LOCK_SH)
        with (self.folder / "starting").open("wb") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            there = self.folder / "ports"
            if there.exists():
                ports = dict(line.split() for line in there.read_text().splitlines())
                at = {name: int(port) for name, port in ports.items()}
                return Broker(self.folder / "broker", at, Certificates(self.folder / "broker"))
            broker = self._more.enter_context(own(self.folder / "broker"))
            there.write_text("".join(f"{name} {port}\n" for name, port in broker.ports.items()))
            return broker

    def close(self) -> None:
        """The broker is ended, if it was started here and once nobody uses it."""
        if self._users is not None:
            started_here = self._now is not None and self._now.process is not None
            fcntl.flock(self._users, fcntl.LOCK_EX if started_here else fcntl.LOCK_UN)
            self._users.close()
        self._more.close()
