from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

from etl.errors import DumpError
from etl.reading.containers import is_plain, members, opened
from etl.reading.records import array_items
from etl.settings import MIB, Limits
from etl.steps.ingest import read_heads
from tests.factories import daily, daily_row
from tests.hostile import (
    BLOCK,
    END,
    Zipped,
    forged_zip,
    overlapping_zip,
    pax,
    tar_header,
    tar_member,
    tarred,
    zip_end,
    zipped,
    zstd_zeros,
)

CONTENT = daily(daily_row(number) for number in range(1, 60))
SMALL = daily(daily_row(number) for number in range(1, 4))
NAME = "2025-06-10.json"
Write = Callable[[bytes], Path]


def zstd(data: bytes, **options: bool) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True, **options).compress(data)


def twice(compress: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Two streams, one after the other."""
    return lambda data: compress(data[: len(data) // 2]) + compress(data[len(data) // 2 :])


def tar_of(data: bytes) -> bytes:
    return tarred((NAME, data))


def zip_of(data: bytes) -> bytes:
    return zipped((NAME, data))


FORMATS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "gz of two members": twice(gzip.compress),
    "bz2": bz2.compress,
    "bz2 of two streams": twice(bz2.compress),
    "xz": lzma.compress,
    "xz of two streams": twice(lzma.compress),
    "zst": zstd,
    "zst without sum": zstandard.ZstdCompressor(write_checksum=False).compress,
    "zst of two frames": twice(zstd),
    "zip": zip_of,
    "zip stored": lambda data: zipped((NAME, data), method=zipfile.ZIP_STORED),
    "zip with bzip2": lambda data: zipped((NAME, data), method=zipfile.ZIP_BZIP2),
    "tar": tar_of,
    "tar.gz": lambda data: gzip.compress(tar_of(data)),
    "tar.bz2": lambda data: bz2.compress(tar_of(data)),
    "tar.xz": lambda data: lzma.compress(tar_of(data)),
    "tar.zst": lambda data: zstd(tar_of(data)),
    "tar.gz stored": lambda data: gzip.compress(tar_of(data), 0),
    "gz in zip": lambda data: zipped((f"{NAME}.gz", gzip.compress(data))),
    "gz in tar": lambda data: tarred((f"{NAME}.gz", gzip.compress(data))),
    "zip in zip": lambda data: zipped(("month.zip", zip_of(data))),
    "zip in tar.gz": lambda data: gzip.compress(tarred(("month.zip", zip_of(data)))),
    "tar.gz in zip": lambda data: zipped(("month.tar.gz", gzip.compress(tar_of(data)))),
    "gz in tar in tar": lambda data: tarred(("month.tar", tarred((f"{NAME}.gz", gzip.compress(data))))),
    "zip.gz": lambda data: gzip.compress(zip_of(data)),
}


def read(path: Path, limits: Limits = Limits()) -> dict[str, bytes]:  # noqa: B008
    return {member.name: member.stream.read() for member in members(path, limits) if not member.reason}


def faults(path: Path, limits: Limits = Limits()) -> dict[str, str]:  # noqa: B008
    """The members that are not read, with their reasons."""
    return {member.name: member.reason for member in members(path, limits) if member.reason or not member.stream.read()}


def refusal(path: Path, limits: Limits = Limits()) -> str:  # noqa: B008
    with pytest.raises(DumpError) as raised:
        read(path, limits)
    assert "\n" not in raised.value.detail
    return raised.value.reason


@pytest.fixture
def dump(tmp_path: Path) -> Write:
    def write(data: bytes) -> Path:
        path = tmp_path / "dump"
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize("name", FORMATS)
def test_every_container_gives_the_content(name: str, dump: Write) -> None:
    path = dump(FORMATS[name](CONTENT))
    assert list(read(path).values()) == [CONTENT]
    assert not is_plain(path)
    assert list(read_heads(path, "any name", Limits())) == ["hf_daily"]


def test_plain_bytes_pass_through(dump: Write) -> None:
    path = dump(CONTENT)
    assert read(path) == {"": CONTENT}
    assert is_plain(path)
    assert read(dump(b"")) == {"": b""}


def test_members_of_inner_archives_are_named_with_both_names(dump: Write) -> None:
    inner = zipped(("a.json", b"1"), ("b/c.json", b"2"))
    assert list(read(dump(tarred(("months/06.zip", inner), ("d.json", b"3"))))) == [
        "months/06.zip/a.json",
        "months/06.zip/b/c.json",
        "d.json",
    ]


# What is cut or changed is seen.


def found(path: Path) -> list[bytes]:
    """The items of the arrays in a dump; raises DumpError where it is broken, as a container or as JSON."""
    items = []
    for member in members(path, Limits()):
        if member.reason:
            raise DumpError(member.reason, member.detail)
        _, stream = opened(member.stream, 100, Limits())
        items += [record.data for record in array_items(stream, Limits())]
    return items


def verdict(path: Path) -> list[bytes] | str:
    try:
        return found(path)
    except DumpError as error:
        return error.reason


ITEMS = 3
# A tar is whole once its first empty block is there: what else may be cut is empty.
IS_TAR = {"tar", "gz in tar", "gz in tar in tar"}


@pytest.mark.parametrize("name", ["plain", *FORMATS])
def test_a_dump_cut_at_any_byte_is_refused(name: str, dump: Write) -> None:
    whole = FORMATS[name](SMALL) if name != "plain" else SMALL
    passed = []
    for size in range(len(whole)):
        said = verdict(dump(whole[:size]))
        if not isinstance(said, str):
            passed.append(size)
            # Nothing that loads has lost anything, and an empty archive is refused for that.
            assert not said or (said == found(dump(whole)) and len(said) == ITEMS)
    if name in IS_TAR:
        assert passed == list(range(len(whole) - BLOCK, len(whole)))
    else:
        assert passed == []


@pytest.mark.parametrize("name", ["gz of two members", "bz2 of two streams", "xz of two streams", "zst of two frames"])
def test_a_cut_between_two_streams_cannot_be_told_by_the_container(name: str, dump: Write) -> None:
    whole = FORMATS[name](CONTENT)
    silent = {}
    for size in range(1, len(whole)):
        try:
            silent[size] = read(dump(whole[:size]))[""]
        except DumpError:
            continue
    (border,) = [size for size in silent if size > 10]
    assert silent[border] == CONTENT[: len(CONTENT) // 2]
    # Fewer bytes than tell what they are pass as they stand, and are of no known format.
    assert all(silent[size] == whole[:size] for size in silent if size < 10)


SUMMED = "gz,bz2,xz,zst,zip,zip stored,tar.gz,tar.gz stored,tar.zst,gz in zip,zip in tar.gz".split(",")


@pytest.mark.parametrize("name", SUMMED)
def test_no_flipped_bit_gives_other_data(name: str, dump: Write) -> None:
    whole = FORMATS[name](SMALL)
    wanted = found(dump(whole))
    chance = random.Random(name)
    reasons = set()
    for _ in range(300):
        place = chance.randrange(len(whole) * 8)
        broken = bytearray(whole)
        broken[place // 8] ^= 1 << place % 8
        said = verdict(dump(bytes(broken)))
        if isinstance(said, str):
            reasons.add(said)
        else:
            # Some bits mean nothing: times, names, or whether a folder was meant.
            assert said in (wanted, [])
    assert reasons & {"corrupt_compression", "corrupt_archive", "truncated"}


@pytest.mark.parametrize("name", SUMMED)
def test_looking_at_a_broken_container_raises_nothing(name: str, dump: Write) -> None:
    whole = FORMATS[name](CONTENT)
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 0x40]) + whole[middle + 1 :]
    for data in (flipped, whole[:middle], whole[:30]):
        assert set(read_heads(dump(data), "any name", Limits())) <= {"hf_daily"}


def test_what_comes_before_a_fault_can_be_looked_at(dump: Write) -> None:
    path = dump(gzip.compress(CONTENT)[:-9])
    (member,) = members(path, Limits())
    path = dump(gzip.compress(CONTENT)[:-9])
    for member in members(path, Limits()):
        data, stream = opened(member.stream, 1_000, Limits())
        assert data == CONTENT[:1_000]
        with pytest.raises(DumpError, match="end mark"):
            stream.read()


# What follows the end.


@pytest.mark.parametrize("name", ["gz", "bz2", "xz", "zst", "tar", "tar.gz"])
def test_zeros_behind_the_end_are_padding(name: str, dump: Write) -> None:
    for number in (4, 512, 3 * MIB):
        assert list(read(dump(FORMATS[name](CONTENT) + bytes(number))).values()) == [CONTENT]


def test_zeros_between_two_streams_are_padding(dump: Write) -> None:
    assert read(dump(lzma.compress(b"one") + bytes(8) + lzma.compress(b"two") + bytes(4))) == {"": b"onetwo"}


@pytest.mark.parametrize("name", ["gz", "bz2", "xz", "zst", "zip", "tar", "tar.gz", "gz in zip"])
@pytest.mark.parametrize("behind", [b"x", b"\0\0garbage", b"PK", b"\x1f\x8b\x07\x00\x00\x00\x00"])
def test_anything_else_behind_the_end_is_refused(name: str, behind: bytes, dump: Write) -> None:
    assert refusal(dump(FORMATS[name](CONTENT) + behind)) == "trailing_garbage"


def test_a_tar_behind_a_tar_is_refused(dump: Write) -> None:
    assert refusal(dump(tar_of(CONTENT) + tarred(("2.json", CONTENT)))) == "trailing_garbage"
    assert refusal(dump(gzip.compress(tar_of(CONTENT)) + gzip.compress(tar_of(CONTENT)))) == "trailing_garbage"


# zstd, frame by frame.


def frames(data: bytes, **options: int | bool) -> bytes:
    parameters = zstandard.ZstdCompressionParameters(**options)
    return zstandard.ZstdCompressor(compression_params=parameters).compress(data)


SKIPPED = b"\x50\x2a\x4d\x18\x05\x00\x00\x00abcde"


@pytest.mark.parametrize(
    "data",
    [
        frames(CONTENT, write_checksum=0),
        frames(CONTENT, write_content_size=0),
        frames(CONTENT, compression_level=19, window_log=27),
        SKIPPED + zstd(CONTENT),
        zstd(CONTENT[:9]) + SKIPPED + b"\x5f\x2a\x4d\x18\0\0\0\0" + zstd(CONTENT[9:]),
        b"".join(zstd(CONTENT[place : place + 1]) for place in range(len(CONTENT))),
        zstd(b"") + zstd(CONTENT) + zstd(b""),
    ],
    ids=["no sum", "no size", "window", "skipped", "skipped between", "a frame a byte", "empty frames"],
)
def test_frames_of_zstd(data: bytes, dump: Write) -> None:
    assert read(dump(data)) == {"": CONTENT}


def test_frames_of_zstd_that_are_refused(dump: Write) -> None:
    wide = zstandard.ZstdCompressor(compression_params=zstandard.ZstdCompressionParameters(window_log=28)).compressobj()
    assert refusal(dump(wide.compress(b"x" * 100) + wide.flush())) == "window_too_large"
    trained = zstandard.train_dictionary(4096, [f"{number} lantern {number % 7}".encode() for number in range(2_000)])
    with_dictionary = zstandard.ZstdCompressor(dict_data=trained).compress(b"12 lantern 5" * 9)
    assert refusal(dump(with_dictionary)) == "unsupported_compression"
    assert refusal(dump(SKIPPED[:-1])) == "truncated"
    assert refusal(dump(SKIPPED + b"nothing")) == "trailing_garbage"
    assert refusal(dump(zstd(CONTENT)[:6] + b"\x06\x00\x00" * 40)) in ("corrupt_compression", "truncated")


def test_an_xz_that_wants_a_large_window_is_refused(dump: Write) -> None:
    packer = lzma.LZMACompressor(filters=[{"id": lzma.FILTER_LZMA2, "preset": 9}])
    sound = packer.compress(CONTENT) + packer.flush()
    assert read(dump(sound)) == {"": CONTENT}
    # The property that says how large the dictionary is, and the sum of the header that holds it.
    header = bytearray(sound[12:24])
    assert header[2:4] == b"\x21\x01"
    header[4] = 36
    header[8:12] = zlib.crc32(bytes(header[:8])).to_bytes(4, "little")
    assert refusal(dump(sound[:12] + bytes(header) + sound[24:])) == "window_too_large"


# Bombs.


def pieces(path: Path, limits: Limits) -> Iterator[bytes]:
    for member in members(path, limits):
        while piece := member.stream.read(MIB):
            yield piece


BOMBS: dict[str, Callable[[int], bytes]] = {
    "gz": lambda size: gzip.compress(bytes(size)),
    "bz2": lambda size: bz2.compress(bytes(size)),
    "xz": lambda size: lzma.compress(bytes(size), preset=0),
    "zst": zstd_zeros,
    "zip": lambda size: zip_of(bytes(size)),
    "tar.gz": lambda size: gzip.compress(tar_of(bytes(size))),
    "gz in zip": lambda size: zipped((f"{NAME}.gz", gzip.compress(bytes(size)))),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_in_little_memory(name: str, dump: Write) -> None:
    path = dump(BOMBS[name](40 * MIB))
    tracemalloc.start()
    try:
        for limits, reason in (
            (Limits(expanded_bytes=30 * MIB), "too_large"),
            (Limits(ratio=100, ratio_from=2 * MIB), "expands_too_much"),
        ):
            with pytest.raises(DumpError) as raised:
                for _ in pieces(path, limits):
                    pass
            assert raised.value.reason == reason
        assert tracemalloc.get_traced_memory()[1] < 20 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", BOMBS)
def test_what_is_large_is_read_in_little_memory(name: str, dump: Write) -> None:
    path = dump(BOMBS[name](40 * MIB))
    tracemalloc.start()
    try:
        assert sum(map(len, pieces(path, Limits(ratio=10**6)))) == 40 * MIB
        assert tracemalloc.get_traced_memory()[1] < 20 * MIB
    finally:
        tracemalloc.stop()


def test_all_members_together_count(dump: Write) -> None:
    path = dump(zipped(*((f"{number}.json", bytes(MIB)) for number in range(8))))
    assert len(read(path)) == 8
    assert refusal(path, Limits(expanded_bytes=7 * MIB)) == "too_large"
    path = dump(tarred(*((f"{number}.json.gz", gzip.compress(bytes(MIB))) for number in range(8))))
    assert refusal(path, Limits(expanded_bytes=7 * MIB)) == "too_large"


@pytest.mark.parametrize("make", [zipped, tarred], ids=["zip", "tar"])
def test_archives_of_too_many_members_are_refused(make: Callable[..., bytes], dump: Write) -> None:
    path = dump(make(*((f"{number}.json", b"[]") for number in range(20))))
    assert len(read(path, Limits(members=20))) == 20
    assert refusal(path, Limits(members=19)) == "too_many_members"


def test_millions_of_empty_streams_take_no_time(dump: Write) -> None:
    for empty in (gzip.compress(b""), zstd(b""), bz2.compress(b"")):
        path = dump(empty * (2 * MIB // len(empty)) + gzip.compress(b"x") * (empty[:1] == b"\x1f"))
        begun = time.process_time()
        read(path)
        assert time.process_time() - begun < 5


def test_a_member_in_an_archive_in_an_archive_is_the_deepest(dump: Write) -> None:
    third = zipped(("deep.json", b"[]"))
    second = tarred(("third.zip", third), ("beside.json", b"[1]"))
    path = dump(zipped(("second.tar", second)))
    assert read(path) == {"second.tar/beside.json": b"[1]"}
    assert faults(path) == {"second.tar/third.zip": "nested_too_deep"}


def test_what_is_compressed_twice_is_refused(dump: Write) -> None:
    assert refusal(dump(gzip.compress(bz2.compress(CONTENT)))) == "nested_too_deep"
    path = dump(zipped(("1.json.gz.gz", gzip.compress(gzip.compress(CONTENT))), ("2.json", b"[]")))
    assert faults(path) == {"1.json.gz.gz": "nested_too_deep"}
    assert read(path) == {"2.json": b"[]"}


@pytest.mark.parametrize("wrap", [gzip.compress, lambda data: tarred(("inner.zip", data))], ids=["gz", "tar"])
def test_a_zip_that_must_be_held_in_memory_has_a_limit(wrap: Callable[[bytes], bytes], dump: Write) -> None:
    inner = zipped(("1.json", random.Random(0).randbytes(3 * MIB)))
    path = dump(wrap(inner))
    assert len(read(path)) == 1
    small = Limits(inner_bytes=2 * MIB)
    if path.read_bytes()[:2] == b"\x1f\x8b":
        assert refusal(path, small) == "too_large"
    else:
        assert faults(path, small) == {"inner.zip": "too_large"}


# Names.

ODD_NAMES = {
    b"../../etc/passwd": "../../etc/passwd",
    b"/etc/passwd": "/etc/passwd",
    b"C:\\autoexec.bat": "C:\\autoexec.bat",
    b"a\x1b[31mred\r\n.json": "a\\x1b[31mred\\r\\n.json",
    b"caf\xe9.json": "caf\\xe9.json",
    b"\xe2\x80\xaegnp.json": "\\u202egnp.json",
    b"": "(unnamed)",
    b"x" * 2_000: "x" * 1_000,
}


@pytest.mark.parametrize("name", ODD_NAMES, ids=[str(number) for number in range(len(ODD_NAMES))])
def test_names_are_shown_and_nothing_else(name: bytes, dump: Write, tmp_path: Path) -> None:
    long_name = tar_member(name + b"\0", name=b"././@LongLink", kind=b"L") if name else b""
    for data in (
        long_name + tar_member(b"[1]", name=name[:100]) + END,
        forged_zip(Zipped(name, b"[1]", flags=0x800)),
    ):
        assert read(dump(data)) == {ODD_NAMES[name]: b"[1]"}
    assert {path.name for path in tmp_path.iterdir()} == {"dump"}


def test_a_name_may_come_twice(dump: Write) -> None:
    wanted = {"a": b"1", "a#2": b"2", "a#3": b"3"}
    assert read(dump(tarred(("a", b"1"), ("a", b"2"), ("a", b"3")))) == wanted
    assert read(dump(forged_zip(*(Zipped(b"a", data) for data in (b"1", b"2", b"3"))))) == wanted
    assert list(read(dump(tarred(("a#2", b"1"), ("a", b"2"), ("a", b"3"))))) == ["a#2", "a", "a#3"]
    begun = time.process_time()
    assert len(read(dump(tarred(*[("a", b"1")] * 9_000)))) == 9_000
    assert time.process_time() - begun < 5


def test_a_name_with_a_zero_is_shown_to_its_end(dump: Write) -> None:
    assert list(read(dump(forged_zip(Zipped(b"a.json\0.exe", b"1"))))) == ["a.json\\x00.exe"]


def test_hidden_members_and_folders_are_passed_over(dump: Write) -> None:
    names = ("b/2.json", "a/1.json", "__MACOSX/a/._1.json", ".hidden/3.json", "c/.DS_Store")
    path = dump(zipped(*((name, name.encode()) for name in names), ("folder/", b"")))
    assert read(path) == {"a/1.json": b"a/1.json", "b/2.json": b"b/2.json"}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
    assert read(dump(buffer.getvalue())) == {}


# Tricks of tar.


@pytest.mark.parametrize("kind", [b"1", b"2", b"3", b"4", b"6", b"Q"])
def test_what_is_no_file_is_named_with_its_reason(kind: bytes, dump: Write, tmp_path: Path) -> None:
    link = tar_header(name=b"link", kind=kind, rest=b"")
    link = link[:157] + b"/etc/passwd".ljust(100, b"\0") + link[257:]
    link = link[:148] + b"%06o\0 " % (sum(link[:148]) + sum(link[156:]) + 8 * 32) + link[156:]
    path = dump(link + tar_member(b"[]", name=b"a.json") + END)
    assert read(path) == {"a.json": b"[]"}
    assert faults(path) == {"link": "not_a_regular_file"}
    assert {path.name for path in tmp_path.iterdir()} == {"dump"}


def sparse_map(more: bool) -> bytes:
    return bytes(96) + bytes([more]) + bytes(29)


@pytest.mark.parametrize(
    "member",
    [
        tar_header(kind=b"S", size=512, rest=sparse_map(False)) + bytes(512),
        tar_header(kind=b"S", size=512, rest=sparse_map(True))
        + bytes(504)
        + b"\1"
        + bytes(7)
        + bytes(512)
        + bytes(512),
        pax(GNU_sparse_major="1", GNU_sparse_minor="0") + tar_member(bytes(512)),
    ],
    ids=["old", "old with a long map", "pax"],
)
def test_files_with_holes_are_named_with_their_reason(member: bytes, dump: Write) -> None:
    path = dump(member + tar_member(b"[]", name=b"a.json") + END)
    assert read(path) == {"a.json": b"[]"}
    assert faults(path) == {"x.json": "sparse_file"}


def test_attributes_count(dump: Write) -> None:
    data = pax(path="päper.json", size="3") + tar_member(b"[1]", size=0) + pax(mtime="1.5") + tar_member(b"[2]") + END
    assert read(dump(data)) == {"päper.json": b"[1]", "x.json": b"[2]"}
    prefixed = tar_header(size=2, rest=b"folder".ljust(167, b"\0")) + b"[]" + bytes(510)
    assert read(dump(prefixed + END)) == {"folder/x.json": b"[]"}
    old = tar_member(b"[]", magic=b"")
    assert read(dump(old + END)) == {"x.json": b"[]"}
    label = tar_header(name=b"a label", kind=b"V")
    assert read(dump(label + tar_member(b"[]") + END)) == {"x.json": b"[]"}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (tar_header(size=b"\x80" + b"\xff" * 11), "truncated"),
        (tar_header(size=b"\xff" * 12), "corrupt_archive"),
        (tar_header(size=b"-0000000010\0"), "corrupt_archive"),
        (tar_header(size=b"99999999999\0"), "corrupt_archive"),
        (tar_header(size=1 << 32), "truncated"),
        (tar_header(size=1 << 32, kind=b"x"), "corrupt_archive"),
        (tar_header(size=1 << 32, kind=b"g"), "corrupt_archive"),
        (tar_header(size=1 << 32, kind=b"L"), "corrupt_archive"),
        (tar_member(b"12 path=x\n", kind=b"x") + tar_member(b"[]"), "corrupt_archive"),
        (tar_member(b"0 path=x\n", kind=b"x") + tar_member(b"[]"), "corrupt_archive"),
        (tar_member(b"9999999 path=x\n", kind=b"x") + tar_member(b"[]"), "corrupt_archive"),
        (pax(size="-1") + tar_member(b"[]"), "corrupt_archive"),
        (pax(size="9" * 30) + tar_member(b"[]"), "corrupt_archive"),
        (pax(path="lost"), "corrupt_archive"),
        (tar_member(b"[]")[:511] + b"\1" + END, "corrupt_archive"),
        (tar_member(b"[]") + tar_member(b"[]")[:256], "truncated"),
        (tar_member(b"[]"), "truncated"),
        (tar_member(b"[]") + bytes(511), "truncated"),
    ],
)
def test_tars_that_lie_are_refused(data: bytes, reason: str, dump: Write) -> None:
    whole = data if reason == "truncated" else data + END
    assert refusal(dump(whole)) == reason


def test_long_attributes_take_no_time(dump: Write) -> None:
    many = b"".join(b"9 a=bcd\n\n"[:9] for _ in range(100_000))
    begun = time.process_time()
    assert read(dump(tar_member(many, kind=b"x") + tar_member(b"[]") + END)) == {"x.json": b"[]"}
    assert time.process_time() - begun < 2


def test_an_archive_is_never_unpacked(dump: Write, tmp_path: Path) -> None:
    before = set(tmp_path.parent.rglob("*"))
    found = read(dump(tarred(("../../escaped.json", b"[]"))))
    assert set(tmp_path.parent.rglob("*")) - before == {tmp_path / "dump"}
    assert b"root:" not in b"".join(found.values())


# Tricks of zip.

TEXT = b"[1, 2, 3]" * 20
REFUSED_ZIPS = {
    "overlapping": (overlapping_zip(5, TEXT), "overlapping_members"),
    "shifted overlap": (forged_zip(Zipped(b"a", TEXT), Zipped(b"b", TEXT, offset=3)), "overlapping_members"),
    "reaches into the directory": (forged_zip(Zipped(b"a", TEXT, central={"packed": 2_000})), "overlapping_members"),
    "another name": (forged_zip(Zipped(b"a", TEXT, local={"name": b"b"})), "headers_disagree"),
    "another method": (forged_zip(Zipped(b"a", TEXT, local={"method": 8})), "headers_disagree"),
    "another size": (forged_zip(Zipped(b"a", TEXT, local={"size": 7})), "headers_disagree"),
    "another sum": (forged_zip(Zipped(b"a", TEXT, local={"crc": 7})), "headers_disagree"),
    "hidden encryption": (forged_zip(Zipped(b"a", TEXT, local={"flags": 1})), "headers_disagree"),
    "wrong sum": (forged_zip(Zipped(b"a", TEXT, local={"crc": 7}, central={"crc": 7})), "corrupt_archive"),
    "grows": (forged_zip(Zipped(b"a", TEXT, 8, local={"size": 9}, central={"size": 9})), "corrupt_archive"),
    "shrinks": (forged_zip(Zipped(b"a", TEXT, 8, local={"size": 999}, central={"size": 999})), "corrupt_archive"),
    "absurd size": (
        forged_zip(Zipped(b"a", TEXT, 8, local={"size": 2**32 - 2}, central={"size": 2**32 - 2})),
        "expands_too_much",
    ),
    "two deflated streams": (
        forged_zip(Zipped(b"a", b"x", 8, local={"content": b"\x03\0\x03\0"}, central={"packed": 4})),
        "headers_disagree",
    ),
    "fewer announced": (forged_zip(Zipped(b"a", TEXT), Zipped(b"b", TEXT), number=1), "corrupt_archive"),
    "more announced": (forged_zip(Zipped(b"a", TEXT), number=2), "corrupt_archive"),
    "no directory": (forged_zip(Zipped(b"a", TEXT))[:-22], "truncated"),
    "something before": (b"PK\x03\x04 " + forged_zip(Zipped(b"a", TEXT)), "corrupt_archive"),
    "something behind": (forged_zip(Zipped(b"a", TEXT), behind=b"x"), "trailing_garbage"),
    "two ends": (forged_zip(Zipped(b"a", TEXT), comment=zip_end(0, 0, 0)), "corrupt_archive"),
    "several disks": (forged_zip(Zipped(b"a", TEXT))[:-18] + b"\1\0\1\0\1\0\2\0" + bytes(10), "corrupt_archive"),
}


@pytest.mark.parametrize("name", REFUSED_ZIPS)
def test_zips_that_lie_are_refused(name: str, dump: Write) -> None:
    data, reason = REFUSED_ZIPS[name]
    assert refusal(dump(data)) == reason


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (Zipped(b"bad", TEXT, flags=1), "encrypted"),
        (Zipped(b"bad", TEXT, flags=0x2041), "encrypted"),
        (Zipped(b"bad", TEXT, method=99), "encrypted"),
        (Zipped(b"bad", TEXT, method=14), "unsupported_compression"),
        (Zipped(b"bad", TEXT, method=9), "unsupported_compression"),
        (Zipped(b"bad", b"/etc/passwd", mode=0o120777), "not_a_regular_file"),
        (Zipped(b"bad", b"", mode=0o010666), "not_a_regular_file"),
        (Zipped(b"bad", b"", mode=0o040755), "not_a_regular_file"),
    ],
)
def test_members_of_a_zip_that_are_not_read_are_named_with_their_reason(
    member: Zipped, reason: str, dump: Write
) -> None:
    path = dump(forged_zip(Zipped(b"a.json", TEXT, 8), member, Zipped(b"z.json", TEXT, mode=0o100644)))
    assert read(path) == {"a.json": TEXT, "z.json": TEXT}
    assert faults(path) == {"bad": reason}


def test_sound_zips_that_few_write(dump: Write) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("large.json", "w", force_zip64=True) as member:
            member.write(TEXT)
        archive.comment = b"a comment"
    assert read(dump(buffer.getvalue())) == {"large.json": TEXT}

    class Pipe(io.RawIOBase):
        """What cannot seek: sizes and sums are written behind each member."""

        data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[arg-type]
        archive.writestr("1.json", TEXT)
        archive.writestr("2.json", TEXT)
    assert read(dump(pipe.data)) == {"1.json": TEXT, "2.json": TEXT}
    assert read(dump(zip_end(0, 0, 0))) == {}
    empty = Zipped(b"a", b"", 8, local={"packed": 0, "content": b""}, central={"packed": 0})
    assert faults(dump(forged_zip(empty))) == {"a": ""}
    for method, packed in ((93, zstd(TEXT)), (95, lzma.compress(TEXT)), (12, bz2.compress(TEXT))):
        changes = {"packed": len(packed), "content": packed}
        assert read(dump(forged_zip(Zipped(b"a", TEXT, method, local=changes, central=changes)))) == {"a": TEXT}


def test_a_zip_of_many_ends_takes_no_time(dump: Write) -> None:
    begun = time.process_time()
    assert refusal(dump(b"PK\x03\x04" + b"PK\x05\x06" * 16_000)) == "trailing_garbage"
    assert time.process_time() - begun < 2
