"""The files of a zip archive, as its central directory lists them.

Two lists describe a zip, and tricks live where they differ: members that overlap, headers that disagree, an archive
hidden in the comment of another. Where they do not agree to the byte, the archive is refused.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import IO

from etl.errors import DumpError
from etl.reading.compression import BZIP2, DEFLATE, FETCH_AGAIN, XZ, ZSTANDARD, Budget, Decoder, Format, buffered
from etl.reading.tars import Entry

MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
_STORED = 0
_FORMATS: dict[int, Format] = {8: DEFLATE, 12: BZIP2, 93: ZSTANDARD, 95: XZ}
_CENTRAL, _LOCAL = b"PK\x01\x02", b"PK\x03\x04"
_END, _END_64, _END_64_PLACE = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_IN_CENTRAL = struct.Struct("<4s6H3I5H2I")
_IN_LOCAL = struct.Struct("<4s5H3I2H")
_IN_END = struct.Struct("<4s4H2IH")
_IN_END_64 = struct.Struct("<4sQ2H2I4Q")
_IN_END_64_PLACE = struct.Struct("<4sIQI")
_LONGEST_COMMENT = 0xFFFF
_IS_ENCRYPTED, _HAS_SIZES_BEHIND, _IS_UTF8 = 0x2041, 0x08, 0x800
_AES = 99
_UNIX = 3


@dataclass(frozen=True)
class _Listed:
    """A member as the central directory lists it."""

    raw_name: bytes
    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    mode: int
    offset: int

    @property
    def is_folder(self) -> bool:
        return self.name.endswith(b"/") and not self.size


def entries(file: IO[bytes], size: int, budget: Budget) -> Iterator[Entry]:
    """The files of an archive of so many bytes, sorted by name. Each stream is to be read before the next is asked for.

    Raises DumpError where the archive is broken, or not what it says.
    """
    listed, end = _directory(file, size, budget)
    ends = _checked(listed, end, budget)
    for member in sorted(listed, key=lambda member: member.name):
        if member.is_folder:
            continue
        reason, detail = _refusal(member)
        if reason:
            yield Entry(member.name, None, reason, detail)
        else:
            start = _start(file, member, ends[member.offset])
            yield Entry(member.name, buffered(_content(file, member, start, budget)))


def _refusal(member: _Listed) -> tuple[str, str]:
    """Why a member is not read, or two empty texts."""
    if stat.S_IFMT(member.mode) and not stat.S_ISREG(member.mode):
        what = "a symbolic link, which is never followed" if stat.S_ISLNK(member.mode) else "a folder, pipe or device"
        return "not_a_regular_file", what
    if member.flags & _IS_ENCRYPTED or member.method == _AES:
        return "encrypted", "a member that needs a password; deliver it without"
    if member.method != _STORED and member.method not in _FORMATS:
        return "unsupported_compression", f"method {member.method} of zip; compress it with deflate or zstd"
    return "", ""


def _directory(file: IO[bytes], size: int, budget: Budget) -> tuple[list[_Listed], int]:
    """The members in the order of the central directory, and where that begins."""
    number, length, begin, behind = _end_of(file, size)
    if begin + length != behind:
        raise _corrupt(f"its directory of {length} bytes at byte {begin} does not reach to byte {behind}")
    file.seek(begin)
    listed: list[_Listed] = []
    while length > 0:
        budget.count_member()
        member, taken = _listed(file)
        listed.append(member)
        length -= taken
    if length or len(listed) & 0xFFFF != number & 0xFFFF:
        raise _corrupt(f"its directory holds {len(listed)} members where {number} are announced")
    return listed, begin


def _end_of(file: IO[bytes], size: int) -> tuple[int, int, int, int]:
    """Number of members, and length, first byte and end of the central directory, as the end of the archive says."""
    start = max(0, size - _IN_END.size - _LONGEST_COMMENT)
    file.seek(start)
    tail = file.read(size - start)
    found = [place for place in _places(tail, _END) if place + _IN_END.size <= len(tail)]
    fitting = [
        place
        for place in found
        if place + _IN_END.size + int.from_bytes(tail[place + 20 : place + 22], "little") == len(tail)
    ]
    if not found:
        raise DumpError("truncated", f"the zip ends at byte {size} without its directory; {FETCH_AGAIN}")
    if not fitting:
        raise DumpError("trailing_garbage", "what follows the end of the zip is not the comment that it announces")
    if len(fitting) > 1:
        raise _corrupt("it has two ends, and so two directories")
    place = fitting[0]
    _, disk, first_disk, here, number, length, begin, _ = _IN_END.unpack_from(tail, place)
    behind = start + place
    if 0xFFFF in (disk, first_disk, here, number) or 0xFFFFFFFF in (length, begin):
        wide = _end_64(file, behind)
        if wide:
            return wide
    if disk or first_disk or here != number:
        raise _corrupt("it is spread over several files")
    return number, length, begin, behind


def _places(data: bytes, mark: bytes) -> Iterator[int]:
    place = data.find(mark)
    while place >= 0:
        yield place
        place = data.find(mark, place + 1)


def _end_64(file: IO[bytes], behind: int) -> tuple[int, int, int, int] | None:
    """The same for an archive whose numbers do not fit into the old end."""
    if behind < _IN_END_64_PLACE.size + _IN_END_64.size:
        return None
    file.seek(behind - _IN_END_64_PLACE.size)
    mark, disk, place, disks = _IN_END_64_PLACE.unpack(_exactly(file, _IN_END_64_PLACE.size))
    if mark != _END_64_PLACE:
        return None
    if disk or disks > 1 or place > behind - _IN_END_64_PLACE.size - _IN_END_64.size:
        raise _corrupt("the place of its directory is out of bounds")
    file.seek(place)
    mark, *_, here, number, length, begin = _IN_END_64.unpack(_exactly(file, _IN_END_64.size))
    if mark != _END_64 or here != number:
        raise _corrupt("its directory cannot be found")
    return number, length, begin, place


def _listed(file: IO[bytes]) -> tuple[_Listed, int]:
    """The next member of the central directory, and how many bytes that took."""
    head = _IN_CENTRAL.unpack(_exactly(file, _IN_CENTRAL.size))
    mark, made_by, _, flags, method, _, _, crc, packed, size, *lengths, disk, _, outer, offset = head
    if mark != _CENTRAL or disk not in (0, 0xFFFF):
        raise _corrupt("its directory holds what is no member")
    raw_name, extra, _ = (_exactly(file, length) for length in lengths)
    size, packed, offset = _wide(extra, size, packed, offset)
    name = raw_name if flags & _IS_UTF8 else raw_name.decode("cp437").encode()
    mode = outer >> 16 if made_by >> 8 == _UNIX else 0
    taken = _IN_CENTRAL.size + sum(lengths)
    return _Listed(raw_name, name, flags, method, crc, packed, size, mode, offset), taken


def _wide(extra: bytes, *numbers: int) -> list[int]:
    """The numbers, those that do not fit into 32 bits taken from the extra field that holds them."""
    place, wide = 0, b""
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, place)
        if kind == 1:
            wide = extra[place + 4 : place + 4 + length]
        place += 4 + length
    found = []
    for number in numbers:
        if number == 0xFFFFFFFF and len(wide) >= 8:
            number, wide = int.from_bytes(wide[:8], "little"), wide[8:]
        found.append(number)
    return found


def _checked(listed: list[_Listed], end: int, budget: Budget) -> dict[int, int]:
    """Where each member has to end, by where it begins; raises DumpError where two share bytes."""
    budget.check(budget.expanded + sum(member.size for member in listed if member.method != _STORED))
    ordered = sorted(listed, key=lambda member: member.offset)
    borders = [member.offset for member in ordered] + [end]
    for member, (begin, after) in zip(ordered, pairwise(borders), strict=True):
        if begin + _IN_LOCAL.size + len(member.raw_name) + member.packed > after:
            raise DumpError("overlapping_members", f"the member at byte {begin} reaches into what follows it")
    return dict(pairwise(borders))


def _start(file: IO[bytes], member: _Listed, end: int) -> int:
    """The first byte of the content; raises DumpError where the member's own header is not what the directory says."""
    file.seek(member.offset)
    head = _IN_LOCAL.unpack(_exactly(file, _IN_LOCAL.size))
    mark, _, flags, method, _, _, crc, packed, size, name_length, extra_length = head
    name = _exactly(file, name_length)
    size, packed = _wide(_exactly(file, extra_length), size, packed)
    differs = mark != _LOCAL or name != member.raw_name or method != member.method
    differs = differs or bool((flags ^ member.flags) & _IS_ENCRYPTED)
    if not flags & _HAS_SIZES_BEHIND:
        differs = differs or (crc, packed, size) != (member.crc, member.packed, member.size)
    if differs:
        raise DumpError(
            "headers_disagree", f"directory and header say different things of the member at {member.offset}"
        )
    start: int = member.offset + _IN_LOCAL.size + name_length + extra_length
    if start + member.packed > end:
        raise DumpError("overlapping_members", f"the member at byte {member.offset} reaches into what follows it")
    return start


def _content(file: IO[bytes], member: _Listed, start: int, budget: Budget) -> Callable[[int], bytes]:
    """What gives the next bytes of a member, and checks their number and their sum at the end."""
    place, left = start, member.packed

    def packed(most: int) -> bytes:
        nonlocal place, left
        file.seek(place)
        data = file.read(min(most, left))
        place, left = place + len(data), left - len(data)
        return data

    known = _FORMATS.get(member.method) if member.packed else None
    pull = Decoder(packed, known, budget).pull if known else packed
    given, crc = 0, 0

    def checked(most: int) -> bytes:
        nonlocal given, crc
        data = pull(most)
        given, crc = given + len(data), zlib.crc32(data, crc)
        if given > member.size or (not data and given < member.size):
            raise _corrupt(f"the member at byte {member.offset} is not of the {member.size} bytes that it announces")
        if not data and crc != member.crc:
            raise _corrupt(f"the sum of the member at byte {member.offset} is wrong")
        return data

    return checked


def _exactly(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise _corrupt("it ends inside a header")
    return data


def _corrupt(what: str) -> DumpError:
    return DumpError("corrupt_archive", f"the zip is broken: {what}; {FETCH_AGAIN}")
