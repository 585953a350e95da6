"""A stream whose first bytes tell a splitter what follows."""

from __future__ import annotations

from etl.reading.records import Stream

_MARK = b"\xef\xbb\xbf"


class Peeked:
    """A stream of which `start` was looked at and is read again."""

    def __init__(self, stream: Stream, size: int = 1 << 10) -> None:
        self.stream = stream
        self.start = self.waiting = stream.read(size)

    @property
    def first(self) -> bytes:
        """The first byte that is neither a blank nor a byte order mark."""
        return self.start.removeprefix(_MARK).lstrip()[:1]

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, at most `size` of them."""
        if not self.waiting:
            return self.stream.read(size)
        if size < 0:
            piece, self.waiting = self.waiting + self.stream.read(), b""
        else:
            piece, self.waiting = self.waiting[:size], self.waiting[size:]
        return piece

    def readline(self, size: int = -1, /) -> bytes:
        """The next line, at most `size` bytes of it."""
        end = self.waiting.find(b"\n") + 1 or len(self.waiting)
        end = end if size < 0 else min(end, size)
        piece, self.waiting = self.waiting[:end], self.waiting[end:]
        if self.waiting or piece.endswith(b"\n") or len(piece) == size:
            return piece
        return piece + self.stream.readline(size - len(piece) if size >= 0 else -1)
