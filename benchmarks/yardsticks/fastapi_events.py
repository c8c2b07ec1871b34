"""A plain service of the same job: FastAPI and pydantic, a key, a rate limit, a durable insert.

Its posts share commits as ours do: a commit for each would be slower still.
"""

import asyncio
import hashlib
import sqlite3
import sys
import threading
import time
import uuid
from concurrent.futures import Future
from datetime import datetime
from queue import Empty, SimpleQueue

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

FILE, KEY, PORT = sys.argv[1], sys.argv[2], int(sys.argv[3])
DIGEST, RATE = hashlib.sha256(KEY.encode()).hexdigest(), 1e6


class Event(BaseModel):
    """The event of design 003, further fields kept."""

    model_config = ConfigDict(extra="allow")

    match_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:+-]{0,127}$")
    event_type: str = Field(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")
    timestamp: AwareDatetime
    event_id: str | None = Field(None, max_length=128)
    player_id: str | None = Field(None, max_length=128)
    team_id: str | None = Field(None, max_length=128)


queue: "SimpleQueue[tuple[tuple[str, ...], Future[None]]]" = SimpleQueue()


def write() -> None:
    db = sqlite3.connect(FILE, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute(
        "CREATE TABLE IF NOT EXISTS events (match_id TEXT, event_at TEXT, event_id TEXT, body TEXT,"
        " PRIMARY KEY (match_id, event_at, event_id))"
    )
    while True:
        batch = [queue.get()]
        while len(batch) < 1000:
            try:
                batch.append(queue.get_nowait())
            except Empty:
                break
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT OR IGNORE INTO events VALUES (?,?,?,?)", [row for row, _ in batch])
        db.execute("COMMIT")
        for _, done in batch:
            done.set_result(None)


app = FastAPI()
level, at = RATE, time.monotonic()


async def admitted(authorization: str = Header("")) -> None:
    global level, at
    if hashlib.sha256(authorization.removeprefix("Bearer ").encode()).hexdigest() != DIGEST:
        raise HTTPException(401)
    now = time.monotonic()
    level, at = min(RATE, level + (now - at) * RATE) - 1, now
    if level < 0:
        raise HTTPException(429)


@app.post("/events", dependencies=[Depends(admitted)], status_code=201)
async def post(event: Event) -> dict[str, str]:
    event_id = event.event_id or str(uuid.uuid4())
    done: Future[None] = Future()
    at_ = event.timestamp.astimezone().isoformat()
    if event.timestamp > datetime.now(event.timestamp.tzinfo):
        raise HTTPException(422)
    queue.put(((event.match_id, at_, event_id, event.model_dump_json()), done))
    await asyncio.wrap_future(done)
    return {"message": "accepted", "event_id": event_id}


threading.Thread(target=write, daemon=True).start()
uvicorn.run(
    app,
    host="127.0.0.1",
    port=PORT,
    log_level="error",
    access_log=False,
    loop="uvloop",
    http="httptools",
)
