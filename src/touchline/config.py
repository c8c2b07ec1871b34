"""The configuration file as frozen types. Every key has a default that needs no server."""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from touchline.errors import ConfigError

DEFAULT_FILE = Path("touchline.toml")

Domain = Literal["tracking", "activity"]
Schema = Annotated[str, Meta(pattern="^[a-z_][a-z0-9_]*$")]
ProviderId = Annotated[str, Meta(pattern="^[0-9]{1,18}$")]
Code = Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
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

    catalog: Annotated[str, Meta(pattern=r"^sqlite:///.+")] = "sqlite:///data/catalog.db"
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

    memory: Annotated[str, Meta(pattern=r"^[0-9]+ ?[KMGT]i?B$")] = "1GB"


class Retention(Section, frozen=True):
    """Which earlier publishes stay readable: the last `publishes` of a partition, and `days`."""

    publishes: Annotated[int, Meta(ge=1)] = 5
    days: Annotated[int, Meta(ge=0, le=100_000)] = 7


class Tracking(Section, frozen=True):
    """Thresholds of tracking that teams change."""

    competitions: dict[ProviderId, Code] = msgspec.field(default_factory=lambda: {"61": "aus1"})
    sprint_rule: Literal["default", "prototype"] = "default"
    min_sprint_kmh: Annotated[float, Meta(gt=0, le=100)] = 25.0
    min_sprint_s: Annotated[float, Meta(ge=0, le=60)] = 0.7
    max_rejected: Annotated[float, Meta(ge=0, le=1)] = 0.01
    max_outside_m: Annotated[float, Meta(ge=0, le=1000)] = 50.0


class Activity(Section, frozen=True):
    """Thresholds of activity's gate."""

    max_null_user: Annotated[float, Meta(ge=0, le=1)] = 0.03
    max_duplicates: Annotated[float, Meta(ge=0, le=1)] = 0.02
    max_rejected: Annotated[float, Meta(ge=0, le=1)] = 0.01


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
            f"{file}: {exc}", hint="docs/configuration.md lists every key with its default"
        ) from exc
    if shared := _in_one_file(found):
        raise ConfigError(
            f"{file}: $.stores.ledger.path and $.stores.tables.catalog: both are {shared}",
            hint="give the ledger and the catalog a file each: they would lock each other out",
        )
    return found


def _in_one_file(config: Config) -> Path | None:
    """The file that is both the ledger and the catalog, if there is one."""
    ledger = config.place(config.stores.ledger.path)
    catalog = config.place(config.stores.tables.catalog.partition(":///")[2])
    return ledger if ledger == catalog else None
