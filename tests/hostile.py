"""Archives that lie, made byte by byte: no library writes them. And jobs for workers that end badly."""

from __future__ import annotations

import io
import os
import signal
import struct
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

BLOCK = 512
END = bytes(2 * BLOCK)


def tarred(*members: tuple[str, bytes]) -> bytes:
    """An archive as tar writes it, with no more empty blocks behind it than there have to be."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        end = archive.offset
    return buffer.getvalue()[:end] + END


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive as zip writes it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def tar_header(
    name: bytes = b"x.json", size: int | bytes = 0, kind: bytes = b"0", magic: bytes = b"ustar\x0000", rest: bytes = b""
) -> bytes:
    """A header with whatever it should say, and the sum that fits."""
    field = size if isinstance(size, bytes) else b"%011o\0" % size
    block = name.ljust(100, b"\0") + b"0000644\0" * 3 + field.ljust(12, b"\0") + b"0" * 11 + b"\0"
    block += b" " * 8 + kind + bytes(100) + magic.ljust(8, b"\0")
    block = block.ljust(BLOCK, b"\0")
    block = block[: BLOCK - len(rest)] + rest
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def tar_member(data: bytes, **header: Any) -> bytes:
    """A header and content, filled up to whole blocks."""
    return tar_header(**({"size": len(data)} | header)) + data + bytes(-len(data) % BLOCK)


def pax(**attributes: str) -> bytes:
    """A header of attributes for the member that follows."""
    lines = b""
    for name, value in attributes.items():
        said = f" {name.replace('_', '.')}={value}\n".encode()
        length = len(said) + len(str(len(said)))
        length += len(str(length)) - len(str(len(said)))
        lines += str(length).encode() + said
    return tar_member(lines, name=b"attributes", kind=b"x")


@dataclass
class Zipped:
    """A member of a zip, each number of which may be said otherwise in its own header and in the directory."""

    name: bytes
    data: bytes
    method: int = 0
    flags: int = 0
    mode: int = 0
    local: dict[str, Any] | None = None
    central: dict[str, Any] | None = None
    # Where the directory says that the member stands, if that is not where it does.
    offset: int | None = None

    def said(self, changes: dict[str, Any] | None) -> dict[str, Any]:
        packed = deflated(self.data) if self.method == 8 else self.data
        plain = {
            "name": self.name,
            "flags": self.flags,
            "method": self.method,
            "crc": zlib.crc32(self.data),
            "packed": len(packed),
            "size": len(self.data),
            "content": packed,
            "extra": b"",
        }
        return plain | (changes or {})


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(data) + packer.flush()


def forged_zip(*members: Zipped, number: int | None = None, comment: bytes = b"", behind: bytes = b"") -> bytes:
    """A zip that says what it is told to say."""
    data, directory = b"", b""
    for member in members:
        offset = len(data) if member.offset is None else member.offset
        said = member.said(member.local)
        data += struct.pack(
            "<4s5H3I2H", b"PK\x03\x04", 20, said["flags"], said["method"], 0, 0, said["crc"], said["packed"],
            said["size"], len(said["name"]), len(said["extra"]),
        )  # fmt: skip
        data += said["name"] + said["extra"] + said["content"]
        said = member.said(member.central)
        directory += struct.pack(
            "<4s6H3I5H2I", b"PK\x01\x02", 3 << 8 | 20, 20, said["flags"], said["method"], 0, 0, said["crc"],
            said["packed"], said["size"], len(said["name"]), len(said["extra"]), 0, 0, 0, member.mode << 16, offset,
        )  # fmt: skip
        directory += said["name"] + said["extra"]
    count = len(members) if number is None else number
    return data + directory + zip_end(count, len(directory), len(data), comment) + behind


def zip_end(number: int, length: int, begin: int, comment: bytes = b"") -> bytes:
    return struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, number, number, length, begin, len(comment)) + comment


def overlapping_zip(members: int, kernel: bytes) -> bytes:
    """Many members that share the bytes of one."""
    first = Zipped(b"0.json", kernel, 8)
    data = forged_zip(first)[: -len(zip_end(0, 0, 0))]
    begin = data.index(b"PK\x01\x02")
    entry = data[begin:]
    return data[:begin] + entry * members + zip_end(members, len(entry) * members, begin)


def zstd_zeros(size: int, block: int = 128 << 10) -> bytes:
    """A frame of zstd that says in four bytes of each block to repeat a zero so many times."""
    blocks, rest = divmod(size, block)
    sizes = [block] * blocks + ([rest] if rest else [])
    heads = [(length << 3 | 1 << 1 | (number == len(sizes) - 1)) for number, length in enumerate(sizes)]
    return b"\x28\xb5\x2f\xfd\x00\x38" + b"".join(head.to_bytes(3, "little") + b"\0" for head in heads)


def double(number: int, tick: Callable[[int], None]) -> int:
    """A job that is done."""
    return 2 * number


def perform(deed: tuple[str, Any], tick: Callable[[int], None]) -> Any:
    """A job that ends in one of many ways."""
    name, value = deed
    tick(3)
    return _DEEDS[name](value)


def _hang(_: Any) -> None:
    time.sleep(600)


def _hold(size: int) -> None:
    held = bytearray(size)
    for place in range(0, size, 4096):
        held[place] = 1
    time.sleep(600)


def _fail(error: type[Exception]) -> None:
    raise error("on purpose")


def _open_many(_: Any) -> int:
    files: list[Any] = []
    try:
        while len(files) < 5_000:
            files.append(open(os.devnull, "rb"))  # noqa: SIM115, PTH123
    except OSError:
        pass
    return len(files)


def _limits(_: Any) -> dict[str, int]:
    import resource

    return {name: resource.getrlimit(getattr(resource, name))[1] for name in ("RLIMIT_CORE", "RLIMIT_DATA")}


def _packages(_: Any) -> str:
    import polars as pl
    import pyarrow as pa

    frame = pl.DataFrame({"a": range(100_000)}).group_by(pl.col("a") % 7).agg(pl.len())
    return f"{frame.height} {pa.array(range(10)).nbytes}"


_DEEDS: dict[str, Callable[[Any], Any]] = {
    "answer": lambda value: value,
    "nothing": lambda value: None,
    "die": lambda value: os.kill(os.getpid(), value or signal.SIGSEGV),
    "leave": lambda value: os._exit(value),
    "hang": _hang,
    "hold": _hold,
    "ask for": lambda value: len(bytearray(value)),
    "fail": _fail,
    "open": _open_many,
    "limits": _limits,
    "packages": _packages,
    "pid": lambda value: os.getpid(),
    "unsendable": lambda value: lambda: None,
}


def lines(values: Iterable[bytes]) -> bytes:
    return b"".join(value + b"\n" for value in values)
