"""The configuration file as frozen types. Every key has a default that needs no server."""

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta

from touchline.errors import ConfigError

DEFAULT_FILE = Path("touchline.toml")

Domain = Literal["tracking", "activity"]
_SCHEMA = "^[a-z_][a-z0-9_]*$"
_PROVIDER_ID = "^[0-9]{1,18}$"
_CODE = "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
_MEMORY = "^[1-9][0-9]{0,6} ?[MGT]i?B$"
_CATALOG = "^sqlite:///.+"
_IN_WORDS = {
    _SCHEMA: "small letters, digits and _, no digit first",
    _PROVIDER_ID: "1 to 18 digits",
    _CODE: "1 to 64 letters, digits, _ and -, no _ or - first",
    _MEMORY: "a whole number from 1 on and its unit, such as 512MB or 2GB",
    _CATALOG: "sqlite:/// and the path of a file",
}

Schema = Annotated[str, Meta(pattern=_SCHEMA)]
ProviderId = Annotated[str, Meta(pattern=_PROVIDER_ID)]
Code = Annotated[str, Meta(pattern=_CODE)]
"""A code stands in paths and partitions: no separators, no dots."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the file; a key it does not know is an error that names its place."""


class Secret(Section, frozen=True):
    """The only form a secret has in the file: the name of an environment variable."""

    env: str

    def value(self) -> str:
        """The variable's value.

        Raises:
            ConfigError: It is not set, or empty.
        """
        found = os.environ.get(self.env, "")
        if not found:
            raise ConfigError(
                f"environment variable {self.env} is not set", hint=f"export {self.env}=..."
            )
        return found


class LocalObjects(Section, frozen=True, tag_field="kind", tag="local"):
    """Bronze and reports in a folder."""

    root: str = "data/objects"


class IcebergTables(Section, frozen=True, tag_field="kind", tag="iceberg"):
    """Silver and gold as Iceberg tables."""

    catalog: Annotated[str, Meta(pattern=_CATALOG)] = "sqlite:///data/catalog.db"
    warehouse: str = "data/warehouse"


class SqliteLedger(Section, frozen=True, tag_field="kind", tag="sqlite"):
    """The ledger in one file."""

    path: str = "data/ledger.db"


class Stores(Section, frozen=True):
    """Where things are kept."""

    objects: LocalObjects = LocalObjects()
    tables: IcebergTables = IcebergTables()
    ledger: SqliteLedger = SqliteLedger()


class Limits(Section, frozen=True):
    """How much of the machine one query takes."""

    memory: Annotated[str, Meta(pattern=_MEMORY)] = "1GB"


class Retention(Section, frozen=True):
    """Which earlier publishes stay readable: the last `publishes` of a partition, and `days`."""

    publishes: Annotated[int, Meta(ge=1)] = 5
    days: Annotated[int, Meta(ge=0, le=100_000)] = 7


class Due(Section, frozen=True):
    """When a pipeline's input is due; without a cron expression it never is."""

    cron: str = ""
    zone: str = "UTC"
    grace_minutes: Annotated[float, Meta(ge=0, le=100_000)] = 60.0
    day: Literal["same", "previous"] = "previous"

    def __post_init__(self) -> None:
        """Refuse what no clock knows."""
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError) as exc:
            raise ValueError(f"no time zone {self.zone!r}, expected such as Europe/Berlin") from exc
        if self.cron:
            _check_cron(self.cron)


def _check_cron(text: str) -> None:
    from datetime import UTC, datetime

    from cronsim import CronSim, CronSimError

    try:
        CronSim(text, datetime(2025, 1, 1, tzinfo=UTC))
    except CronSimError as exc:
        said = f"{text!r} is no cron expression: {exc}; expected such as '0 6 * * *'"
        raise ValueError(said) from exc
    if len(text.split()) != 5:
        raise ValueError(f"{text!r} has {len(text.split())} fields, expected five: '0 6 * * *'")


class Tracking(Section, frozen=True):
    """Thresholds of tracking that teams change."""

    competitions: dict[ProviderId, Code] = msgspec.field(default_factory=lambda: {"61": "aus1"})
    sprint_rule: Literal["default", "prototype"] = "default"
    min_sprint_kmh: Annotated[float, Meta(gt=0, le=100)] = 25.0
    min_sprint_s: Annotated[float, Meta(ge=0, le=60)] = 0.7
    max_rejected: Annotated[float, Meta(ge=0, le=1)] = 0.01
    max_outside_m: Annotated[float, Meta(ge=0, le=1000)] = 50.0
    due: Due = Due()


class Activity(Section, frozen=True):
    """Thresholds of activity's gate."""

    max_null_user: Annotated[float, Meta(ge=0, le=1)] = 0.03
    max_duplicates: Annotated[float, Meta(ge=0, le=1)] = 0.02
    max_rejected: Annotated[float, Meta(ge=0, le=1)] = 0.01
    due: Due = Due()


class Skillcorner(Section, frozen=True):
    """The provider's API; credentials come from the environment."""

    base_url: str = "https://skillcorner.com/api"
    username: Secret = Secret("SKILLCORNER_USERNAME")
    password: Secret = Secret("SKILLCORNER_PASSWORD")
    token: Secret = Secret("SKILLCORNER_TOKEN")


class Opendata(Section, frozen=True):
    """The provider's public repository."""

    base_url: str = "https://raw.githubusercontent.com/SkillCorner/opendata/master"
    lfs_url: str = "https://github.com/SkillCorner/opendata.git/info/lfs"


class Config(Section, frozen=True):
    """The whole file. `folder` is where relative paths start: the file's own folder."""

    stores: Stores = Stores()
    limits: Limits = Limits()
    retention: Retention = Retention()
    tracking: Tracking = Tracking()
    activity: Activity = Activity()
    skillcorner: Skillcorner = Skillcorner()
    opendata: Opendata = Opendata()
    aliases: dict[Schema, Domain] = msgspec.field(
        default_factory=lambda: {"traits_etl": "tracking", "prod_data_pipeline": "activity"}
    )
    folder: str = "."

    def place(self, path: str) -> Path:
        """An absolute path, relative ones being in `folder`."""
        return (Path(self.folder) / path).resolve()


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
        value = value.get(name) if isinstance(value, dict) else None
    of_many = place.endswith("[...]") or at.startswith("`key`")
    if of_many:
        key = next(k for k, v in value.items() if _is_refused(names, {k: v}))
        value = value[key] if place.endswith("[...]") else key
        place = f"{place.removesuffix('[...]')}.{key}"
    for pattern, words in _IN_WORDS.items():
        text = text.replace(f"`str` matching regex {pattern!r}", words)
    if text.startswith("Invalid"):
        text += f", expected {' or '.join(_choices(names, of_many=of_many))}"
    elif text.startswith("Expected") and names[:1] != ["skillcorner"]:
        text += f", seen {repr(value)[:80]}"
    return f"{place}: {text}"


def _is_refused(names: Sequence[str], value: object) -> bool:
    """Whether a file with nothing but this value at this place would be wrong."""
    for name in reversed(names):
        value = {name: value}
    try:
        msgspec.convert(value, Config)
    except msgspec.ValidationError:
        return True
    return False


def _choices(names: Sequence[str], *, of_many: bool) -> Sequence[str]:
    """The words that may stand at this place."""
    kind: Any = Config
    for name in names:
        if name == "kind":
            return [kind.__struct_config__.tag]
        kind = get_type_hints(kind)[name]
    found: Sequence[str] = get_args(get_args(kind)[1] if of_many else kind)
    return found


def _in_one_file(config: Config) -> Path | None:
    """The file that is both the ledger and the catalog, if there is one."""
    ledger = config.place(config.stores.ledger.path)
    catalog = config.place(config.stores.tables.catalog.partition(":///")[2])
    return ledger if ledger == catalog else None
