"""The three functions in ministack's Lambda, behind its API Gateway, on a real broker and its DynamoDB.

ministack has no event source mapping of MSK (it polls SQS, Kinesis and DynamoDB streams): `Mapping`
stands in for one. It reads the broker, hands records on as MSK does, and goes on from where it is told.
"""

import base64
import io
import json
import site
import threading
import uuid
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import ministack
from deployed import stores

from touchline.adapters.kafka import Cluster, KafkaLog
from touchline.core.ports import Record
from touchline.matches.live import TOPIC

SOURCE = Path(__file__).parents[2] / "src"
ROLE = "arn:aws:iam::000000000000:role/touchline"
NAMES = ("ingest", "consumer", "query")


def _client(service: str) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,
        endpoint_url=ministack.endpoint(),
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(read_timeout=120, retries={"total_max_attempts": 1}),
    )


def _package() -> bytes:
    """The code as it is uploaded; what it needs from elsewhere is on the path, as from a layer."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for file in sorted((SOURCE / "touchline").rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                out.write(file, file.relative_to(SOURCE))
    return packed.getvalue()


class Mapping:
    """Hands the broker's records on to the consumer, as an event source mapping of MSK does."""

    def __init__(self, cluster: Cluster, function: str) -> None:
        self.log, self.function = KafkaLog(cluster), function
        self.client = _client("lambda")
        self.at: dict[int, int] = {}
        self.handed: list[dict[str, Any]] = []
        self.repeats = 0
        self.failure = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._thread.join(60)
        self.log.close()

    def _work(self) -> None:
        try:
            while not self._ended.is_set():
                if found := self.log.read(TOPIC, self.at, limit=100, timeout_s=0.2):
                    self.hand(found)
        except Exception as exc:  # noqa: BLE001 (told at the end)
            self.failure = repr(exc)

    def hand(self, records: Sequence[Record]) -> None:
        """Once; what failed is handed on again from where the answer says."""
        event = _event(records)
        answer = self.client.invoke(FunctionName=self.function, Payload=json.dumps(event))
        said = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, said
        self.handed.append(said)
        self.at |= {r.lane: r.offset + 1 for r in records}
        for failed in said["batchItemFailures"]:
            place = failed["itemIdentifier"]
            self.at[int(place["partition"].rpartition("-")[2])] = place["offset"]
            self.repeats += 1


def _event(records: Sequence[Record]) -> dict[str, Any]:
    found: dict[str, list[dict[str, Any]]] = {}
    for r in records:
        found.setdefault(f"{TOPIC}-{r.lane}", []).append(
            {
                "topic": TOPIC,
                "partition": r.lane,
                "offset": r.offset,
                "timestamp": round(r.at.timestamp() * 1000),
                "timestampType": "LOG_APPEND_TIME",
                "key": base64.b64encode(r.key.encode()).decode(),
                "value": base64.b64encode(r.value).decode(),
                "headers": [],
            }
        )
    arn = "arn:aws:kafka:eu-central-1:000000000000:cluster/matches/abcd-1"
    return {"eventSource": "aws:kafka", "eventSourceArn": arn, "records": found}


class Deployed:
    """The addresses of both kinds of gateway, and the mapping."""

    def __init__(self, rest: str, http: str, mapping: Mapping) -> None:
        self.rest, self.http, self.mapping = rest, http, mapping


@contextmanager
def functions(folder: Path, bootstrap: str) -> Iterator[Deployed]:
    """They answer, and what is posted is handed on while the context lasts."""
    prefix = f"f{uuid.uuid4().hex[:8]}"
    file = folder / "touchline.toml"
    file.write_text(stores(bootstrap, prefix))
    client, code = _client("lambda"), _package()
    variables = {"TOUCHLINE_CONFIG": str(file), "PYTHONPATH": ":".join(site.getsitepackages())}
    for name in NAMES:
        client.create_function(
            FunctionName=f"{prefix}-{name}",
            Runtime="python3.11",
            Role=ROLE,
            Handler=f"touchline.functions.{name}.handler",
            Code={"ZipFile": code},
            Timeout=60,
            MemorySize=512,
            Environment={"Variables": variables},
        )
    arns = {
        n: client.get_function(FunctionName=f"{prefix}-{n}")["Configuration"]["FunctionArn"]
        for n in NAMES
    }
    cluster = Cluster(bootstrap, f"{prefix}.", replication=1, min_insync=1)
    mapping = Mapping(cluster, f"{prefix}-consumer")
    mapping.log.prepare([TOPIC], lanes=3)
    mapping.start()
    with closing(mapping):
        yield Deployed(_rest(prefix, arns), _http(prefix, arns), mapping)
    assert mapping.failure == ""


def _address(api: str) -> str:
    return f"{ministack.endpoint()}/_aws/execute-api/{api}/prod"


def _http(name: str, arns: dict[str, str]) -> str:
    """An HTTP API: posts go to ingest, all else to query."""
    client = _client("apigatewayv2")
    api = client.create_api(Name=name, ProtocolType="HTTP")["ApiId"]
    for route, function in (("POST /{proxy+}", "ingest"), ("GET /{proxy+}", "query")):
        to = client.create_integration(
            ApiId=api,
            IntegrationType="AWS_PROXY",
            IntegrationUri=arns[function],
            PayloadFormatVersion="2.0",
        )["IntegrationId"]
        client.create_route(ApiId=api, RouteKey=route, Target=f"integrations/{to}")
    client.create_stage(ApiId=api, StageName="prod", AutoDeploy=True)
    return _address(api)


def _rest(name: str, arns: dict[str, str]) -> str:
    """A REST API: the same."""
    client = _client("apigateway")
    api = client.create_rest_api(name=name)["id"]
    (root,) = (r["id"] for r in client.get_resources(restApiId=api)["items"] if r["path"] == "/")
    proxy = client.create_resource(restApiId=api, parentId=root, pathPart="{proxy+}")["id"]
    for method, function in (("POST", "ingest"), ("GET", "query")):
        of = {"restApiId": api, "resourceId": proxy, "httpMethod": method}
        client.put_method(**of, authorizationType="NONE")
        client.put_integration(
            **of,
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=f"arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/{arns[function]}/invocations",
        )
    client.create_deployment(restApiId=api, stageName="prod")
    return _address(api)
