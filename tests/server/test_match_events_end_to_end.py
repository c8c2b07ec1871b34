"""Design 003's own test, against what is served here; and that it sees what is wrong."""

import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

from live_world import Live

SCRIPT = Path(__file__).parents[1] / "matches" / "end_to_end.py"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_the_designs_test_passes_here(served_live: Live) -> None:
    done = run("--url", served_live.address, "--key", served_live.keys["feed"])
    assert done.returncode == 0, done.stderr
    assert "come back in order, each once" in done.stdout


def test_it_fails_where_a_key_does_not_admit(served_live: Live) -> None:
    done = run("--url", served_live.address, "--key", served_live.keys["reader"])
    assert done.returncode == 1
    assert "expected POST /events; seen 403" in done.stderr


class Forgetful(BaseHTTPRequestHandler):
    """Accepts everything and keeps nothing."""

    def do_POST(self) -> None:
        import json

        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if isinstance(body, list):
            self._say({"refused": 0})
        else:
            self._say({"message": "accepted", "event_id": body["event_id"]})

    def do_GET(self) -> None:
        self._say({"match_id": "x", "event_count": 0, "events": []})

    def _say(self, said: object) -> None:
        import json

        text = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


def test_it_fails_where_events_are_lost() -> None:
    with HTTPServer(("127.0.0.1", 0), Forgetful) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        done = run("--url", f"http://127.0.0.1:{server.server_port}", "--patience", "0.2")
        server.shutdown()
        serving.join()
    assert done.returncode == 1
    assert "expected 70 events within 0.2 s; seen 200" in done.stderr
