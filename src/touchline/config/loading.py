"""The configuration file, read; what is wrong with it is told by place, expected and seen."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec

from touchline.config.sections import IN_WORDS, Config
from touchline.errors import ConfigError

_SECRET = (("skillcorner",), ("alerts",), ("server", "key"), ("stores", "log", "security"))
"""Places whose wrong values are not shown: somebody may have written a secret there."""

DEFAULT_FILE = Path("touchline.toml")
_INDEX = re.compile(r"\[(\d+)\]")


def load(path: Path | None) -> Config:
    """The configuration in this file; without a path, of ./touchline.toml if there is one.

    Raises:
        ConfigError: The file is missing, not TOML, or a key or value is not one of ours; or two keys
            contradict each other.
    """
    if path is None and not DEFAULT_FILE.exists():
        return Config(folder=str(Path.cwd()))
    file = path or DEFAULT_FILE
    read: dict[str, Any] = {}
    try:
        read = tomllib.loads(file.read_text(encoding="utf-8"))
        found = msgspec.convert({"folder": str(file.resolve().parent), **read}, Config)
    except FileNotFoundError as exc:
        raise ConfigError(f"{file}: no such file", hint="give --config an existing file") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        hint = "see https://toml.io, or docs/configuration.md for an example"
        raise ConfigError(f"{file}: not TOML: {exc}", hint=hint) from exc
    except msgspec.ValidationError as exc:
        raise ConfigError(
            f"{file}: {_wrong(read, str(exc))}",
            hint="docs/configuration.md lists every key with its default",
        ) from exc
    if shared := _in_one_file(found):
        raise ConfigError(
            f"{file}: $.stores.ledger.path and $.stores.tables.catalog: both are {shared}",
            hint="give the ledger and the catalog a file each: they would lock each other out",
        )
    return found


def _wrong(read: Mapping[str, Any], said: str) -> str:
    """Where the file is wrong, what is expected there, and what is seen, of the decoder's words."""
    text, _, at = said.partition(" - at ")
    place = at.removeprefix("`key` in ").strip("`") or "$"
    names = place.removesuffix("[...]").split(".")[1:]
    value: Any = read
    for name in names:
        key, *at_index = _INDEX.split(name)
        value = value.get(key) if isinstance(value, dict) else None
        value = value[int(at_index[0])] if at_index else value
    of_many = place.endswith("[...]") or at.startswith("`key`")
    if of_many:
        key = next(k for k, v in value.items() if _is_refused(names, {k: v}))
        value = value[key] if place.endswith("[...]") else key
        place = f"{place.removesuffix('[...]')}.{key}"
    for pattern, words in IN_WORDS.items():
        text = text.replace(f"`str` matching regex {pattern!r}", words)
    if "encoded date" in text:
        text = f"Expected a day such as 2025-01-31, seen {repr(value)[:80]}"
    elif text.startswith("Invalid"):
        text += f", expected {' or '.join(_choices(names, place, at))}"
    elif text.startswith("Expected") and not _is_secret(names):
        text += f", seen {repr(value)[:80]}"
    return f"{place}: {text}"


def _is_secret(names: Sequence[str]) -> bool:
    return any(tuple(names[: len(place)]) == place for place in _SECRET)


def _is_refused(names: Sequence[str], value: object) -> bool:
    """Whether a file with nothing but this value at this place would be wrong."""
    for name in reversed(names):
        value = {name: value}
    try:
        msgspec.convert(value, Config)
    except msgspec.ValidationError:
        return True
    return False


def _choices(names: Sequence[str], place: str, at: str) -> Sequence[str]:
    """The words that may stand at this place: as a key of a table, as a value in it, or alone."""
    kind: Any = Config
    for name in names:
        kinds = get_args(kind) or (kind,)
        if name == "kind":
            return [each.__struct_config__.tag for each in kinds]
        hints = {n: hint for each in kinds for n, hint in get_type_hints(each).items()}
        kind = hints[name]
    if at.startswith("`key`"):
        kind = get_args(kind)[0]
    elif len(place.split(".")) > len(names) + 1:
        kind = get_args(kind)[1]
    found: Sequence[str] = get_args(kind)
    return found


def _in_one_file(config: Config) -> Path | None:
    """The file that is both the ledger and the catalog, if there is one."""
    ledger = config.place(config.stores.ledger.path)
    catalog = config.place(config.stores.tables.catalog.partition(":///")[2])
    return ledger if ledger == catalog else None
