"""Brings files into the warehouse: bytes as received, stored once, each delivery written down beside them."""

from __future__ import annotations

import datetime as dt
import glob
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from etl import inspection, ledger, sources, storage, workers
from etl.errors import InputPathError, WorkerError
from etl.inspection import Dump, Seen
from etl.ledger import Delivery
from etl.settings import Limits, Settings
from etl.transforms.dates import day_in_name
from etl.workers import Ended

_Taken = TypeVar("_Taken")


@dataclass
class Ingested:
    """What came of the given paths: deliveries (new and known), files left for later, problems with a line each."""

    deliveries: list[Delivery] = field(default_factory=list)
    new: int = 0
    left: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


# Files are copied side by side: most of the time of a small one is spent waiting for the disk.
_COPIERS = 8
_AT_ONCE = 64


def ingest(
    settings: Settings,
    paths: Sequence[str | Path] = (),
    observed_on: dt.date | None = None,
    in_place: bool = False,
) -> Ingested:
    """Stores the files behind the paths, or what is settled in the inbox when no path is given.

    A file that cannot be read is a problem of its own and stops no other. With `in_place` a file is not copied but
    registered where it lies, and must stay there unchanged.
    """
    done = Ingested()
    # The inbox is looked through again and again: what has not changed since is not read again.
    known = {} if paths else _by_file(ledger.deliveries(settings))
    files, numbers = _files(settings, paths, done), itertools.count()
    try:
        with ThreadPoolExecutor(_COPIERS) as pool:
            while window := list(itertools.islice(files, _AT_ONCE)):
                found = {place: _known(known, file) for place, file in enumerate(window)}
                due = [place for place, deliveries in found.items() if not deliveries]
                taken = _take(settings, pool, [window[place] for place in due], numbers, observed_on, in_place)
                for place, file in enumerate(window):
                    _note(done, file, (found | dict(zip(due, taken, strict=True)))[place])
    finally:
        # Where a full disk or a signal ended it, copies may wait for a name that they never get.
        for aside in settings.raw.glob(_ASIDE.format(os.getpid(), "*")):
            aside.unlink()
    ledger.sync_deliveries(settings, done.deliveries)
    return done


# A copy that has no name yet, by process and number.
_ASIDE = ".ingest.{}.{}.tmp"
_Found = list[tuple[Delivery, bool]]


def _note(done: Ingested, file: Path, found: _Found | InputPathError) -> None:
    if isinstance(found, InputPathError):
        done.problems.append(str(found))
        return
    if not found:
        done.left.append(f"{file}: still being written, left for the next run")
    done.deliveries += [delivery for delivery, _ in found]
    done.new += sum(is_new for _, is_new in found)


def _take(
    settings: Settings,
    pool: ThreadPoolExecutor,
    files: Sequence[Path],
    numbers: Iterator[int],
    observed_on: dt.date | None,
    in_place: bool,
) -> list[_Found | InputPathError]:
    """What came of each file: its deliveries, each with whether it is new, or why it cannot be read.

    Files of the same bytes are delivered one after the other, so that no order of threads decides.
    """
    copies = [pool.submit(_sound, file, partial(_copied, settings, file, next(numbers), in_place)) for file in files]
    found: list[_Found | InputPathError] = [[] for _ in files]
    same: dict[str, list[tuple[int, _Copy]]] = {}
    for place, future in enumerate(copies):
        copy = future.result()
        if isinstance(copy, InputPathError):
            found[place] = copy
        elif copy:
            same.setdefault(copy.dump_id, []).append((place, copy))

    def deliver(arrived: Sequence[tuple[int, _Copy]]) -> None:
        for place, copy in arrived:
            found[place] = _sound(files[place], partial(_delivered, settings, files[place], copy, observed_on))

    for done in [pool.submit(deliver, arrived) for arrived in same.values()]:
        done.result()
    return found


def _sound(file: Path, take: Callable[[], _Taken]) -> _Taken | InputPathError:
    """What is done with a file, or the error that is no fault of the warehouse."""
    try:
        return take()
    except InputPathError as error:
        return error
    except OSError as error:
        if error.errno in _FATAL:
            raise
        return InputPathError(str(file), (error.strerror or str(error)).lower())


_FileKey = tuple[str, int, int]


def _by_file(deliveries: Sequence[Delivery]) -> dict[_FileKey, list[Delivery]]:
    found: dict[_FileKey, list[Delivery]] = {}
    for delivery in deliveries:
        found.setdefault((delivery.name, delivery.bytes, delivery.modified_ns), []).append(delivery)
    return found


def _known(known: dict[_FileKey, list[Delivery]], file: Path) -> list[tuple[Delivery, bool]]:
    if not known:
        return []
    about = file.stat()
    return [(delivery, False) for delivery in known.get((_printable(file.name), about.st_size, about.st_mtime_ns), [])]


# A full disk or a lost permission on the warehouse is no fault of the file.
_FATAL = frozenset({28, 30, 122})


def _files(settings: Settings, paths: Sequence[str | Path], done: Ingested) -> Iterator[Path]:
    if not paths:
        newest = time.time() - settings.settle_seconds
        for file in _inside(settings.inbox) if settings.inbox.is_dir() else ():
            if file.stat().st_mtime <= newest:
                yield file
            else:
                done.left.append(f"{file}: still being written, left for the next run")
    for given in paths:
        found = list(_expanded(Path(given).expanduser()))
        if not found:
            what = "no file in it" if Path(given).expanduser().is_dir() else "no such file or folder"
            done.problems.append(str(InputPathError(str(given), what)))
        yield from found


def _expanded(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from _inside(path)
    elif path.exists():
        yield path
    else:
        for name in sorted(glob.glob(str(path), recursive=True)):
            yield from _expanded(Path(name))


def _inside(folder: Path) -> Iterator[Path]:
    """Files under a folder in a fixed order; names with a leading dot are no dumps."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place) / name for name in sorted(names) if not name.startswith("."))


@dataclass(frozen=True)
class _Copy:
    """A file that was read: its sha256, what the system knows of it, and where its copy waits for a name."""

    dump_id: str
    about: os.stat_result
    aside: Path


def _copied(settings: Settings, file: Path, number: int, in_place: bool) -> _Copy | None:
    """Copies one file; None while it is still being written."""
    if not file.is_file():
        raise InputPathError(str(file), "not a regular file")
    before = file.stat()
    aside = settings.raw / _ASIDE.format(os.getpid(), number)
    dump_id = storage.link_hashed(file, aside) if in_place else storage.copy_hashed(file, aside)
    after = file.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        aside.unlink()
        return None
    return _Copy(dump_id, before, aside)


def _delivered(settings: Settings, file: Path, copy: _Copy, observed_on: dt.date | None) -> _Found:
    """The deliveries of a file, each with whether it is new."""
    try:
        raw = settings.raw_file(copy.dump_id)
        is_new = not (raw.exists() or raw.is_symlink())
        # What was registered in place may have been changed or lost since: these bytes are there now.
        if is_new or raw.is_symlink():
            storage.keep(copy.aside, raw)
    finally:
        copy.aside.unlink(missing_ok=True)
    modified = copy.about.st_mtime_ns
    filed_on = dt.datetime.fromtimestamp(copy.about.st_mtime, dt.UTC).date()
    found = []
    heads = read_heads(raw, file.name, settings.limits) or {sources.UNRECOGNISED: Seen()}
    for source, seen in heads.items():
        day, origin = _observed(seen.observed_on, file.name, observed_on, filed_on)
        size = copy.about.st_size
        delivery = Delivery(source, day, copy.dump_id, _printable(file.name), size, origin, modified)
        # Bytes that were not here before were never delivered: there is nothing to look for.
        found.append(_deliver(settings, delivery, [] if is_new else ledger.deliveries_of(settings, copy.dump_id)))
    return found


def _deliver(settings: Settings, delivery: Delivery, before: Sequence[Delivery]) -> tuple[Delivery, bool]:
    """Writes a delivery down; one that is known already keeps its day. A day from elsewhere wins over the file's."""
    for known in before:
        if (known.source, known.name) != (delivery.source, delivery.name):
            continue
        if known.observed_on == delivery.observed_on or delivery.observed_from == "file":
            return known, False
        if known.observed_from == "file":
            ledger.remove_delivery(settings, known)
    ledger.write_delivery(settings, delivery)
    return delivery, True


def _printable(name: str) -> str:
    """A file name that can be shown and kept: bytes that are not UTF-8 and control characters are escaped."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _observed(content: dt.date | None, name: str, caller: dt.date | None, filed_on: dt.date) -> tuple[dt.date, str]:
    """The day of a listing and who says so: the caller, else the content, else the name, else the file's date."""
    if caller:
        return caller, "caller"
    if content:
        return content, "content"
    named = day_in_name(name)
    return (named, "name") if named else (filed_on, "file")


def read_heads(path: Path, name: str, limits: Limits) -> dict[str, Seen]:
    """The sources whose format a dump shows, each with what its head says, looked at by a worker process.

    None where that ends the worker: normalise says why. Raises WorkerError where even a worker without a dump ends.
    """
    with _LOOKING:
        pool = workers.shared(limits)
        found = pool.call(inspection.recognised, Dump(path, name, limits))
        if not isinstance(found, Ended):
            return dict(found)
        if not pool.starts():
            raise WorkerError
        return {}


# The worker looks at one dump at a time.
_LOOKING = threading.Lock()
