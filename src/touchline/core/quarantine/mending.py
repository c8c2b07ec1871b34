"""To mend rejected rows, or to let them go: what is said of them arrives in bronze."""

import csv
import io
import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from touchline.core.landing import Arrival, land
from touchline.core.pipeline import Bronze, Pipeline
from touchline.core.pipeline.job import Platform
from touchline.core.ports import Partition, Receipt
from touchline.core.quarantine.mends import Mend, Mends, decoded, encoded, mended, name_of
from touchline.core.quarantine.rejected import Rejected, lines_of, origin
from touchline.core.wording import counted
from touchline.errors import ConfigError, ConflictError, ContractError

_AS_IT_IS = "nothing was said of any line; give another text, or discard the line"

_WHOLE = "give the whole line with --row, or let it go with touchline quarantine discard"

Change = Callable[[str, str], str | None]
"""A line as it arrived, and its file's header, "" if it is no CSV -> the text in its place; None lets it go."""


def mend(
    rows: Sequence[Rejected],
    change: Change,
    pipeline: Pipeline,
    *,
    platform: Platform,
    because: str,
    first: Callable[[], None] = lambda: None,
) -> list[Partition]:
    """The partitions that the next run makes again, with other text in place of these rows' lines.

    What was said of other lines of the same files holds on; of these lines the newest word counts.
    All files are looked at before anything is said of the first; `first` is done in between.

    Raises:
        ConfigError: A change leaves a line as it is, makes several lines of it, or a line that
            the file's decoder rejects.
        MissingInputError: A row came from no line of a file that counts.
        ConflictError: Somebody else is mending rows of the same partition.
    """
    by_file: dict[tuple[Partition, str], dict[int, str | None]] = defaultdict(dict)
    for (part, sha256), same in _by_file(rows).items():
        bronze, receipt = origin(same[0], pipeline, platform)
        numbers = [row.line for row in same if row.line]
        lines = lines_of(receipt, bronze, numbers, platform=platform)
        header = lines[1] if receipt.name.endswith(".csv") else ""
        for number in numbers:
            by_file[part, sha256][number] = _changed(change, lines[number], header)
        _must_be_read(bronze, receipt, by_file[part, sha256], platform=platform)
    parts = sorted({part for part, _ in by_file})
    with platform.ledger.claim(f"mend {pipeline.name}", parts) as claims:
        for part, holder in claims.refused.items():
            raise ConflictError(f"{part}: {holder} is mending rows of it", hint="run again")
        first()
        for (part, sha256), changed in by_file.items():
            _said(part, sha256, changed, pipeline=pipeline, platform=platform, because=because)
    return parts


def _by_file(rows: Sequence[Rejected]) -> dict[tuple[Partition, str], list[Rejected]]:
    found: dict[tuple[Partition, str], list[Rejected]] = defaultdict(list)
    for row in rows:
        found[row.partition, row.sha256].append(row)
    return found


def _changed(change: Change, line: str, header: str) -> str | None:
    new = change(line, header)
    if new == line:
        raise ConfigError(f"nothing would change: {line[:200]}", hint="give another text or rule")
    if new is not None and (len(new.splitlines()) != 1 or not new.strip()):
        raise ConfigError(f"expected one line, seen {len(new.splitlines())}: {new[:200]!r}")
    return new


def _must_be_read(
    bronze: Bronze, receipt: Receipt, changed: Mapping[int, str | None], *, platform: Platform
) -> None:
    """Refuse texts with which the file's own decoder rejects the line, or the whole file."""
    texts = {number: row for number, row in changed.items() if row is not None}
    if not texts:
        return
    mends = _before(receipt.domain, receipt.partition, receipt.sha256, platform=platform)
    now = {number: Mend(row, "", platform.clock()) for number, row in texts.items()}
    whole = Mends(receipt.sha256, {**mends.lines, **now})
    with (
        platform.objects.local(receipt.path) as path,
        mended(path, whole, counts_blank=bronze.counts_blank) as file,
    ):
        try:
            rejected = bronze.decode(file).rejected
        except ContractError as exc:
            raise ConfigError(
                f"{receipt.name} cannot be read with it: {exc}", hint=_AS_IT_IS
            ) from exc
    for row in rejected.iter_rows(named=True):
        if row["line"] in texts:
            said = f"line {row['line']} would still be rejected: {row['reason']}"
            raise ConfigError(f"{said}: {texts[row['line']][:200]}", hint=_AS_IT_IS)


def _before(domain: str, part: Partition, sha256: str, *, platform: Platform) -> Mends:
    """What was said of lines of this content so far."""
    found = platform.ledger.arrivals(domain, [part]).get(part, {}).get(name_of(sha256))
    return decoded(platform.objects.read(found.path)) if found else Mends(sha256)


def _said(
    part: Partition,
    sha256: str,
    changed: Mapping[int, str | None],
    *,
    pipeline: Pipeline,
    platform: Platform,
    because: str,
) -> None:
    """What is said of these lines, beside what was said of others, lands in bronze."""
    name, now = name_of(sha256), platform.clock()
    said = _before(pipeline.name, part, sha256, platform=platform)
    new = {number: Mend(row, because, now) for number, row in changed.items()}
    mends = Mends(sha256, {**said.lines, **new})
    with tempfile.TemporaryDirectory(prefix="touchline-") as scratch:
        file = Path(scratch) / "mends.json"
        file.write_bytes(encoded(mends))
        arrival = Arrival(pipeline.name, part, name, file, f"touchline quarantine: {because}")
        list(land([arrival], objects=platform.objects, ledger=platform.ledger, now=now))


# --- changes ------------------------------------------------------------------------------------


def discarded(_line: str, _header: str) -> None:
    """The line is let go."""


def replaced(old: str, new: str) -> Change:
    """A part of the line's text is another."""
    return lambda line, _: line.replace(old, new)


def with_fields(fields: Mapping[str, str]) -> Change:
    """Fields of the line have other values: of its JSON object, or of its columns in a CSV file."""

    def change(line: str, header: str) -> str:
        if header:
            return _with_columns(line, header, fields)
        return json.dumps({**_object(line), **{k: _value(v) for k, v in fields.items()}})

    return change


def _object(line: str) -> dict[str, Any]:
    try:
        whole = json.loads(line)
    except json.JSONDecodeError as exc:
        raise ConfigError(f"the line is no JSON ({exc}): {line[:200]}", hint=_WHOLE) from exc
    if not isinstance(whole, dict):
        raise ConfigError(f"no JSON object, whose fields could be set: {line[:200]}", hint=_WHOLE)
    return whole


def _value(text: str) -> Any:
    """A value as JSON, such as 3, null or "3"; else the text itself."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _with_columns(line: str, header: str, fields: Mapping[str, str]) -> str:
    names, values = (next(csv.reader([text])) for text in (header, line))
    unknown = [name for name in fields if name not in names]
    if unknown:
        near = get_close_matches(unknown[0], names, 1)
        hint = f"did you mean {near[0]}?" if near else "its first line names them"
        raise ConfigError(f"no column {', '.join(unknown)} in the file", hint=hint)
    if len(values) != len(names):
        said = f"{counted(len(values), 'field')}, expected {len(names)}: {line[:200]}"
        raise ConfigError(said, hint=_WHOLE)
    out = io.StringIO()
    changed = [fields.get(name, value) for name, value in zip(names, values, strict=True)]
    csv.writer(out, lineterminator="").writerow(changed)
    return out.getvalue()
