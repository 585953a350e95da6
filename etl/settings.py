"""Names of places and numbers: the only reader of the environment and the only joiner of warehouse paths."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from etl.errors import SettingsError

PROJECT = Path(__file__).resolve().parent.parent
SQL = PROJECT / "sql"
EXPECTATIONS = PROJECT / "expectations"

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """How much of an untrusted dump is read before it counts as hostile. Each can be set as `ETL_LIMIT_<NAME>`.

    `record_bytes` and `string_bytes` bound a record and one text in it, `depth` and `keys` its nesting and the names
    of one object; `members` counts the files of an archive, `expanded_bytes` what a dump may grow to. Beyond
    `ratio_from` bytes a dump may not be more than `ratio` times as large as it came. A zip or Parquet file inside
    another file is held in memory, if it has at most `inner_bytes`. `worker_bytes` is the memory that one worker
    process may hold, `stall_seconds` the time after which one that gets no further is ended.
    """

    record_bytes: int = 8 * MIB
    string_bytes: int = 4 * MIB
    depth: int = 100
    keys: int = 1_000
    members: int = 10_000
    expanded_bytes: int = 64 << 30
    ratio: int = 500
    ratio_from: int = 64 * MIB
    inner_bytes: int = 128 * MIB
    worker_bytes: int = 2 << 30
    stall_seconds: int = 300

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Limits:
        """The limits that the environment asks for; raises SettingsError when a number is not one."""
        return cls(**{name: _number(env, f"ETL_LIMIT_{name.upper()}", value, 1) for name, value in vars(cls()).items()})


@dataclass(frozen=True)
class Fetching:
    """How dumps are brought from the network. Sizes are in bytes, times in seconds.

    `urls` replaces the addresses of sources, `pause_seconds` the pauses that they ask for between requests. Nothing is
    waited for longer than `longest_wait_seconds`. Secrets are in no repr.
    """

    urls: Mapping[str, str] = field(default_factory=dict)
    allows_private: bool = False
    timeout_seconds: float = 120.0
    max_bytes: int = 4 << 30
    contact: str = ""
    retries: int = 4
    backoff_seconds: float = 1.0
    longest_wait_seconds: float = 60.0
    pause_seconds: float | None = None
    categories: tuple[str, ...] = ("cs",)
    repositories: int = 500
    github_token: str = field(default="", repr=False)
    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)
    no_proxy: tuple[str, ...] = ()

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Fetching:
        """What the environment asks for; raises SettingsError where a value cannot be used, without showing secrets."""
        named = {name: re.fullmatch(r"ETL_FETCH_(\w+)_URL", name) for name in env}
        return cls(
            urls={found[1].lower(): _url(name, env[name]) for name, found in named.items() if found and env[name]},
            allows_private=env.get("ETL_FETCH_PRIVATE", "0") not in ("", "0"),
            timeout_seconds=_number(env, "ETL_FETCH_TIMEOUT", 120, least=1),
            max_bytes=_number(env, "ETL_FETCH_MAX_BYTES", 4 << 30, least=1),
            contact=_header(env, "ETL_FETCH_CONTACT"),
            retries=_number(env, "ETL_FETCH_RETRIES", 4, least=0),
            pause_seconds=_number(env, "ETL_FETCH_PAUSE", 0, least=0) if env.get("ETL_FETCH_PAUSE") else None,
            categories=_categories(env),
            repositories=_number(env, "ETL_FETCH_REPOSITORIES", 500, least=1),
            github_token=_header(env, "GITHUB_TOKEN"),
            proxies=_proxies(env),
            no_proxy=tuple(name.strip().lower() for name in _either(env, "no_proxy").split(",") if name.strip()),
        )


CODE_HOSTS = ("github.com", "gitlab.com", "codeberg.org", "bitbucket.org")


@dataclass(frozen=True)
class Resolving:
    """Which code hosts `etl resolve` may ask, for how many repositories a run each; `urls` replaces their addresses."""

    hosts: tuple[str, ...] = CODE_HOSTS
    requests: int = 1_000
    urls: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Resolving:
        """What the environment asks for; raises SettingsError where a value cannot be used."""
        hosts = tuple((env.get("ETL_RESOLVE_HOSTS") or " ".join(CODE_HOSTS)).replace(",", " ").split())
        for host in hosts:
            if host not in CODE_HOSTS:
                raise SettingsError("ETL_RESOLVE_HOSTS", host, f"some of {' '.join(CODE_HOSTS)}")
        named = {host: f"ETL_RESOLVE_{host.partition('.')[0].upper()}_URL" for host in CODE_HOSTS}
        return cls(
            hosts=hosts,
            requests=_number(env, "ETL_RESOLVE_REQUESTS", 1_000, least=1),
            urls={host: _url(name, env[name]) for host, name in named.items() if env.get(name)},
        )


@dataclass(frozen=True)
class Mailing:
    """How digests are sent: over SMTP, with `security` from the first byte (`tls`), before the password (`starttls`) or
    not at all (`none`). Times are in seconds. The password is in no repr.
    """

    host: str = ""
    port: int = 587
    security: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    sender: str = ""
    unsubscribe: str = ""
    timeout_seconds: float = 60.0
    retries: int = 3
    backoff_seconds: float = 2.0

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Mailing:
        """What the environment asks for; raises SettingsError where a value cannot be used, without showing secrets."""
        security = env.get("ETL_SMTP_SECURITY") or "starttls"
        if security not in _SMTP_PORTS:
            raise SettingsError("ETL_SMTP_SECURITY", security, f"one of {', '.join(_SMTP_PORTS)}")
        made = cls(
            host=_header(env, "ETL_SMTP_HOST"),
            port=_number(env, "ETL_SMTP_PORT", _SMTP_PORTS[security], least=1),
            security=security,
            user=_header(env, "ETL_SMTP_USER"),
            password=_header(env, "ETL_SMTP_PASSWORD"),
            ca_file=Path(env["ETL_SMTP_CA_FILE"]).expanduser() if env.get("ETL_SMTP_CA_FILE") else None,
            sender=_header(env, "ETL_DIGEST_FROM"),
            unsubscribe=_header(env, "ETL_DIGEST_UNSUBSCRIBE"),
            timeout_seconds=_number(env, "ETL_SMTP_TIMEOUT", 60, least=1),
            retries=_number(env, "ETL_SMTP_RETRIES", 3, least=0),
        )
        if made.user and security == "none" and made.host not in _LOOPBACK:
            raise SettingsError(
                "ETL_SMTP_SECURITY", "none", "tls or starttls: a password never crosses a network in clear"
            )
        if made.unsubscribe and not re.fullmatch(r"(mailto:|https://)[!-;=?-~]+", made.unsubscribe):
            raise SettingsError("ETL_DIGEST_UNSUBSCRIBE", made.unsubscribe, "a mailto: or https:// address")
        return made


_SMTP_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Settings:
    """Where a warehouse lives and how much work is done at a time. All sizes are in bytes."""

    warehouse: Path
    inbox: Path
    workers: int = 2
    batch_bytes: int = 512 * MIB
    batch_dumps: int = 5_000
    shard_bytes: int = 32 * MIB
    limits: Limits = field(default_factory=Limits)
    rejected_share: float = 0.05
    keyphrases: bool = True
    settle_seconds: float = 5.0
    keep_published: int = 5
    memory_limit: str = "3GB"
    fetching: Fetching = field(default_factory=Fetching)
    overrides: Path | None = None
    resolving: Resolving = field(default_factory=Resolving)
    mailing: Mailing = field(default_factory=Mailing)
    subscriptions: Path = Path("subscriptions")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, warehouse: Path | None = None) -> Settings:
        """The settings that the environment asks for; `warehouse` wins over `ETL_WAREHOUSE`.

        Raises SettingsError when a number is not one.
        """
        env = os.environ if environ is None else environ
        place = warehouse or Path(env.get("ETL_WAREHOUSE") or "warehouse")
        place = place.expanduser().absolute()
        inbox = Path(env.get("ETL_INBOX") or place / "inbox").expanduser().absolute()
        return cls(
            warehouse=place,
            inbox=inbox,
            workers=_number(env, "ETL_WORKERS", min(os.cpu_count() or 1, 8), least=1),
            limits=Limits.from_env(env),
            rejected_share=_share(env, "ETL_REJECTED_SHARE", 0.05),
            keyphrases=env.get("ETL_KEYPHRASES", "1") != "0",
            settle_seconds=_number(env, "ETL_SETTLE_SECONDS", 5, least=0),
            keep_published=_number(env, "ETL_KEEP_PUBLISHED", 5, least=1),
            memory_limit=env.get("ETL_MEMORY_LIMIT") or "3GB",
            fetching=Fetching.from_env(env),
            overrides=_file(env, "ETL_OVERRIDES", "a CSV of overrides"),
            resolving=Resolving.from_env(env),
            mailing=Mailing.from_env(env),
            subscriptions=Path(env.get("ETL_SUBSCRIPTIONS") or "subscriptions").expanduser().absolute(),
        )

    @property
    def raw(self) -> Path:
        """Bytes as received, named by their sha256."""
        return self.warehouse / "raw"

    @property
    def staging(self) -> Path:
        """Normalised Parquet, a folder a table, a folder a batch."""
        return self.warehouse / "staging"

    @property
    def commits(self) -> Path:
        """Commit files: a batch without one does not exist."""
        return self.staging / "commits"

    @property
    def rejected(self) -> Path:
        """Rejected records as Parquet, a folder a batch."""
        return self.warehouse / "rejected"

    @property
    def reports(self) -> Path:
        """What validation found, a folder a batch, and Data Docs."""
        return self.warehouse / "reports"

    @property
    def backtest(self) -> Path:
        """The report of the last back-test: a page and its figures."""
        return self.warehouse / "backtest"

    @property
    def state(self) -> Path:
        """What no dump says: withdrawals, published revisions, what was fetched and resolved when."""
        return self.warehouse / "state"

    @property
    def published_ids(self) -> Path:
        """Identifiers that were published and that no record tells any more."""
        return self.state / "published_ids.parquet"

    @property
    def published(self) -> Path:
        """Published snapshots, a folder each."""
        return self.warehouse / "published"

    @property
    def as_of(self) -> Path:
        """What was known on a day, a folder a day that somebody asked for."""
        return self.warehouse / "as_of"

    @property
    def current(self) -> Path:
        """The link to the snapshot that readers use."""
        return self.warehouse / "current"

    @property
    def current_database(self) -> Path:
        """The database that readers use."""
        return self.current / "papers.duckdb"

    @property
    def database(self) -> Path:
        """The working DuckDB file, which only load and build write."""
        return self.warehouse / "working.duckdb"

    @property
    def lock(self) -> Path:
        """The file that the one writer from load to publish holds."""
        return self.warehouse / ".lock"

    @property
    def scratch(self) -> Path:
        """Where DuckDB may spill."""
        return self.warehouse / "tmp"

    def raw_file(self, dump_id: str) -> Path:
        """The bytes of one dump."""
        return self.raw / dump_id[:2] / dump_id

    def staged(self, table: str, batch_id: str) -> Path:
        """The folder of one batch of one staged table."""
        return self.staging / table / f"batch={batch_id}"

    def rejected_batch(self, batch_id: str) -> Path:
        """The folder of the records that one batch rejected."""
        return self.rejected / f"batch={batch_id}"

    def commit(self, batch_id: str) -> Path:
        """The commit file of one batch."""
        return self.commits / f"{batch_id}.json"

    def report(self, batch_id: str) -> Path:
        """The validation report of one batch."""
        return self.reports / batch_id / "validation.json"

    def digest_state(self, key: str) -> Path:
        """What a subscriber was told already."""
        return self.state / "digests" / f"{key}.json"

    @property
    def digest_turn(self) -> Path:
        """The file that the one process holds which sends digests now."""
        return self.state / "digests" / ".lock"

    def fetch_state(self, source: str) -> Path:
        """What is known of earlier fetches of one source."""
        return self.state / "fetch" / f"{source}.json"

    def fetch_turn(self, publisher: str) -> Path:
        """The file that the one process holds which asks this publisher now."""
        return self.state / "fetch" / f".{publisher}.lock"


def configuration_file(environ: Mapping[str, str] | None = None) -> Path | None:
    """The file that describes tables of one's own: `ETL_CONFIG`, else `etl.toml` in the current folder if it is there.

    Raises SettingsError where `ETL_CONFIG` names no file.
    """
    env = os.environ if environ is None else environ
    path = Path("etl.toml").absolute()
    return _file(env, "ETL_CONFIG", "a TOML file") or (path if path.is_file() else None)


def _file(env: Mapping[str, str], name: str, wanted: str) -> Path | None:
    """The file that a setting names, if it names one."""
    if not env.get(name):
        return None
    path = Path(env[name]).expanduser().absolute()
    if not path.is_file():
        raise SettingsError(name, env[name], wanted)
    return path


def _number(env: Mapping[str, str], name: str, default: int, least: int) -> int:
    text = env.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise SettingsError(name, text, f"a whole number of at least {least}")
    return int(text)


def _share(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(name) or str(default)
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise SettingsError(name, text, "a share from 0 to 1")
    return share


def _url(name: str, text: str) -> str:
    """An address without a name and password in it: those would end up in logs."""
    try:
        parts = urlsplit(text)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        raise SettingsError(name, text, "an http or https address") from None
    if "@" in parts.netloc:
        raise SettingsError(name, "(hidden)", "an address without a name and password")
    if not is_usable or not text.isascii() or not text.isprintable() or " " in text:
        raise SettingsError(name, text, "an http or https address")
    return text.rstrip("/")


def _header(env: Mapping[str, str], name: str) -> str:
    """A value that is sent as part of a header. It may be a secret: a message never shows it."""
    text = env.get(name, "").strip()
    if not text.isascii() or not text.isprintable():
        raise SettingsError(name, "(hidden)", "printable ASCII")
    return text


def _categories(env: Mapping[str, str]) -> tuple[str, ...]:
    found = tuple((env.get("ETL_FETCH_CATEGORIES") or "cs").replace(",", " ").split())
    for category in found:
        if not re.fullmatch(r"[a-z][a-z-]*(\.[A-Za-z-]+)?", category):
            raise SettingsError("ETL_FETCH_CATEGORIES", category, "arXiv categories such as cs or cs.LG")
    return found


def _either(env: Mapping[str, str], name: str) -> str:
    """Proxies are named in small or in capital letters."""
    return env.get(name) or env.get(name.upper()) or ""


def _proxies(env: Mapping[str, str]) -> dict[str, str]:
    """The proxy for each scheme. They may hold a password: a message never shows them."""
    found = {}
    for scheme in ("http", "https"):
        text = _either(env, f"{scheme}_proxy") or _either(env, "all_proxy")
        if text and not re.fullmatch(r"https?://[!-~]+", text if "://" in text else f"http://{text}"):
            raise SettingsError(f"{scheme}_proxy", "(hidden)", "an http or https address")
        if text:
            found[scheme] = text if "://" in text else f"http://{text}"
    return found
