"""The four files of a match, recognised by their names and places."""

import gzip
import io
import resource
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from touchline.errors import ConfigError, ContractError, MissingInputError, StorageError
from touchline.tracking.source import files
from touchline.tracking.source.files import EVENTS, MATCH_JSON, PHASES, TRACKING, Recognised

NAMES = (MATCH_JSON, TRACKING, EVENTS, PHASES)


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    made = tmp_path / "landing"
    made.mkdir()
    return made


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    made = tmp_path / "scratch"
    made.mkdir()
    return made


def put(folder: Path, *names: str) -> None:
    for name in names:
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(name)


def zipped(path: Path, *names: str, data: bytes | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, name.encode() * 100 if data is None else data)
    return path


def known(found: list[Recognised]) -> list[tuple[str, str]]:
    return sorted((file.match_id, file.name) for file in found)


# --- folders and files --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        [f"7_{name}" for name in NAMES],
        [f"data/matches/7/7_{name}" for name in NAMES],
        [f"partition_date=2024-11-02/match_id=7/{name}" for name in NAMES],
        [f"7/{name}" for name in NAMES],
        [f"2024/7_{name}" for name in NAMES],
        ["7_match.json", "7_tracking.jsonl", "7_dynamic_events.csv", "7_phases_of_play.csv"],
        [f"7_{name}.gz" for name in NAMES],
    ],
)
def test_the_four_files_are_recognised_in_every_layout(
    landing: Path, scratch: Path, names: list[str]
) -> None:
    put(landing, *names)

    found, others = files.recognised([landing], scratch)

    assert known(found) == sorted(("7", name) for name in NAMES)
    assert sorted(str(f.path.relative_to(landing)) for f in found) == sorted(names)
    assert others == []


def test_files_of_several_matches_come_match_by_match(landing: Path, scratch: Path) -> None:
    put(landing, f"9_{EVENTS}", f"7/7_{TRACKING}", f"9/9_{MATCH_JSON}", f"7_{MATCH_JSON}")

    found, _ = files.recognised([landing], scratch)

    arrived = [(a.domain, a.partition, a.name) for a in files.arrivals(found)]
    assert arrived == [
        ("tracking", "match_id=7", MATCH_JSON),
        ("tracking", "match_id=7", TRACKING),
        ("tracking", "match_id=9", EVENTS),
        ("tracking", "match_id=9", MATCH_JSON),
    ]


def test_a_single_file_is_enough(landing: Path, scratch: Path) -> None:
    put(landing, f"7_{PHASES}", f"7_{EVENTS}")

    found, others = files.recognised([landing / f"7_{PHASES}"], scratch)

    assert known(found) == [("7", PHASES)]
    assert found[0].source == str(landing / f"7_{PHASES}")
    assert others == []


def test_other_files_and_hidden_ones_are_left_alone_and_named(landing: Path, scratch: Path) -> None:
    odd = ["readme.txt", f"._7_{MATCH_JSON}", f".7_{EVENTS}", "7_match.json.bak", "8_match.jsonl"]
    put(landing, f"7_{MATCH_JSON}", *odd)

    found, others = files.recognised([landing], scratch)

    assert known(found) == [("7", MATCH_JSON)]
    assert sorted(Path(o).name for o in others) == sorted(odd)


def test_finding_twice_finds_the_same(landing: Path, scratch: Path) -> None:
    put(landing, *(f"7_{name}" for name in NAMES))

    assert files.recognised([landing], scratch) == files.recognised([landing], scratch)


def test_a_path_that_is_not_there_is_named(landing: Path, scratch: Path) -> None:
    with pytest.raises(MissingInputError, match="no such file or folder") as missing:
        files.recognised([landing / "nothing"], scratch)

    assert str(landing / "nothing") in str(missing.value)


def test_a_folder_without_a_provider_file_is_missing_input(landing: Path, scratch: Path) -> None:
    put(landing, "notes.txt", "more/notes.txt")

    with pytest.raises(MissingInputError) as missing:
        files.recognised([landing], scratch)

    assert str(missing.value) == f"{landing}: none of tracking's four files among 2 files"
    assert "2017461_match.json" in missing.value.hint


# --- one name twice -----------------------------------------------------------------------------


def test_two_contents_of_one_name_are_refused_as_no_path_tells_the_later(
    landing: Path, scratch: Path
) -> None:
    put(landing, "7_tracking.jsonl", f"7_{TRACKING}")

    with pytest.raises(ContractError) as refused:
        files.recognised([landing], scratch)

    said = str(refused.value)
    assert said.startswith(f"match_id=7: two files are {TRACKING} and differ: ")
    assert {str(landing / "7_tracking.jsonl"), str(landing / f"7_{TRACKING}")} <= set(said.split())
    assert "one at a time, in the order in which they were issued" in refused.value.hint


def test_one_name_in_two_folders_with_two_contents_is_refused(landing: Path, scratch: Path) -> None:
    put(landing, f"a/7_{EVENTS}", f"b/7_{EVENTS}")
    (landing / f"b/7_{EVENTS}").write_text("other")

    with pytest.raises(ContractError, match=r"two files are dynamic_events\.csv and differ"):
        files.recognised([landing], scratch)


def test_the_same_content_twice_is_one_arrival(landing: Path, scratch: Path) -> None:
    put(landing, f"a/7_{EVENTS}", f"8_{EVENTS}")
    (landing / "b").mkdir()
    (landing / f"b/7_{EVENTS}").write_bytes((landing / f"a/7_{EVENTS}").read_bytes())
    packed = gzip.compress((landing / f"a/7_{EVENTS}").read_bytes())
    (landing / f"b/7_{EVENTS}.gz").write_bytes(packed)

    found, _ = files.recognised([landing, landing / "a"], scratch)

    assert known(found) == [("7", EVENTS), ("8", EVENTS)]
    assert len(list(files.arrivals(found))) == 2


def test_packed_files_that_are_damaged_alike_are_one_and_otherwise_two(
    landing: Path, scratch: Path
) -> None:
    packed = gzip.compress(b"7" * 1000)[:-8]
    for folder in ("a", "b"):
        put(landing, f"{folder}/7_{EVENTS}")
        (landing / folder / f"7_{EVENTS}").write_bytes(packed)
    assert len(files.recognised([landing], scratch)[0]) == 1

    (landing / f"b/7_{EVENTS}").write_bytes(packed[:-1])
    with pytest.raises(ContractError, match="differ"):
        files.recognised([landing], scratch)


# --- ids ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        f".._{MATCH_JSON}x/7_..7_{MATCH_JSON}",
        f"a7_{MATCH_JSON}",
        f"007_{MATCH_JSON}",
        f"{'9' * 19}_{MATCH_JSON}",
        f"7-8_{MATCH_JSON}",
        f"7 8_{MATCH_JSON}",
        f"7\\..\\8_{MATCH_JSON}",
        f"٧_{MATCH_JSON}",
        f"match_id=../{MATCH_JSON}",
        f"match_id=7..8/{MATCH_JSON}",
        f"match_id=x/{MATCH_JSON}",
    ],
)
def test_a_name_whose_id_is_none_is_refused_and_named(
    tmp_path: Path, scratch: Path, name: str
) -> None:
    given = zipped(tmp_path / "in.zip", name)

    with pytest.raises(ConfigError) as refused:
        files.recognised([given], scratch)

    assert f"{given}!{name}" in str(refused.value)
    assert list(scratch.rglob("*.json")) == []


def test_a_file_that_names_no_match_is_refused(landing: Path, scratch: Path) -> None:
    put(landing, f"some/{MATCH_JSON}")

    with pytest.raises(ConfigError, match="no match id in the file's or the folder's name"):
        files.recognised([landing], scratch)


def test_a_file_in_the_folder_of_another_match_is_refused(landing: Path, scratch: Path) -> None:
    put(landing, f"match_id=8/7_{MATCH_JSON}")

    with pytest.raises(ConfigError, match="match_id 7 in the file's name, 8 in the folder's"):
        files.recognised([landing], scratch)


# --- zips ---------------------------------------------------------------------------------------


def test_a_zip_is_read_like_the_folder_it_was_made_of(landing: Path, scratch: Path) -> None:
    names = [f"matches/7/7_{name}" for name in NAMES]
    given = zipped(landing / "all.zip", "matches/", *names, "matches/readme.txt")

    found, others = files.recognised([landing], scratch)

    assert known(found) == sorted(("7", name) for name in NAMES)
    for file in found:
        inside = file.source.removeprefix(f"{given}!")
        assert inside in names
        assert file.path.read_bytes() == inside.encode() * 100
    assert others == [f"{given}!matches/readme.txt"]


def test_two_zips_of_one_name_do_not_mix(landing: Path, scratch: Path) -> None:
    for match_id in ("7", "8"):
        zipped(landing / match_id / "in.zip", f"{match_id}_{MATCH_JSON}", data=match_id.encode())

    found, _ = files.recognised([landing], scratch)

    assert {f.match_id: f.path.read_text() for f in found} == {"7": "7", "8": "8"}


@pytest.mark.parametrize(
    "name", [f"../../7_{MATCH_JSON}", f"/tmp/7_{MATCH_JSON}", f"a/../7_{MATCH_JSON}"]
)
def test_no_name_leads_out_of_the_scratch_folder(tmp_path: Path, scratch: Path, name: str) -> None:
    given = zipped(tmp_path / "in.zip", name)

    (file,), _ = files.recognised([given], scratch)

    assert scratch in file.path.parents
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.zip", "scratch"]
    assert file.match_id == "7"


def test_what_a_mac_adds_to_a_zip_is_left_alone(tmp_path: Path, scratch: Path) -> None:
    given = zipped(tmp_path / "in.zip", f"7_{MATCH_JSON}", f"__MACOSX/._7_{MATCH_JSON}")

    found, others = files.recognised([given], scratch)

    assert known(found) == [("7", MATCH_JSON)]
    assert others == [f"{given}!__MACOSX/._7_{MATCH_JSON}"]


def _flipped(data: bytes, at: int, bits: int) -> bytes:
    return data[:at] + bytes([data[at] ^ bits]) + data[at + 1 :]


def _damaged(data: bytes, case: str) -> bytes:
    local, central = data.index(b"PK\x03\x04"), data.index(b"PK\x01\x02")
    match case:
        case "cut off":
            return data[:-30]
        case "not a zip":
            return b"hello"
        case "empty":
            return b""
        case "a damaged member":
            return _flipped(data, local + 30 + len(f"7_{MATCH_JSON}") + 5, 0xFF)
        case "another sum":
            return _flipped(data, central + 16, 0xFF)
        case "a name that is not what it says":
            return _flipped(_flipped(data, central + 46, 0x80), central + 9, 0x08)
    raise AssertionError(case)


@pytest.mark.parametrize(
    "case",
    ["cut off", "not a zip", "empty", "a damaged member", "another sum", "a name that is not what it says"],
)  # fmt: skip
def test_a_damaged_zip_is_refused_and_named(tmp_path: Path, scratch: Path, case: str) -> None:
    given = zipped(tmp_path / "in.zip", f"7_{MATCH_JSON}")
    given.write_bytes(_damaged(given.read_bytes(), case))

    with pytest.raises(ContractError) as refused:
        files.recognised([given], scratch)

    assert str(refused.value).startswith(f"{given}: not a whole zip file: ")
    assert refused.value.hint


def test_a_locked_zip_is_refused(tmp_path: Path, scratch: Path) -> None:
    given = zipped(tmp_path / "in.zip", f"7_{MATCH_JSON}")
    data = given.read_bytes()
    given.write_bytes(_flipped(_flipped(data, 6, 1), data.index(b"PK\x01\x02") + 8, 1))

    with pytest.raises(ContractError, match="locked with a password"):
        files.recognised([given], scratch)


def test_a_zip_packed_in_an_odd_way_is_refused(tmp_path: Path, scratch: Path) -> None:
    given = tmp_path / "in.zip"
    with zipfile.ZipFile(given, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr(f"7_{MATCH_JSON}", b"{}")

    with pytest.raises(ContractError, match="packed by method 12, expected 0"):
        files.recognised([given], scratch)


def test_a_zip_in_a_zip_is_refused(tmp_path: Path, scratch: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr(f"7_{MATCH_JSON}", b"{}")
    given = zipped(tmp_path / "in.zip", "more/inner.ZIP", data=inner.getvalue())

    with pytest.raises(ContractError) as refused:
        files.recognised([given], scratch)

    assert str(refused.value) == f"{given}!more/inner.ZIP: a zip in a zip"


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file of this process may grow beyond that many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_no_room_to_unpack_a_zip_is_a_storage_error(tmp_path: Path, scratch: Path) -> None:
    given = zipped(tmp_path / "in.zip", f"7_{MATCH_JSON}", data=bytes(1 << 20))

    with pytest.raises(StorageError, match="File too large") as full, room_for(1 << 16):
        files.recognised([given], scratch)

    assert full.value.hint


def test_members_are_unpacked_without_the_rights_they_ask_for(
    tmp_path: Path, scratch: Path
) -> None:
    given = tmp_path / "in.zip"
    with zipfile.ZipFile(given, "w") as archive:
        member = zipfile.ZipInfo(f"7_{MATCH_JSON}")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(member, "/etc/passwd")

    (file,), _ = files.recognised([given], scratch)

    assert not file.path.is_symlink()
    assert file.path.read_text() == "/etc/passwd"
