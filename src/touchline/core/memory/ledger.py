"""The ledger in memory: several owners may share one, as processes share a ledger's file."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from touchline.core.memory.arrivals import among, latest
from touchline.core.memory.notes import MemoryNotes
from touchline.core.memory.publishes import forgotten, settled, sizes
from touchline.core.memory.state import Claim, State, Version
from touchline.core.ports import Claims, Partition, Publish, Receipt, Run, RunStatus, Size, Total
from touchline.errors import ConfigError, ConflictError

LEASE = timedelta(seconds=60)


class MemoryLedger:
    """A Ledger in this process.

    `MemoryLedger(beside=other)` is another owner of the same ledger, as a second process would be.
    Nothing renews a claim here: a lease after it was made, another owner may take it over.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        beside: "MemoryLedger | None" = None,
    ) -> None:
        self.clock = clock
        self._publishing = False
        self.owner = uuid.uuid4().hex[:12]
        self._state: State = beside._state if beside else State()
        self._state.alive.add(self.owner)
        self.notes = MemoryNotes(self._state)

    def close(self) -> None:
        """End this owner as a killed process ends: it settles nothing that it announced."""
        with self._state.lock:
            self._state.alive.discard(self.owner)

    # --- arrivals -------------------------------------------------------------------------------

    def receive(self, receipts: Sequence[Receipt]) -> None:
        """See Ledger."""
        with self._state.lock:
            self._state.receipts += [replace(r, id=next(self._state.numbers)) for r in receipts]

    def arrivals(
        self, domain: str, parts: Sequence[Partition] | None = None
    ) -> Mapping[Partition, Mapping[str, Receipt]]:
        """See Ledger."""
        return latest(self._state, domain, parts, withdrawn=False)

    def withdrawn(
        self, domain: str, parts: Sequence[Partition] | None = None
    ) -> Mapping[Partition, Mapping[str, Receipt]]:
        """See Ledger."""
        return latest(self._state, domain, parts, withdrawn=True)

    def contents(
        self, domain: str, parts: Sequence[Partition] | None = None
    ) -> Mapping[Partition, Mapping[str, str]]:
        """See Ledger."""
        found = self.arrivals(domain, parts)
        return {part: {n: r.sha256 for n, r in named.items()} for part, named in found.items()}

    def moved(self, paths: Mapping[str, str]) -> None:
        """See Ledger."""
        with self._state.lock:
            receipts = self._state.receipts
            self._state.receipts = [replace(r, path=paths.get(r.path, r.path)) for r in receipts]

    def paths(self) -> frozenset[str]:
        """See Ledger."""
        return frozenset(r.path for r in self._state.receipts)

    def retire(self, domain: str, parts: Sequence[Partition]) -> None:
        """See Ledger."""
        gone = {(domain, part) for part in parts}
        with self._state.lock:
            kept = [r for r in self._state.receipts if (r.domain, r.partition) not in gone]
            self._state.receipts = kept
            self._state.retired |= gone

    def retired(self, domain: str) -> frozenset[Partition]:
        """See Ledger."""
        return frozenset(part for of, part in self._state.retired if of == domain)

    # --- claims and publishes -------------------------------------------------------------------

    @contextmanager
    def claim(self, pipeline: str, parts: Sequence[Partition]) -> Iterator[Claims]:
        """See Ledger."""
        token = uuid.uuid4().hex
        held, refused = self._take(pipeline, parts, token)
        try:
            yield Claims(pipeline, token, tuple(held), refused)
        finally:
            self._release(token)

    def _release(self, token: str) -> None:
        """Free what is still held under the token, unless this owner was closed meanwhile."""
        if self._alive(self.owner):
            with self._state.lock:
                held = self._state.claims.items()
                self._state.claims = {key: c for key, c in held if c.token != token}

    def _take(
        self, pipeline: str, parts: Sequence[Partition], token: str
    ) -> tuple[list[Partition], dict[Partition, str]]:
        held: list[Partition] = []
        refused: dict[Partition, str] = {}
        with self._state.lock:
            now = self.clock()
            for part in parts:
                holder = self._state.claims.get((pipeline, part))
                if holder and holder.expires_at > now and self._alive(holder.owner):
                    refused[part] = f"owner {holder.owner}"
                    continue
                self._state.claims[pipeline, part] = Claim(self.owner, token, now + LEASE)
                held.append(part)
        return held, refused

    @contextmanager
    def publishing(
        self, claims: Claims, publishes: Sequence[Publish]
    ) -> Iterator[Callable[[str, str], None]]:
        """See Ledger."""
        with self._state.lock:
            self._check(claims, publishes)
            for publish in publishes:
                unsaid = replace(publish, published_at=None, snapshot_id="")
                version = Version(next(self._state.numbers), unsaid, self.owner)
                self._state.versions.append(version)
            done: dict[str, str] = {}
            self._publishing = True
            try:
                yield done.__setitem__
                self._end(publishes, done)
            finally:
                self._publishing = False

    def _end(self, publishes: Sequence[Publish], done: Mapping[str, str]) -> None:
        """Settle what was announced, unless this owner was closed meanwhile."""
        announced = {(p.commit_id, p.table) for p in publishes} if self._alive(self.owner) else ()
        for commit_id, table in announced:
            self.settle(commit_id, table, done.get(table))

    def _check(self, claims: Claims, publishes: Sequence[Publish]) -> None:
        held = {
            part for (_, part), claim in self._state.claims.items() if claim.token == claims.token
        }
        lost = sorted({p.partition for p in publishes} - held)
        if lost:
            raise ConflictError(
                f"{claims.pipeline}: lost the claim on {', '.join(lost[:3])} before publishing",
                hint="another run took over while this one was stopped; nothing was published",
            )

    def unsettled(self) -> Sequence[Publish]:
        """See Ledger."""
        mine = None if self._publishing else self.owner
        with self._state.lock:
            return [
                v.publish
                for v in self._state.versions
                if v.publish.published_at is None and (not self._alive(v.owner) or v.owner == mine)
            ]

    def settle(self, commit_id: str, table: str, snapshot_id: str | None) -> None:
        """See Ledger."""
        with self._state.lock:
            settled(self._state, (commit_id, table), snapshot=snapshot_id, now=self.clock())

    def current(
        self,
        tables: Sequence[str],
        parts: Sequence[Partition] | None = None,
        *,
        as_of: datetime | None = None,
    ) -> Mapping[str, Mapping[Partition, Publish]]:
        """See Ledger."""
        wanted = among(parts)
        found: dict[str, dict[Partition, Publish]] = {t: {} for t in tables}
        with self._state.lock:
            for (table, part), since in self._state.whole_since.items():
                if as_of and since > as_of and table in found and wanted(part):
                    raise ConfigError(f"{table} {part}: as of {as_of} is no longer kept")
            for p in (v.publish for v in self._state.versions):
                done = p.published_at is not None and (as_of is None or p.published_at <= as_of)
                if done and p.table in found and wanted(p.partition):
                    found[p.table][p.partition] = p
        return found

    def heads(
        self, tables: Sequence[str], parts: Sequence[Partition] | None = None
    ) -> Mapping[str, Mapping[Partition, tuple[str, str]]]:
        """See Ledger."""
        return {
            table: {part: (p.derivation, p.content) for part, p in published.items()}
            for table, published in self.current(tables, parts).items()
        }

    def history(self, table: str, part: Partition | None = None) -> Sequence[Publish]:
        """See Ledger."""
        with self._state.lock:
            published = [v.publish for v in self._state.versions if v.publish.published_at]
        return [p for p in reversed(published) if p.table == table and part in (None, p.partition)]

    def sizes(self) -> Mapping[str, Size]:
        """See Ledger."""
        with self._state.lock:
            return sizes(self._state)

    def forget(self, publishes: Sequence[Publish]) -> None:
        """See Ledger."""
        with self._state.lock:
            forgotten(self._state, publishes)

    @contextmanager
    def alone(self) -> Iterator[frozenset[str]]:
        """See Ledger."""
        with self._state.lock:
            yield frozenset(
                run.run_id
                for run, owner in self._state.runs.values()
                if run.status == "running" and self._alive(owner)
            )

    # --- runs -----------------------------------------------------------------------------------

    def record(self, runs: Sequence[Run]) -> None:
        """See Ledger."""
        with self._state.lock:
            for run in list(runs):
                self._state.runs[run.run_id] = (run, self.owner)
                if run.status != "running":
                    self._state.ends[run.run_id] = next(self._state.numbers)

    def runs(
        self,
        *,
        pipeline: str | None = None,
        part: Partition | None = None,
        run_id: str | None = None,
        limit: int = 50,
    ) -> Sequence[Run]:
        """See Ledger. A run whose owner was closed without a word is shown as failed."""
        found = [
            run
            for run in self._shown()
            if pipeline in (None, run.pipeline)
            and part in (None, run.partition)
            and run.run_id.startswith(run_id or "")
        ]
        return found[:limit]

    def ends(self, *, after: int, limit: int) -> Mapping[int, Run]:
        """See Ledger."""
        with self._state.lock:
            later = sorted((n, run_id) for run_id, n in self._state.ends.items() if n > after)
            return {n: self._state.runs[run_id][0] for n, run_id in later[:limit]}

    def last(self, pipeline: str) -> Mapping[Partition, Run]:
        """See Ledger."""
        found: dict[Partition, Run] = {}
        for run in self._shown():
            if run.pipeline == pipeline and run.status not in ("running", "stopped", "checked"):
                found.setdefault(run.partition, replace(run, report={}))
        return found

    def totals(self) -> Mapping[tuple[str, RunStatus], Total]:
        """See Ledger."""
        found: dict[tuple[str, RunStatus], Total] = {}
        for run, _ in list(self._state.runs.values()):
            if run.ended_at is not None:
                key = (run.pipeline, run.status)
                before = found.get(key, Total(0, 0.0))
                found[key] = Total(before.runs + 1, before.seconds + (run.seconds or 0.0))
        return found

    def _shown(self) -> list[Run]:
        """Every run as it stands, the newest to begin first."""
        with self._state.lock:
            recorded = list(reversed(self._state.runs.values()))
        return [
            replace(run, status="failed", message="the process ended without a word")
            if run.status == "running" and not self._alive(owner)
            else run
            for run, owner in recorded
        ]

    def _alive(self, owner: str) -> bool:
        return owner in self._state.alive
