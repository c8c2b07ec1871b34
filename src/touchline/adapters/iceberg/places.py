"""Places on this machine as catalogs and tables write them, and back."""

from pathlib import Path

from sqlalchemy import URL, make_url

_SCHEME = "file://"
_CUT_OFF = ("#", "?")
"""What ends the path of a URL. No reader of tables knows escapes: they take it as it is written."""


def location(path: Path) -> str:
    """The path as a location: a URL, or the bare path where a URL would end too early."""
    written = str(path)
    return written if any(mark in written for mark in _CUT_OFF) else _SCHEME + written


def path_of(written: str) -> Path:
    """The path that `location` wrote."""
    return Path(written.removeprefix(_SCHEME))


def settings(catalog: Path, warehouse: Path) -> dict[str, str]:
    """A catalog in a SQLite file, whose tables are in the warehouse folder."""
    uri = URL.create("sqlite", database=str(catalog)).render_as_string()
    return {"type": "sql", "uri": uri, "warehouse": location(warehouse)}


def catalog_file(uri: str) -> Path | None:
    """The file that a catalog is in, None if it is in none."""
    url = make_url(uri)
    kept = url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}
    return Path(str(url.database)) if kept else None
