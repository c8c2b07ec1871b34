"""ingest: the provider's layout, the landing layout, zips and packed files; what it refuses."""

import gzip
import json
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from limited import without_override
from world import EVENTS, MATCH, PHASES, TRACKING, Files, World, files

NAMES = (MATCH, TRACKING, EVENTS, PHASES)


def folder_of(files_: Files, folder: Path, name: Callable[[str], str]) -> Path:
    for logical, data in files_.items():
        path = folder / name(logical)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def zipped(files_: Files, path: Path, name: Callable[[str], str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for logical, data in files_.items():
            archive.writestr(name(logical), data)
    return path


def by_provider(logical: str) -> str:
    return f"data/matches/1/1_{logical}"


def by_day(logical: str) -> str:
    return f"partition_date=2024-11-02/match_id=1/{logical}"


def counts(world: World, *paths: Path) -> dict[str, object]:
    (row,) = world.well("ingest", "tracking", *paths, "--json").rows
    return {name: row[name] for name in ("new", "re-issued", "unchanged", "missing")}


ALL_NEW = {"new": 4, "re-issued": 0, "unchanged": 0, "missing": None}
ALL_KNOWN = {"new": 0, "re-issued": 0, "unchanged": 4, "missing": None}


LAYOUTS: dict[str, Callable[[Path], Path]] = {
    "the provider's repository": lambda at: folder_of(files(1), at, by_provider),
    "the landing folder": lambda at: folder_of(files(1), at, by_day),
    "a zip of the repository": lambda at: zipped(files(1), at / "a.zip", by_provider),
    "a zip of the landing folder": lambda at: zipped(files(1), at / "a.zip", by_day),
    "a folder with a zip in it": lambda at: zipped(files(1), at / "x/a.zip", by_day).parent,
    "a flat folder": lambda at: folder_of(files(1), at, lambda n: f"1_{n}"),
    "tracking.jsonl as its short name": lambda at: folder_of(
        files(1), at, lambda n: by_day(n.replace("_extrapolated", ""))
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_brings_the_same_bytes_of_the_same_match(empty: World, layout: str) -> None:
    reference = empty.folder / "reference"
    folder_of(files(1), reference, by_provider)

    first = counts(empty, LAYOUTS[layout](empty.folder / "given"))
    again = counts(empty, reference)

    assert first == ALL_NEW
    assert again == ALL_KNOWN


def test_the_landing_layout_and_packed_files_give_the_same_tables(
    empty: World, published: World
) -> None:
    packed = {f"{name}.gz": gzip.compress(data, 1) for name, data in files(1).items()}
    folder_of(packed, empty.folder / "given", by_day)

    empty.well("ingest", "tracking", "given")
    empty.well("run")

    assert empty.contents(1) == published.contents(1)


def test_a_missing_file_is_named(empty: World) -> None:
    given = files(1)
    del given[PHASES]

    assert counts(empty, empty.put(given)) == {
        "new": 3, "re-issued": 0, "unchanged": 0, "missing": PHASES,
    }  # fmt: skip


def test_other_content_under_the_same_name_is_a_reissue_and_both_stay(empty: World) -> None:
    empty.ingest(files(1))

    again = counts(empty, empty.put(files(1, version=2)))

    assert again == {"new": 0, "re-issued": 2, "unchanged": 2, "missing": None}
    stored = list((empty.data / "objects/objects").rglob("*"))
    assert len([f for f in stored if f.is_file()]) == 6


def test_every_receipt_has_a_manifest_with_the_sha256_of_its_bytes(empty: World) -> None:
    empty.ingest(files(1))

    (manifest,) = (empty.data / "objects/manifests/tracking/match_id=1").iterdir()
    receipts = json.loads(manifest.read_bytes())

    assert {r["name"] for r in receipts} == set(NAMES)
    for receipt in receipts:
        held = (empty.data / "objects" / receipt["path"]).read_bytes()
        assert held == files(1)[receipt["name"]]
        assert receipt["path"].endswith(receipt["sha256"])
        assert receipt["size"] == len(held)


def test_files_of_others_are_left_alone_and_mentioned(empty: World) -> None:
    folder = empty.put(files(1))
    (folder / "README.txt").write_text("hello")

    ended = empty.well("ingest", "tracking", folder)

    assert "left alone, as not tracking's: 1 file, such as" in ended.err
    assert "README.txt" in ended.err


def test_zips_of_one_name_in_two_folders_are_kept_apart(empty: World) -> None:
    for match_id in (1, 2):
        place = empty.folder / f"given/{match_id}/files.zip"
        zipped(files(match_id), place, lambda n, i=match_id: f"{i}_{n}")  # type: ignore[misc]

    empty.well("ingest", "tracking", "given")

    held = empty.asked("SELECT partition, sha256 FROM receipts WHERE name = ?", TRACKING)
    wanted = {f"match_id={i}": sha256(files(i)[TRACKING]).hexdigest() for i in (1, 2)}
    assert dict(held) == wanted


def test_several_paths_are_landed_at_once(empty: World) -> None:
    paths = [empty.put(files(match_id), match_id) for match_id in (1, 2, 3)]

    rows = empty.well("ingest", "tracking", *paths, "--json").rows

    assert [row["partition"] for row in rows] == ["match_id=1", "match_id=2", "match_id=3"]
    assert {row["new"] for row in rows} == {4}


# --- refused: right exit code, and nothing landed


def strange_id(folder: Path) -> Path:
    return folder_of({"x": b"{}"}, folder, lambda _: "1..2_match.json")


def word_as_id(folder: Path) -> Path:
    return folder_of({"x": b"{}"}, folder, lambda _: "match_id=final/match.json")


def way_out_in_zip(folder: Path) -> Path:
    return zipped({"x": b"{}"}, folder / "a.zip", lambda _: "../../../match_id=../match.json")


def separator_in_zip(folder: Path) -> Path:
    return zipped({"x": b"{}"}, folder / "a.zip", lambda _: "1\\2_match.json")


def no_id(folder: Path) -> Path:
    return folder_of({"x": b"{}"}, folder, lambda _: "match.json")


def broken_zip(folder: Path) -> Path:
    path = zipped(files(1), folder / "a.zip", by_day)
    path.write_bytes(path.read_bytes()[:-40])
    return path


def damaged_zip(folder: Path) -> Path:
    path = zipped(files(1), folder / "a.zip", by_day)
    data = bytearray(path.read_bytes())
    data[2000:2100] = bytes(100)
    path.write_bytes(data)
    return path


def no_tracking_files(folder: Path) -> Path:
    return folder_of({"x": b"1"}, folder, lambda _: "notes.txt")


def empty_folder(folder: Path) -> Path:
    folder.mkdir()
    return folder


REFUSED: dict[str, tuple[Callable[[Path], Path], int, tuple[str, ...]]] = {
    "two dots in an id": (strange_id, 2, ("1..2", "is not a whole number")),
    "a word as an id": (word_as_id, 2, ("final", "not a whole number")),
    "a way out as an id": (way_out_in_zip, 2, ("match_id", "'..'")),
    "a separator in an id": (separator_in_zip, 2, ("match_id", "1\\\\2")),
    "no id at all": (no_id, 2, ("no match id in the file's or the folder's name",)),
    "a zip that is cut off": (broken_zip, 3, ("a.zip", "not a whole zip file")),
    "a zip that is damaged": (damaged_zip, 3, ("a.zip", "not a whole zip file")),
    "no file of the provider": (
        no_tracking_files,
        4,
        ("none of tracking's four files among 1 file",),
    ),
    "an empty folder": (empty_folder, 4, ("given", "among 0 files")),
    "a path that is not there": (
        lambda at: at / "nowhere",
        2,
        ("nowhere", "no such file or folder"),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_landed_is_refused_and_nothing_of_it_stays(empty: World, case: str) -> None:
    make, code, said = REFUSED[case]
    given = make(empty.folder / "given")
    before, outside = empty.everything(), set(empty.folder.parent.iterdir())

    ended = empty.do("ingest", "tracking", given)

    assert (ended.code, "Traceback" in ended.err) == (code, False), ended.err
    assert all(words in ended.error for words in said), ended.error
    assert empty.everything() == before
    assert set(empty.folder.parent.iterdir()) == outside


def test_bad_entries_are_each_told_and_the_good_ones_are_landed(empty: World) -> None:
    for match_id in (1, 2):
        empty.put(files(match_id), match_id)
    broken_zip(empty.landing / "late")
    folder_of({"x": b"{}"}, empty.landing, lambda _: "match_id=../match.json")

    ended = empty.do("ingest", "tracking", empty.landing, "--json")

    assert ended.code == 3
    assert {row["partition"]: row["new"] for row in ended.rows} == {
        "match_id=1": 4, "match_id=2": 4,
    }  # fmt: skip
    zipped_, named = sorted(ended.error.splitlines())
    assert "late/a.zip: not a whole zip file" in zipped_
    assert "match_id=../match.json: match_id '..' is not a whole number" in named
    assert empty.well("ingest", "tracking", empty.put(files(1)), "--json").rows[0]["unchanged"] == 4


def test_a_path_that_is_not_there_lets_none_in(empty: World) -> None:
    ended = empty.do("ingest", "tracking", empty.put(files(1)), "nowhere")

    assert ended.code == 2
    assert str(empty.folder) in ended.hint
    assert not (empty.data / "objects").exists()


def test_two_files_that_differ_keep_their_match_out_and_no_other(empty: World) -> None:
    empty.put(files(2), 2)
    folder_of(files(1), empty.landing / "first", by_provider)
    folder_of(files(1, version=2), empty.landing / "second", by_provider)

    ended = empty.do("ingest", "tracking", empty.landing, "--json")

    assert ended.code == 3
    assert [row["partition"] for row in ended.rows] == ["match_id=2"]
    assert "match_id=1: two files are dynamic_events.csv and differ" in ended.error


def test_a_file_that_lies_twice_is_landed_once_beside_a_bad_entry(empty: World) -> None:
    for folder in ("first", "second"):
        folder_of(files(1), empty.landing / folder, by_provider)
    broken_zip(empty.landing / "late")

    ended = empty.do("ingest", "tracking", empty.landing, "--json")

    assert ended.code == 3
    assert [(row["partition"], row["new"]) for row in ended.rows] == [("match_id=1", 4)]


def test_a_file_that_may_not_be_read_is_named(empty: World) -> None:
    folder = empty.put(files(1))
    closed = folder / f"1_{EVENTS}"
    closed.chmod(0)

    ended = empty.apart("ingest", "tracking", folder, preexec_fn=without_override)

    assert ended.code == 7
    assert str(closed) in ended.error
    assert "Permission denied" in ended.error
    assert empty.well("status", "--json").rows == []


def test_a_folder_that_may_not_be_read_is_an_error_not_an_empty_folder(empty: World) -> None:
    empty.put(files(1), 1)
    closed = empty.put(files(2), 2)
    closed.chmod(0)

    ended = empty.apart("ingest", "tracking", empty.landing, preexec_fn=without_override)

    assert ended.code == 7
    assert str(closed) in ended.error
    assert landed(empty) == {"match_id=1"}


def landed(world: World) -> set[str]:
    return {row["partition"] for row in world.well("status", "--json").rows}


@pytest.mark.parametrize("packed", [False, True], ids=["a file", "a zip"])
def test_what_may_not_be_read_keeps_its_own_match_out_and_no_other(
    empty: World, packed: bool
) -> None:
    given = [empty.put(files(match_id), match_id) for match_id in (1, 2, 3)]
    closed = given[1] / f"2_{EVENTS}"
    if packed:
        closed = zipped(files(4), given[1] / "4.zip", lambda name: f"4_{name}")
    closed.chmod(0)

    ended = empty.apart("ingest", "tracking", *given, preexec_fn=without_override)

    assert (ended.code, "Traceback" in ended.err) == (7, False), ended.err
    assert f"{closed}: Permission denied" in ended.error
    assert landed(empty) == {"match_id=1", "match_id=3"} | ({"match_id=2"} if packed else set())


def test_a_member_whose_name_is_none_keeps_no_other_member_of_its_zip_out(empty: World) -> None:
    named = {f"1_{name}": data for name, data in files(1).items()}
    given = zipped({**named, "match_id=../match.json": b"{}"}, empty.folder / "a.zip", str)

    ended = empty.do("ingest", "tracking", given, "--json")

    assert (ended.code, [row["new"] for row in ended.rows]) == (2, [4])
    assert "a.zip!match_id=../match.json: match_id '..' is not a whole number" in ended.error


def test_a_damaged_member_keeps_its_own_match_out_and_no_other(empty: World) -> None:
    held = {f"{i}_{name}": data for i in (1, 2) for name, data in files(i).items()}
    given = zipped(held, empty.folder / "a.zip", str)
    data = bytearray(given.read_bytes())
    data[2000:2100] = bytes(100)
    given.write_bytes(data)

    ended = empty.do("ingest", "tracking", given, "--json")

    assert (ended.code, [row["partition"] for row in ended.rows]) == (3, ["match_id=2"])
    assert "a.zip: not a whole zip file" in ended.error


def test_two_zips_that_differ_in_a_match_keep_it_out_and_no_other_that_they_share(
    empty: World,
) -> None:
    for number in (1, 2):
        held = {f"1_{name}": data for name, data in files(1, version=number).items()}
        held |= {f"2_{name}": data for name, data in files(2).items()}
        zipped(held, empty.landing / f"{number}.zip", str)

    ended = empty.do("ingest", "tracking", empty.landing, "--json")

    assert ended.code == 3
    assert {row["partition"]: row["new"] for row in ended.rows} == {"match_id=2": 4}
    assert "match_id=1: two files are tracking_extrapolated.jsonl and differ" in ended.error


def test_what_is_neither_a_file_nor_a_folder_is_wrong_use(empty: World) -> None:
    ended = empty.do("ingest", "tracking", "/dev/null")

    assert (ended.code, ended.error) == (2, "/dev/null: neither a file nor a folder")
    assert ended.hint


def test_an_id_below_zero_is_told_what_an_id_is(empty: World) -> None:
    (empty.folder / "-5_match.json").write_bytes(b"{}")

    ended = empty.do("ingest", "tracking", "./-5_match.json")

    assert ended.code == 2
    assert ended.error.endswith("match_id '-5' is not a whole number of 1 to 18 digits")
    assert "2017461_match.json" in ended.hint


def test_a_folder_of_another_day_than_the_kick_off_is_said(empty: World) -> None:
    folder = empty.folder / "landing/partition_date=2024-11-30/match_id=1"
    folder.mkdir(parents=True)
    for name, data in files(1).items():
        (folder / name).write_bytes(data)
    said = empty.well("ingest", "tracking", empty.folder / "landing").err
    assert "2024-11-30" in said
    assert "2024-11-02" in said
