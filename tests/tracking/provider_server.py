"""Local servers that behave like the provider's API and like its public repository.

`serving(app)` runs an app on a free port of 127.0.0.1. An app is a function from a `Call` to a
`Reply`. `Provider` and `Repository` are such apps; their `faults` are replies to be given first,
by path, each once.
"""

import gzip
import hashlib
import json
import threading
from base64 import b64encode
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR
from urllib.parse import parse_qs, urlencode, urlsplit

NAMES = ("match.json", "tracking_extrapolated.jsonl", "dynamic_events.csv", "phases_of_play.csv")
BAD_QUALITY = {"detail": "Bad data quality"}


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    """`cut_at` announces the whole body, sends that many bytes of it and cuts the line.

    `silent` cuts it without a word.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_at: int | None = None
    chunked: bool = False
    silent: bool = False


App = Callable[[Call], Reply]


@dataclass
class Server:
    """A running server: where it is, and every call it got."""

    url: str
    calls: list[Call] = field(default_factory=list)

    def paths(self) -> list[str]:
        return [call.path for call in self.calls]

    def to(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path == path]


def said(content: object, status: int = 200, **headers: str) -> Reply:
    """A JSON reply; `retry_after="3"` becomes the header Retry-After."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return Reply(
        status, json.dumps(content).encode(), {"Content-Type": "application/json", **named}
    )


class _Http(ThreadingHTTPServer):
    app: App
    seen: list[Call]


@contextmanager
def serving(app: App) -> Iterator[Server]:
    http = _Http(("127.0.0.1", 0), _Handler)
    server = Server(f"http://127.0.0.1:{http.server_address[1]}")
    http.app, http.seen = app, server.calls
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    timeout = 10
    wbufsize = 2**16
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        target = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(target.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        call = Call(self.command, target.path, query, headers, body)
        self.server.seen.append(call)
        reply = self.server.app(call)
        if not reply.silent:
            self.answer(reply)
        if reply.silent or reply.cut_at is not None:
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(SHUT_RDWR)

    def do_POST(self) -> None:
        self.do_GET()

    def answer(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif reply.status != 304:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        sent = reply.body[: reply.cut_at]
        if reply.chunked and sent:
            sent = b"%x\r\n%s\r\n" % (len(sent), sent)
        if reply.chunked and reply.cut_at is None:
            sent += b"0\r\n\r\n"
        self.wfile.write(sent)

    def log_message(self, *args: object) -> None:
        pass


@dataclass
class File:
    """One file a server has; `modified` is the provider's mark, `version` makes the ETag."""

    body: bytes
    modified: str = "2025-05-18T06:00:00Z"
    accept_ranges: bool = False
    packed: bool = False

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.body).hexdigest()}"'

    def reply(self, call: Call) -> Reply:
        headers = {"ETag": self.etag}
        if call.headers.get("if-none-match") == self.etag:
            return Reply(304, headers=headers)
        if self.packed:
            return Reply(200, gzip.compress(self.body), {"Content-Type": "application/x-gzip"})
        if not self.accept_ranges:
            return Reply(200, self.body, headers)
        headers["Accept-Ranges"] = "bytes"
        asked = call.headers.get("range", "")
        if not asked or call.headers.get("if-range", self.etag) != self.etag:
            return Reply(200, self.body, headers)
        first, size = int(asked.removeprefix("bytes=").removesuffix("-")), len(self.body)
        span = {"Content-Range": f"bytes {first}-{size - 1}/{size}"}
        return Reply(206, self.body[first:], headers | span)


def cut(file: File, at: int) -> Reply:
    """The file, cut after so many bytes."""
    return replace(file.reply(Call("GET", "", {}, {})), cut_at=at)


def four_files(match_id: int, version: str = "first") -> dict[str, File]:
    """Small files that tell which match and version they are."""
    return {
        "match.json": File(json.dumps({"id": match_id, "version": version}).encode()),
        "tracking_extrapolated.jsonl": File(f'{{"frame":0,"v":"{version}"}}\n'.encode() * 2000),
        "dynamic_events.csv": File(f"event_id,version\n8_0,{version}\n".encode()),
        "phases_of_play.csv": File(f"index,version\n0,{version}\n".encode()),
    }


@dataclass
class Match:
    id: object
    date_time: str = "2025-05-17T09:35:00Z"
    status: str = "closed"
    competition_id: int = 61
    last_modified: str = "2025-05-18T06:00:00Z"
    files: dict[str, File] = field(default_factory=dict)

    def listed(self) -> dict[str, object]:
        return {
            "id": self.id,
            "date_time": self.date_time,
            "home_team": {"id": 868, "short_name": "Melbourne V FC"},
            "away_team": {"id": 4177, "short_name": "Auckland FC"},
            "status": self.status,
            "last_modified": self.last_modified,
            "competition_id": self.competition_id,
            "season_id": 95,
            "competition_edition_id": 870,
        }

    def modified(self, name: str) -> str:
        return self.files[name].modified if name in self.files else ""


def match(match_id: int, **members: object) -> Match:
    return Match(match_id, files=four_files(match_id), **members)  # type: ignore[arg-type]


_FILTERS = {
    "date_time__gte": lambda match, value: match.date_time >= value,
    "date_time__lte": lambda match, value: match.date_time <= value,
    "competition": lambda match, value: str(match.competition_id) in value.split(","),
    "extrapolated_tracking_v3_last_modified__gte": lambda match, value: (
        match.modified("tracking_extrapolated.jsonl") >= value
    ),
    "dynamic_events_v2_last_modified__gte": lambda match, value: (
        match.modified("dynamic_events.csv") >= value
    ),
}
_ENDPOINTS = {
    "": "match.json",
    "tracking/": "tracking_extrapolated.jsonl",
    "dynamic_events/": "dynamic_events.csv",
    "dynamic_events/phases_of_play/": "phases_of_play.csv",
}


class Faulty:
    """An app that gives the faults of a path before its own answers."""

    def __init__(self) -> None:
        self.faults: dict[str, deque[Reply]] = defaultdict(deque)

    def __call__(self, call: Call) -> Reply:
        waiting = self.faults[call.path]
        return waiting.popleft() if waiting else self.reply(call)

    def reply(self, call: Call) -> Reply:
        raise NotImplementedError


class Provider(Faulty):
    """The API under /api: authentication, paging, filters, marks, files."""

    def __init__(self, *matches: Match, token: str = "", user: tuple[str, str] = ("", "")) -> None:
        super().__init__()
        self.matches = list(matches)
        self.token, self.user = token, user
        self.tells_marks = True

    def reply(self, call: Call) -> Reply:
        if not self.knows(call):
            return said({"detail": "Invalid token or password."}, 401)
        if call.path == "/api/matches/":
            return self.page(call)
        return self.of_match(call)

    def knows(self, call: Call) -> bool:
        basic = b64encode(":".join(self.user).encode()).decode()
        by_name = call.headers.get("authorization") == f"Basic {basic}"
        return by_name if self.user[0] else call.query.get("token", "") == self.token

    def page(self, call: Call) -> Reply:
        filters = [
            (_FILTERS[name], value) for name, value in call.query.items() if name in _FILTERS
        ]
        found = [m for m in self.matches if all(holds(m, value) for holds, value in filters)]
        limit, offset = int(call.query["limit"]), int(call.query["offset"])
        onward = urlencode({**call.query, "offset": offset + limit})
        link = f"http://{call.headers['host']}{call.path}?{onward}"
        return said({
            "count": len(found),
            "next": link if offset + limit < len(found) else None,
            "previous": None,
            "results": [match.listed() for match in found[offset : offset + limit]],
        })  # fmt: skip

    def of_match(self, call: Call) -> Reply:
        _, _, _, match_id, rest = call.path.split("/", 4)
        found = next((match for match in self.matches if str(match.id) == match_id), None)
        if found is None:
            return said({"detail": "Not found."}, 404)
        if rest == "data_collection/":
            return self.marks(found)
        file = found.files.get(_ENDPOINTS.get(rest, ""))
        return file.reply(call) if file else said({"detail": "Not found."}, 404)

    def marks(self, match: Match) -> Reply:
        if not self.tells_marks:
            return said({"detail": "Not found."}, 404)
        return said({
            "match_id": match.id,
            "status": "postmatch",
            "tracking_extra_v3_last_modified": match.modified("tracking_extrapolated.jsonl") or None,
            "dynamic_events_v2_last_modified": match.modified("dynamic_events.csv") or None,
            "dynamic_events_v2_check": True,
        })  # fmt: skip


class Repository(Faulty):
    """The public repository under /repo and its LFS server under /lfs."""

    def __init__(self, *matches: Match) -> None:
        super().__init__()
        self.matches = list(matches)
        self.objects: dict[str, bytes] = {}
        self.plain: dict[str, File] = {}
        self.refusal: dict[str, object] | None = None
        for each in matches:
            self.hold(each)

    def hold(self, match: Match) -> None:
        for name, file in match.files.items():
            path = f"/repo/data/matches/{match.id}/{match.id}_{name}"
            tracked = name == "tracking_extrapolated.jsonl"
            self.plain[path] = File(self.pointer(file.body)) if tracked else file

    def pointer(self, body: bytes) -> bytes:
        oid = hashlib.sha256(body).hexdigest()
        self.objects[oid] = body
        version = "version https://git-lfs.github.com/spec/v1"
        return f"{version}\noid sha256:{oid}\nsize {len(body)}\n".encode()

    def reply(self, call: Call) -> Reply:
        if call.path == "/repo/data/matches.json":
            return said([match.listed() for match in self.matches])
        if call.path == "/lfs/objects/batch" and call.method == "POST":
            return self.batch(call)
        if call.path.startswith("/store/"):
            return self.object(call)
        file = self.plain.get(call.path)
        return file.reply(call) if file else Reply(404, b"404: Not Found")

    def batch(self, call: Call) -> Reply:
        asked = json.loads(call.body)
        if asked["operation"] != "download" or "lfs+json" not in call.headers["content-type"]:
            return said({"message": "unfit"}, 422)
        one = asked["objects"][0]
        offer = {
            "href": f"http://{call.headers['host']}/store/{one['oid']}",
            "header": {"X-Pass": "let me in"},
        }
        found = (
            {"actions": {"download": offer}} if self.refusal is None else {"error": self.refusal}
        )
        return said({"transfer": "basic", "objects": [one | found]})

    def object(self, call: Call) -> Reply:
        if call.headers.get("x-pass") != "let me in":
            return Reply(403, b"<Error><Code>AccessDenied</Code></Error>")
        body = self.objects[call.path.removeprefix("/store/")]
        reply = File(body, accept_ranges=True).reply(call)
        return replace(reply, headers={k: v for k, v in reply.headers.items() if k != "ETag"})
