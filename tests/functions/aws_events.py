"""Events as AWS's documentation shows them, of a REST API, an HTTP API and a mapping of MSK."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

Json = dict[str, Any]


def rest(
    method: str,
    path: str,
    *,
    body: Any = None,
    query: Mapping[str, str] | None = None,
    **headers: str,
) -> Json:
    """A request through a REST API with a Lambda proxy integration (payload 1.0)."""
    query = dict(query or {})
    named = {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "Host": "1234567890.execute-api.eu-central-1.amazonaws.com",
        "User-Agent": "curl/8.5.0",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
        **{name.replace("_", "-").title(): value for name, value in headers.items()},
    }
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": named,
        "multiValueHeaders": {name: [value] for name, value in named.items()},
        "queryStringParameters": query or None,
        "multiValueQueryStringParameters": {n: [v] for n, v in query.items()} or None,
        "pathParameters": {"proxy": path.removeprefix("/")},
        "stageVariables": None,
        "requestContext": {
            "resourceId": "123456",
            "resourcePath": "/{proxy+}",
            "httpMethod": method,
            "path": f"/prod{path}",
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "stage": "prod",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "requestTimeEpoch": 1428582896000,
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "curl/8.5.0"},
            "apiId": "1234567890",
        },
        "body": _text(body),
        "isBase64Encoded": False,
    }


def http(
    method: str,
    path: str,
    *,
    body: Any = None,
    query: Mapping[str, str] | None = None,
    **headers: str,
) -> Json:
    """A request through an HTTP API (payload 2.0), its body in base64, its stage in the path."""
    event: Json = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": f"/prod{path}",
        "rawQueryString": urlencode(query or {}),
        "headers": {
            "content-type": "application/json",
            "x-forwarded-proto": "https",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api-id",
            "domainName": "id.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "id",
            "http": {
                "method": method,
                "path": f"/prod{path}",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "curl/8.5.0",
            },
            "requestId": "id",
            "routeKey": "$default",
            "stage": "prod",
            "time": "12/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1583348638390,
        },
        "isBase64Encoded": False,
    }
    if query:
        event["queryStringParameters"] = dict(query)
    if body is not None:
        text = _text(body)
        assert text is not None
        event |= {"body": base64.b64encode(text.encode()).decode(), "isBase64Encoded": True}
    return event


def _text(body: Any) -> str | None:
    return body if body is None or isinstance(body, str) else json.dumps(body)


Value = tuple[str | None, bytes | None]


def msk(partitions: Mapping[int, Sequence[Value]], first: int = 0) -> Json:
    """Records of topic match-events, from that offset of each partition on."""
    return {
        "eventSource": "aws:kafka",
        "eventSourceArn": "arn:aws:kafka:eu-central-1:123456789012:cluster/matches/abcd-1",
        "bootstrapServers": "b-1.matches.abcd.c2.kafka.eu-central-1.amazonaws.com:9092",
        "records": {
            f"match-events-{partition}": [
                {
                    "topic": "match-events",
                    "partition": partition,
                    "offset": first + n,
                    "timestamp": 1545084650987 + n,
                    "timestampType": "CREATE_TIME",
                    "key": _coded(None if key is None else key.encode()),
                    "value": _coded(value),
                    "headers": [{"headerKey": [104, 101, 97, 100, 101, 114]}],
                }
                for n, (key, value) in enumerate(values)
            ]
            for partition, values in partitions.items()
        },
    }


def _coded(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()
