"""Every failure that we raise on purpose. Each keeps its facts, so that it can cross a process boundary."""


class EtlError(Exception):
    """A failure that a person can act on: its text says where, what was found, what was wanted, what to do."""

    exit_status = 1


class SettingsError(EtlError):
    """A setting holds a value that cannot be used."""

    def __init__(self, name: str, found: str, wanted: str) -> None:
        super().__init__(name, found, wanted)
        self.name, self.found, self.wanted = name, found, wanted

    def __str__(self) -> str:
        return f"{self.name}: found {self.found!r}, wanted {self.wanted}; correct it in the environment"


class ConfigurationError(EtlError):
    """The configuration file holds something that cannot be used."""

    def __init__(self, path: str, key: str, found: str, wanted: str) -> None:
        super().__init__(path, key, found, wanted)
        self.path, self.key, self.found, self.wanted = path, key, found, wanted

    def __str__(self) -> str:
        return f"{self.path}: {self.key}: found {self.found}, wanted {self.wanted}; see docs/configuration.md"


class OverrideError(EtlError):
    """The file of overrides holds a line that cannot be used; line 0 is the file as a whole."""

    def __init__(self, path: str, line: int, found: str, wanted: str) -> None:
        super().__init__(path, line, found, wanted)
        self.path, self.line, self.found, self.wanted = path, line, found, wanted

    def __str__(self) -> str:
        where = f"{self.path}: line {self.line}" if self.line else self.path
        return f"{where}: found {self.found}, wanted {self.wanted}; see docs/identity.md"


class SubscriptionError(EtlError):
    """A subscription file holds something that cannot be used."""

    def __init__(self, path: str, key: str, found: str, wanted: str) -> None:
        super().__init__(path, key, found, wanted)
        self.path, self.key, self.found, self.wanted = path, key, found, wanted

    def __str__(self) -> str:
        return f"{self.path}: {self.key}: found {self.found}, wanted {self.wanted}; see docs/digest.md"


class MailError(EtlError):
    """The mail server cannot be reached, or does not take mail now; time may mend it."""

    exit_status = 3

    def __init__(self, server: str, found: str, is_reached: bool = False) -> None:
        super().__init__(server, found, is_reached)
        self.server, self.found, self.is_reached = server, found, is_reached

    def __str__(self) -> str:
        return f"mail server {self.server}: {self.found}; what was not sent is due in the next run"


class RefusedMailError(EtlError):
    """The mail server does not take this message, and will not later."""

    def __init__(self, server: str, found: str) -> None:
        super().__init__(server, found)
        self.server, self.found = server, found

    def __str__(self) -> str:
        return f"mail server {self.server} refused the message: {self.found}; correct the address or the sender"


class UncertainMailError(EtlError):
    """The connection broke after a message was handed over and before the server said whether it took it."""

    def __init__(self, server: str, found: str) -> None:
        super().__init__(server, found)
        self.server, self.found = server, found

    def __str__(self) -> str:
        return (
            f"mail server {self.server}: {self.found} before it said whether it took the message; "
            "it may have arrived, so it is not sent again"
        )


class RuleError(EtlError):
    """A rule for alerts asks for something that cannot be."""

    exit_status = 2

    def __init__(self, path: str, key: str, found: str, wanted: str) -> None:
        super().__init__(path, key, found, wanted)
        self.path, self.key, self.found, self.wanted = path, key, found, wanted

    def __str__(self) -> str:
        return f"{self.path}: {self.key}: found {self.found}, wanted {self.wanted}; see docs/alerts.md"


class InputPathError(EtlError):
    """A path given by the caller cannot be read."""

    def __init__(self, path: str, found: str) -> None:
        super().__init__(path, found)
        self.path, self.found = path, found

    def __str__(self) -> str:
        return f"{self.path}: {self.found}, wanted a readable file, folder, archive or glob; check the path"


class DumpError(EtlError):
    """A dump as a whole cannot be read; `reason` is its code in `core.dumps`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


class RecordError(EtlError):
    """One record cannot be used; `reason` is its code in `ops.rejected`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


class UnknownNameError(EtlError):
    """A name that the caller gave is none of ours."""

    def __init__(self, what: str, name: str, known: list[str]) -> None:
        super().__init__(what, name, known)
        self.what, self.name, self.known = what, name, known

    def __str__(self) -> str:
        shown = ", ".join(self.known[:12]) or "none"
        return f"{self.what} {self.name!r} is not known; known: {shown}"


class ExpectationFileError(EtlError):
    """A file in `expectations/` does not say what Great Expectations can evaluate."""

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(path, detail)
        self.path, self.detail = path, detail

    def __str__(self) -> str:
        return f"{self.path}: {self.detail}; see expectations/README.md"


class SqlFileError(EtlError):
    """A file in `sql/` breaks the rules of that folder, or DuckDB refuses it."""

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(path, detail)
        self.path, self.detail = path, detail

    def __str__(self) -> str:
        return f"{self.path}: {self.detail}; see sql/README.md"


class GrainError(EtlError):
    """Rows of a table repeat the columns that should identify them."""

    def __init__(self, table: str, grain: tuple[str, ...], repeated: int) -> None:
        super().__init__(table, grain, repeated)
        self.table, self.grain, self.repeated = table, grain, repeated

    def __str__(self) -> str:
        columns = ", ".join(self.grain)
        return f"{self.table}: {self.repeated} repeated rows, wanted one row for each ({columns}); correct its query"


class WorkerError(EtlError):
    """Processes that read dumps end before they read anything: that is no fault of a dump."""

    def __init__(self) -> None:
        super().__init__()

    def __str__(self) -> str:
        return "normalise: a worker process ended before it read anything; free some memory, or set ETL_WORKERS=1"


class LockHeldError(EtlError):
    """Another run is loading, building or publishing."""

    exit_status = 75

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path}: another run holds the lock; wait for it and try again"


class NothingPublishedError(EtlError):
    """The warehouse has no published snapshot yet."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path}: nothing is published here yet; run `etl run PATH` first"


class PortTakenError(EtlError):
    """The page cannot be shown on that port."""

    def __init__(self, port: int, found: str) -> None:
        super().__init__(port, found)
        self.port, self.found = port, found

    def __str__(self) -> str:
        return f"port {self.port}: {self.found}; name another one with --port"


class QueryError(EtlError):
    """The published database refused a query."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def __str__(self) -> str:
        return f"query: {self.detail}"


class NetworkError(EtlError):
    """A host did not answer, or not with the whole of what was asked for: time may mend it."""

    exit_status = 3

    def __init__(self, place: str, found: str) -> None:
        super().__init__(place, found)
        self.place, self.found = place, found

    def __str__(self) -> str:
        return f"{self.place}: {self.found}; try again later"


class BusyError(NetworkError):
    """A host asks to be left alone for longer than a run waits: for so many seconds, where it says so."""

    def __init__(self, place: str, found: str, wait_seconds: float = 0.0) -> None:
        super().__init__(place, found)
        self.args = (place, found, wait_seconds)
        self.wait_seconds = wait_seconds


class AnswerError(EtlError):
    """A host answered something else than was asked for: time alone will not mend it."""

    def __init__(self, place: str, found: str) -> None:
        super().__init__(place, found)
        self.place, self.found = place, found

    def __str__(self) -> str:
        return f"{self.place}: {self.found}; see docs/fetching.md"


class ForbiddenPlaceError(EtlError):
    """A request would leave the hosts and addresses that a source may reach."""

    def __init__(self, place: str, found: str) -> None:
        super().__init__(place, found)
        self.place, self.found = place, found

    def __str__(self) -> str:
        return f"{self.place}: {self.found}; nothing was sent there, see docs/fetching.md"
