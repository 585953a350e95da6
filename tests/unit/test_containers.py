from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from etl import sources
from etl.errors import DumpError
from etl.reading import containers
from etl.reading.containers import is_plain, members
from etl.settings import Limits
from etl.sources.base import Head
from etl.steps.ingest import read_heads
from tests.factories import daily, daily_row

CONTENT = daily(daily_row(number) for number in range(1, 60))


def tarred(data: bytes, name: str = "2025-06-10.json") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zipped(data: bytes, name: str = "2025-06-10.json") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


FORMATS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "gz of two members": lambda data: gzip.compress(data[:500]) + gzip.compress(data[500:]),
    "bz2": bz2.compress,
    "bz2 of two streams": lambda data: bz2.compress(data[:500]) + bz2.compress(data[500:]),
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor().compress,
    "zst of two frames": lambda data: b"".join(map(zstandard.ZstdCompressor().compress, (data[:500], data[500:]))),
    "zip": zipped,
    "tar": tarred,
    "tar.gz": lambda data: gzip.compress(tarred(data)),
    "tar.zst": lambda data: zstandard.ZstdCompressor(write_checksum=True).compress(tarred(data)),
    "tar.gz stored": lambda data: gzip.compress(tarred(data), 0),
    "gz in zip": lambda data: zipped(gzip.compress(data), "2025-06-10.json.gz"),
    "gz in tar": lambda data: tarred(gzip.compress(data), "2025-06-10.json.gz"),
}


def read(path: Path) -> dict[str, bytes]:
    return {member.name: member.stream.read() for member in members(path, Limits())}


@pytest.fixture
def dump(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(data: bytes) -> Path:
        path = tmp_path / "dump"
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize("name", FORMATS)
def test_every_container_gives_the_content(name: str, dump: Callable[[bytes], Path]) -> None:
    path = dump(FORMATS[name](CONTENT))
    assert list(read(path).values()) == [CONTENT]
    assert not is_plain(path)
    assert list(read_heads(path, "any name", Limits())) == ["hf_daily"]


def test_plain_bytes_pass_through(dump: Callable[[bytes], Path]) -> None:
    path = dump(CONTENT)
    assert read(path) == {"": CONTENT}
    assert is_plain(path)


def test_zeros_after_a_gzip_member_are_padding(dump: Callable[[bytes], Path]) -> None:
    assert read(dump(gzip.compress(CONTENT) + b"\x00" * 512)) == {"": CONTENT}


def is_refused(path: Path) -> bool:
    """Whether a dump is broken as a container, or shows no source after all."""
    try:
        return all(not sources.recognise(Head(data, name)) for name, data in read(path).items())
    except DumpError:
        return True


def is_refused_or_whole(path: Path) -> bool:
    """A tar file may have lost some of the empty blocks behind its last member, and nothing else."""
    return is_refused(path) or list(read(path).values()) == [CONTENT]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("part", [0.02, 0.25, 0.5, 0.75, 0.97])
def test_a_container_cut_short_is_refused(name: str, part: float, dump: Callable[[bytes], Path]) -> None:
    whole = FORMATS[name](CONTENT)
    path = dump(whole[: int(len(whole) * part)])
    assert is_refused_or_whole(path) if name in ("tar", "gz in tar") else is_refused(path)


@pytest.mark.parametrize("lost", [1, 4, 8])
@pytest.mark.parametrize(
    "name", ["gz", "gz of two members", "bz2", "xz", "zst", "zip", "tar.gz", "gz in zip", "gz in tar"]
)
def test_a_container_that_lacks_its_last_bytes_is_refused(name: str, lost: int, dump: Callable[[bytes], Path]) -> None:
    whole = FORMATS[name](CONTENT)
    if name == "gz in tar":
        inner = gzip.compress(CONTENT)[:-lost]
        assert is_refused(dump(tarred(inner, "2025-06-10.json.gz")))
    else:
        assert is_refused(dump(whole[:-lost]))


SUMMED = ["gz", "bz2", "xz", "zip", "tar.gz", "tar.gz stored", "gz in zip"]


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0x40]) + data[middle + 1 :]


@pytest.mark.parametrize("name", ["gz", "bz2", "xz", "zip", "tar.gz", "tar.gz stored", "gz in zip"])
def test_a_flipped_bit_is_refused_with_a_reason(name: str, dump: Callable[[bytes], Path]) -> None:
    path = dump(flipped(FORMATS[name](CONTENT)))
    with pytest.raises(DumpError) as raised:
        read(path)
    assert raised.value.reason in ("corrupt_compression", "corrupt_archive", "truncated")


@pytest.mark.parametrize("name", SUMMED)
def test_looking_at_a_broken_container_raises_nothing(name: str, dump: Callable[[bytes], Path]) -> None:
    whole = FORMATS[name](CONTENT)
    for data in (flipped(whole), whole[: len(whole) // 2], whole[:30]):
        assert set(read_heads(dump(data), "any name", Limits())) <= {"hf_daily"}


def test_hidden_members_and_folders_are_passed_over(dump: Callable[[bytes], Path]) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("b/2.json", "a/1.json", "__MACOSX/a/._1.json", ".hidden/3.json", "c/.DS_Store", "folder/"):
            archive.writestr(name, b"" if name.endswith("/") else name.encode())
    assert read(dump(buffer.getvalue())) == {"a/1.json": b"a/1.json", "b/2.json": b"b/2.json"}


def test_an_archive_is_never_unpacked(dump: Callable[[bytes], Path], tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind in (
            ("link", tarfile.SYMTYPE),
            ("device", tarfile.CHRTYPE),
            ("../../escaped.json", tarfile.REGTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, "/etc/passwd", 2 if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(b"[]") if info.size else None)
    before = set(tmp_path.parent.rglob("*"))
    found = read(dump(buffer.getvalue()))
    assert set(tmp_path.parent.rglob("*")) - before == {tmp_path / "dump"}
    assert b"root:" not in b"".join(found.values())


def test_content_larger_than_a_chunk_is_read_in_chunks(dump: Callable[[bytes], Path]) -> None:
    size = 3 * containers.CHUNK + 17
    for compress in (gzip.compress, bz2.compress, lzma.compress):
        (member,) = list(members(dump(compress(b"x" * 100)), Limits()))
        del member
        for _, stream, *_ in members(dump(compress(b"\x00" * size)), Limits()):
            total = 0
            while piece := stream.read(1 << 16):
                total += len(piece)
            assert total == size
