"""Put on the path of child processes as `sitecustomize`: writes down what they do that reading dumps never needs.

`ETL_TEST_AUDIT` names the file to write to, `ETL_TEST_ROOTS` the folders in which files may be written. With
`ETL_TEST_TRAPS`, the parser falls over records that say so.
"""

from __future__ import annotations

import os
import sys
from typing import Any

_LOG = os.open(os.environ["ETL_TEST_AUDIT"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
_ROOTS = tuple(os.path.realpath(root) for root in os.environ["ETL_TEST_ROOTS"].split(os.pathsep))
_NETWORK = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.bind"}
_PROGRAMS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"}
_PATHS = {f"os.{name}" for name in "mkdir rename symlink link remove rmdir truncate chmod chown".split()}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def _is_inside(path: Any) -> bool:
    if isinstance(path, int) or path is None:
        return True
    place = os.path.realpath(os.fsdecode(path))
    return place.startswith((*_ROOTS, "/dev/null", "/dev/shm", "/proc/self"))


def _hook(event: str, values: tuple[Any, ...]) -> None:
    said = ""
    if event in _NETWORK or event in _PROGRAMS:
        said = f"{event} {values[1:]!r}"
    elif event == "open" and values[2] & _WRITING and not _is_inside(values[0]):
        said = f"open {values!r}"
    elif event in _PATHS and not all(_is_inside(path) for path in values[:2] if isinstance(path, str | bytes)):
        said = f"{event} {values!r}"
    if said:
        os.write(_LOG, said.encode("utf-8", "backslashreplace") + b"\n")


sys.addaudithook(_hook)

if os.environ.get("ETL_TEST_TRAPS"):
    import signal
    import time

    from etl import sources
    from etl.reading import strict_json

    _parse, _recognise = strict_json.parse, sources.recognise

    def _trapped(data: bytes, *limits: Any) -> Any:
        if b"please crash" in data:
            os.kill(os.getpid(), signal.SIGSEGV)
        if b"please hang" in data:
            time.sleep(600)
        if b"please grow" in data:
            held = []
            while True:
                held.append(bytes([len(held) % 255 + 1]) * (1 << 20))
                time.sleep(0.002)
        return _parse(data, *limits)

    def _stumbling(head: Any) -> Any:
        if b"please stumble" in head.data:
            os.kill(os.getpid(), signal.SIGABRT)
        return _recognise(head)

    strict_json.parse, sources.recognise = _trapped, _stumbling  # type: ignore[assignment]
