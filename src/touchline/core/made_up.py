"""Files of made-up input: what is there already is not written over."""

from pathlib import Path

from touchline.errors import ConfigError


def written(place: Path, text: str) -> Path:
    """The file holds the text; it may have done so before.

    Raises:
        ConfigError: Another file of that name is there already.
    """
    must_not_differ(place, text)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(text.encode())
    return place


def must_not_differ(place: Path, text: str) -> None:
    """Refuse a place where a file holds anything else."""
    if place.exists() and place.read_bytes() != text.encode():
        raise not_over(place, "is there, and is not what would be written")


def not_over(place: Path, said: str) -> ConfigError:
    """Why nothing is written there, and the way out."""
    return ConfigError(f"{place}: {said}", hint="give another folder, or delete it")
