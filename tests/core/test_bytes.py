"""Bytes of bronze files: unpacked, or refused where they cannot be the file."""

import gzip
import resource
from pathlib import Path

import pytest

from touchline.core.bytes import opened, text, unpacked
from touchline.errors import ContractError, StorageError

PLAIN = b"first\nsecond\n" * 1000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a"


def read(file: Path) -> bytes:
    with opened(file) as found:
        return found.read()


@pytest.mark.parametrize(
    "data", [PLAIN, gzip.compress(PLAIN), gzip.compress(b"") + gzip.compress(PLAIN)]
)
def test_a_file_is_read_as_what_it_holds(file: Path, data: bytes) -> None:
    file.write_bytes(data)

    assert read(file) == PLAIN
    with unpacked(file) as plain:
        assert plain.read_bytes() == PLAIN


def test_what_is_unpacked_for_an_engine_leaves_no_file_behind(file: Path, tmp_path: Path) -> None:
    file.write_bytes(gzip.compress(PLAIN))

    with unpacked(file) as plain:
        assert plain != file
        assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "a Git LFS pointer"),
        (gzip.compress(PLAIN)[:-1], "gzip cut off or damaged"),
        (gzip.compress(PLAIN)[:40], "gzip cut off or damaged"),
        (gzip.compress(PLAIN)[:10], "gzip cut off or damaged"),
        (gzip.compress(PLAIN)[:-8] + bytes(8), "CRC check failed"),
        (gzip.compress(PLAIN) + b"more", "gzip cut off or damaged"),
    ],
)
def test_what_cannot_be_the_file_is_refused(file: Path, data: bytes, said: str) -> None:
    file.write_bytes(data)

    with pytest.raises(ContractError, match=said) as refused:
        read(file)
    assert refused.value.hint
    with pytest.raises(ContractError, match=said), unpacked(file):
        pass


def test_no_room_to_unpack_is_a_storage_error(file: Path) -> None:
    file.write_bytes(gzip.compress(bytes(1 << 20)))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, hard))
    try:
        with pytest.raises(StorageError, match="File too large") as full, unpacked(file):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert "TMPDIR" in full.value.hint


def test_text_loses_its_byte_order_mark() -> None:
    assert text(b"\xef\xbb\xbf{}") == "{}"
    assert text(b"") == ""


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"ab\ncd\xe9f\n", "line 2: not UTF-8: 0xe9 at byte 3"),
        ("ab\n".encode("utf-16"), "line 1: not UTF-8: 0xff at byte 1"),
        ("ab\n".encode("utf-16-le"), "line 1: not UTF-8: 0x00 at byte 2"),
        ("ab\n".encode("utf-16-be"), "line 1: not UTF-8: 0x00 at byte 1"),
        (b"\xef\xbb\xbfa\xff", "line 1: not UTF-8: 0xff at byte 2"),
    ],
)
def test_what_is_not_utf8_is_refused_at_its_line_and_byte(data: bytes, said: str) -> None:
    with pytest.raises(ContractError) as refused:
        text(data)

    assert str(refused.value) == said


def test_lines_count_from_the_one_that_is_given() -> None:
    with pytest.raises(ContractError, match="line 41: not UTF-8"):
        text(b"x\n\xff", line=40)
