"""Every table, declared once (idea 1). DDL, structural expectations and the data dictionary follow from here.

A staged table is what `normalise` writes: one row a record, with the provenance that leads back to the bytes.
A core table is what `load` makes of the staged rows. Tables in `sql/marts/` describe themselves.
"""

from __future__ import annotations

from collections.abc import Mapping

import dataframely as dy
import polars as pl

LINK_KINDS = (
    "repository",
    "project_page",
    "model",
    "dataset",
    "demo",
    "video",
    "shortener",
    "paper",
    "other",
)
EVIDENCE_KINDS = (
    "abstract_sentence",
    "abstract_url",
    "comment",
    "page_field",
    "link_dump",
    "repository_dump",
    "override",
)
STATEMENTS = ("linked", "promised", "on_request", "claimed_without_link", "none")
DUMP_STATUSES = ("loaded", "refused", "withdrawn")
REPOSITORY_STATES = ("ok", "renamed", "archived", "empty", "gone", "squatted", "unknown")

MAX_TITLE = 2_000


class Provenance(dy.Schema):
    """Where a record stands: the columns that every staged row carries."""

    dump_id = dy.String(primary_key=True, description="sha256 of the dump's bytes")
    member = dy.String(primary_key=True, description="path inside an archive, else empty")
    record_offset = dy.Int64(primary_key=True, min=0, description="first byte of the record in the decoded stream")


class StagedPaper(Provenance):
    """One record of a listing that describes a paper, in our columns."""

    record_length = dy.Int64(nullable=True, min=0, description="bytes of the record in the decoded stream")
    observed_on = dy.Date(nullable=True, description="day of an archive's member, else null: the delivery says it")
    position = dy.Int64(nullable=True, min=1, description="place in the listing, from 1")
    title = dy.String(description="title on one line")
    abstract = dy.String(nullable=True, description="abstract, one line a paragraph")
    authors = dy.List(dy.String(), nullable=True, description="names as listed")
    arxiv_id = dy.String(
        nullable=True,
        regex=r"^(\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7})$",
        description="arXiv identifier without version",
    )
    doi = dy.String(nullable=True, regex=r"^10\.\d{4,9}/\S+$", description="DOI in lower case, without resolver")
    published_on = dy.Date(nullable=True, description="day of the first version")
    updated_on = dy.Date(nullable=True, description="day of the latest version")
    primary_category = dy.String(nullable=True, description="first subject category")
    categories = dy.List(dy.String(), nullable=True, description="subject categories in listed order")
    venue = dy.String(nullable=True, description="journal or conference as stated")
    language = dy.String(nullable=True, description="language of the text, ISO 639-1; null where it does not tell")
    upvotes = dy.Int64(nullable=True, min=0, description="readers' votes at that time")
    comments = dy.Int64(nullable=True, min=0, description="readers' comments at that time")
    dois = dy.List(dy.String(), nullable=True, description="all DOIs of the record, `doi` first")
    title_key = dy.String(nullable=True, description="fingerprint of the title; null where it names a part of a volume")
    is_specific = dy.Bool(description="whether the title is likely to name one paper only")
    author_key = dy.String(nullable=True, description="words of the first authors' names, small and without accents")
    content_hash = dy.String(description="hash of the normalised record, its position and votes apart")
    repeat_hash = dy.String(description="hash of all that the record says, its position apart: equal ones are repeats")
    statement = dy.Enum(STATEMENTS, description="what the text says about code")
    statement_sentence = dy.String(nullable=True, description="the sentence that says it")

    @dy.rule()
    def missing_title(cls) -> pl.Expr:
        """A paper needs a title."""
        return pl.col("title").str.len_chars() > 0

    @dy.rule()
    def title_too_long(cls) -> pl.Expr:
        """Longer titles are parse errors."""
        return pl.col("title").str.len_chars() <= MAX_TITLE


class StagedLink(Provenance):
    """One URL that a record names."""

    url = dy.String(primary_key=True, description="canonical URL as spelled here")
    url_key = dy.String(description="the URL under its host's case rules: equal keys are one link")
    kind = dy.Enum(LINK_KINDS, description="what the URL leads to")
    repository_url = dy.String(nullable=True, description="canonical repository URL, for kind repository")
    evidence = dy.String(description="sentence or field that names it")
    evidence_kind = dy.Enum(EVIDENCE_KINDS, description="where it was found")
    char_start = dy.Int64(nullable=True, min=0, description="first character in the abstract")
    char_end = dy.Int64(nullable=True, min=0, description="character after the last in the abstract")
    confidence = dy.Float64(
        min=0, max=1, description="how often such a link belongs to its paper, 0 to 1, see docs/links.md"
    )
    is_official = dy.Bool(
        nullable=True, description="the authors' own; false where the text uses or compares with it, null where unsaid"
    )


class StagedKeyphrase(Provenance):
    """One keyphrase of a record's title and abstract."""

    phrase = dy.String(primary_key=True, description="keyphrase in lower case")
    phrase_key = dy.String(description="what its variants share: plural, hyphen, compound, case and spelling apart")
    short_form = dy.String(nullable=True, description="the short form that it is, where it is a word in capitals")
    rank = dy.Int64(min=1, description="1 is the most telling")
    score = dy.Float64(min=0, description="unitless; comparable within the record")
    in_title = dy.Bool(description="whether the title holds it")


class StagedDefinition(Provenance):
    """One short form that a record's title or abstract defines."""

    short_form = dy.String(primary_key=True, description="in capitals, without plural ending: `LLM`")
    phrase = dy.String(description="long form in lower case: `large language models`")
    phrase_key = dy.String(description="what variants of the long form share")


class StagedRepository(Provenance):
    """What a record says about a repository at that time."""

    item = dy.Int64(primary_key=True, min=0, description="number of the observation within the record, from 0")
    record_length = dy.Int64(nullable=True, min=0, description="bytes of the record in the decoded stream")
    observed_on = dy.Date(nullable=True, description="day that the record names, else null: the delivery says it")
    position = dy.Int64(nullable=True, min=1, description="place in the listing, from 1")
    repository_url = dy.String(description="canonical repository URL")
    host_id = dy.String(nullable=True, description="the host's own number for it")
    stars = dy.Int64(nullable=True, min=0, description="stars at that time")
    forks = dy.Int64(nullable=True, min=0, description="forks at that time")
    language = dy.String(nullable=True, description="main language")
    license = dy.String(nullable=True, description="licence as the host names it")
    is_archived = dy.Bool(nullable=True, description="read-only on the host")
    pushed_on = dy.Date(nullable=True, description="day of the last push")
    state = dy.Enum(REPOSITORY_STATES, nullable=True, description="what the host says of it, where the record tells")
    renamed_to = dy.String(nullable=True, description="canonical URL that it has now")
    repeat_hash = dy.String(nullable=True, description="hash of all that the record says; null where it is a paper's")


class Rejected(Provenance):
    """A record that was set aside, with its reason."""

    record_length = dy.Int64(nullable=True, min=0, description="bytes of the record in the decoded stream")
    source = dy.String(description="dump format")
    reason = dy.String(description="code of what is wrong")
    detail = dy.String(description="what was found")
    excerpt = dy.String(description="start of the record, escaped, at most 1 KiB")
    parser_version = dy.Int64(description="version of the parser that rejected it")


STAGED: Mapping[str, type[dy.Schema]] = {
    "papers": StagedPaper,
    "links": StagedLink,
    "keyphrases": StagedKeyphrase,
    "definitions": StagedDefinition,
    "repositories": StagedRepository,
}


class Dumps(dy.Schema):
    """Deliveries: bytes that came under a name, with what became of their records."""

    dump_id = dy.String(primary_key=True, description="sha256 of the dump's bytes")
    source = dy.String(primary_key=True, description="dump format; `unrecognised` where none fits")
    name = dy.String(primary_key=True, description="file name at delivery")
    observed_on = dy.Date(primary_key=True, description="day that the listing shows")
    bytes = dy.Int64(description="size as received, in bytes")
    status = dy.String(description="loaded, refused or withdrawn")
    reason = dy.String(nullable=True, description="why it was refused or withdrawn")
    records = dy.Int64(description="records seen: loaded + rejected + duplicates")
    loaded = dy.Int64(description="records that stand in the warehouse")
    rejected = dy.Int64(description="records set aside, see `ops.rejected`")
    duplicates = dy.Int64(description="repeats inside the dump")
    unknown_fields = dy.List(dy.String(), description="fields that the source neither maps nor ignores")
    parser_version = dy.Int64(description="version of the source's parser")
    licence = dy.String(nullable=True, description="licence of the source, as stated")


class DumpMembers(dy.Schema):
    """Files inside archives, with what became of their records."""

    dump_id = dy.String(primary_key=True, description="sha256 of the archive's bytes")
    member = dy.String(primary_key=True, description="path inside the archive")
    records = dy.Int64(description="records seen: loaded + rejected + duplicates")
    loaded = dy.Int64(description="records that stand in the warehouse")
    rejected = dy.Int64(description="records set aside")
    duplicates = dy.Int64(description="repeats inside the dump")


class Papers(dy.Schema):
    """Papers, each a fold of all its records."""

    paper_id = dy.String(primary_key=True, description="best alias: arXiv, else DOI, else title or text")
    title = dy.String(description="title on one line")
    abstract = dy.String(nullable=True, description="abstract, one line a paragraph")
    authors = dy.List(dy.String(), nullable=True, description="names as listed")
    arxiv_id = dy.String(nullable=True, description="arXiv identifier without version")
    doi = dy.String(nullable=True, description="DOI in lower case")
    published_on = dy.Date(nullable=True, description="day of the first version; periods go by it")
    stated_on = dy.Date(
        nullable=True,
        description="stated day that cannot be it: after the last day that we saw the paper, by two or more",
    )
    updated_on = dy.Date(nullable=True, description="day of the latest version")
    primary_category = dy.String(nullable=True, description="first subject category")
    categories = dy.List(dy.String(), nullable=True, description="subject categories")
    venue = dy.String(nullable=True, description="journal or conference as stated")
    language = dy.String(nullable=True, description="language of the text, ISO 639-1; null where it does not tell")
    first_observed_on = dy.Date(description="first day that we saw it listed")
    last_observed_on = dy.Date(description="last day that we saw it listed")


class PaperAliases(dy.Schema):
    """Every identifier of a paper, and the paper that it resolves to."""

    alias = dy.String(primary_key=True, description="`arxiv:…`, `doi:…`, `title:…` or `text:…`")
    paper_id = dy.String(description="the paper")


class PaperObservations(dy.Schema):
    """Each sighting of a paper in a delivery."""

    dump_id = dy.String(primary_key=True, description="sha256 of the dump's bytes")
    member = dy.String(primary_key=True, description="path inside an archive, else empty")
    record_offset = dy.Int64(primary_key=True, description="first byte of the record in the decoded stream")
    observed_on = dy.Date(primary_key=True, description="day of the listing")
    record_length = dy.Int64(nullable=True, description="bytes of the record in the decoded stream")
    paper_id = dy.String(description="the paper")
    source = dy.String(description="dump format")
    position = dy.Int64(nullable=True, description="place in the listing, from 1")
    upvotes = dy.Int64(nullable=True, description="readers' votes at that time")
    comments = dy.Int64(nullable=True, description="readers' comments at that time")


class Keywords(dy.Schema):
    """Keywords over all papers, variants joined."""

    keyword = dy.String(primary_key=True, description="the variant that most papers use, or that is configured")
    keyword_key = dy.String(description="what its variants share, whichever is shown: the same from load to load")
    variants = dy.List(dy.String(), description="all spellings and short forms that papers use, sorted")
    acronym = dy.String(nullable=True, description="short form that most texts define for it")
    papers = dy.Int64(description="papers that it describes")


class PaperKeywords(dy.Schema):
    """Keywords of each paper."""

    paper_id = dy.String(primary_key=True, description="the paper")
    keyword = dy.String(primary_key=True, description="see `core.keywords`")
    rank = dy.Int64(description="1 is the most telling; ranks of stop terms and of further variants are left out")
    score = dy.Float64(description="unitless; comparable within the paper")
    in_title = dy.Bool(description="whether the title holds it")


class Repositories(dy.Schema):
    """Code repositories that papers or repository dumps name."""

    repository_url = dy.String(primary_key=True, description="canonical URL in its most frequent spelling")
    host = dy.String(description="`github.com`, `gitlab.com`, …")
    host_id = dy.String(nullable=True, description="the host's own number, kept through renames")
    owner = dy.String(nullable=True, description="account or group")
    name = dy.String(nullable=True, description="repository name")
    state = dy.String(description="ok, renamed, archived, empty, gone, squatted or unknown, see docs/repositories.md")
    state_on = dy.Date(nullable=True, description="day of the latest record that the state follows from")
    state_source = dy.String(
        nullable=True,
        description="dump format of the latest record that says a state, else of the latest that shows it",
    )
    renamed_to = dy.String(nullable=True, description="canonical URL of the repository now, after all renames")
    present_url = dy.String(
        nullable=True,
        description="where the repository is that the name led to first: `renamed_to`, else this URL; null for one of "
        "a squatted name that was not seen again",
    )


class RepositoryObservations(dy.Schema):
    """What was seen of a repository, by day and source, under the name that it had then."""

    repository_url = dy.String(primary_key=True, description="see `core.repositories`")
    observed_on = dy.Date(primary_key=True, description="day of the observation")
    source = dy.String(primary_key=True, description="dump format that says so")
    present_url = dy.String(
        nullable=True,
        description="name that the repository has now: its series goes by it; null where the name was given to another "
        "repository and it is not known which of the two was seen",
    )
    host_id = dy.String(nullable=True, description="the host's own number, where the record tells")
    position = dy.Int64(nullable=True, description="best place in that day's listings, from 1")
    overall_position = dy.Int64(nullable=True, description="place in that day's listing of all languages, from 1")
    stars = dy.Int64(nullable=True, description="stars")
    forks = dy.Int64(nullable=True, description="forks")
    language = dy.String(nullable=True, description="main language")
    license = dy.String(nullable=True, description="licence as the host names it")
    is_archived = dy.Bool(nullable=True, description="read-only on the host")
    pushed_on = dy.Date(nullable=True, description="day of the last push")


class PaperLinks(dy.Schema):
    """Links of each paper, with the evidence."""

    paper_id = dy.String(primary_key=True, description="the paper")
    url = dy.String(primary_key=True, description="canonical URL in its most frequent spelling")
    kind = dy.String(description="repository, project_page, model, dataset, demo, video, shortener, paper, other")
    repository_url = dy.String(nullable=True, description="see `core.repositories`, for kind repository")
    evidence = dy.String(description="sentence or field that names it")
    evidence_kind = dy.String(description="where it was found")
    char_start = dy.Int64(nullable=True, description="first character in the paper's abstract")
    char_end = dy.Int64(nullable=True, description="character after the last in the paper's abstract")
    confidence = dy.Float64(description="how often such a link belongs to its paper, 0 to 1, see docs/links.md")
    is_official = dy.Bool(
        nullable=True, description="the authors' own; false where the text uses or compares with it, null where unsaid"
    )
    first_observed_on = dy.Date(description="first day that a record named it")
    last_observed_on = dy.Date(description="last day that a record named it")


class CodeStatements(dy.Schema):
    """What each paper says about its code."""

    paper_id = dy.String(primary_key=True, description="the paper")
    statement = dy.String(description="linked, promised, on_request, claimed_without_link or none")
    sentence = dy.String(nullable=True, description="the sentence that says it")
    promised_on = dy.Date(nullable=True, description="first day that a record promised code")


class RejectedRecords(Rejected):
    """Records that were set aside, with their reasons."""


class Conflicts(dy.Schema):
    """Identifiers that would have joined papers with different strong identifiers, and so join none."""

    identifier = dy.String(primary_key=True, description="the alias that joins neither")
    papers = dy.List(dy.String(), description="papers that it would have joined")


class Merges(dy.Schema):
    """Identifiers by which records would be papers of their own, and the papers that they are part of."""

    merged_id = dy.String(primary_key=True, description="identifier of the records if they were alone")
    paper_id = dy.String(primary_key=True, description="the paper that they are part of")
    evidence = dy.String(
        description="doi, title_and_authors, title_and_abstract, title (authors not named) or override"
    )
    observed_on = dy.Date(description="first day by which both had been seen")


class Overrides(dy.Schema):
    """What the file of overrides says, and whether it acts."""

    action = dy.String(primary_key=True, description="merge or split")
    paper = dy.String(primary_key=True, description="one paper, by an identifier")
    other = dy.String(primary_key=True, description="the other paper, by an identifier")
    made_on = dy.Date(primary_key=True, description="day on which it was decided (`when`)")
    who = dy.String(description="who decided")
    why = dy.String(description="why")
    until = dy.Date(nullable=True, description="last observed day on which it acts")
    status = dy.String(description="active, expired, or unmatched: acts, but no record has one of the identifiers")


class Runs(dy.Schema):
    """Steps that changed something."""

    run = dy.String(primary_key=True, description="identifier of the run: UTC time and process")
    step = dy.String(primary_key=True, description="fetch, resolve, or one of the six from ingest to publish")
    started_at = dy.Datetime(description="UTC")
    seconds = dy.Float64(description="wall time")
    read = dy.Int64(description="what the step read: dumps, batches or tables")
    written = dy.Int64(description="what the step wrote: dumps, records, tables or files")
    failed = dy.Int64(description="dumps or batches that failed")


class Validations(dy.Schema):
    """Results of Great Expectations, by batch and expectation."""

    batch_id = dy.String(primary_key=True, description="the batch")
    table = dy.String(primary_key=True, description="staged table")
    expectation = dy.String(primary_key=True, description="type and columns")
    severity = dy.String(description="critical, warning or info")
    is_met = dy.Bool(description="whether it held")
    observed = dy.String(nullable=True, description="what was observed")


CORE: Mapping[str, type[dy.Schema]] = {
    "core.dumps": Dumps,
    "core.dump_members": DumpMembers,
    "core.papers": Papers,
    "core.paper_aliases": PaperAliases,
    "core.paper_observations": PaperObservations,
    "core.keywords": Keywords,
    "core.paper_keywords": PaperKeywords,
    "core.repositories": Repositories,
    "core.repository_observations": RepositoryObservations,
    "core.paper_links": PaperLinks,
    "core.code_statements": CodeStatements,
    "ops.rejected": RejectedRecords,
    "ops.conflicts": Conflicts,
    "ops.merges": Merges,
    "ops.overrides": Overrides,
    "ops.runs": Runs,
    "ops.validations": Validations,
}


def polars_schema(table: type[dy.Schema]) -> pl.Schema:
    """Column names and Polars types of a table, in declared order."""
    return pl.Schema({name: column.dtype for name, column in table.columns().items()})


def description(table: type[dy.Schema]) -> str:
    """What the rows of a table are."""
    return " ".join((table.__doc__ or "").split())


_DUCKDB_TYPES: Mapping[pl.DataType, str] = {
    pl.String(): "VARCHAR",
    pl.Int64(): "BIGINT",
    pl.Float64(): "DOUBLE",
    pl.Boolean(): "BOOLEAN",
    pl.Date(): "DATE",
    pl.Datetime("us"): "TIMESTAMP",
    pl.List(pl.String()): "VARCHAR[]",
}


def duckdb_type(dtype: pl.DataType) -> str:
    """The DuckDB type that a Polars type is stored as; raises KeyError for a type that no table uses."""
    return "VARCHAR" if isinstance(dtype, pl.Enum) else _DUCKDB_TYPES[dtype]


def duckdb_ddl(name: str, table: type[dy.Schema]) -> str:
    """`CREATE TABLE IF NOT EXISTS` for a table. Keys are proven by queries: an index would cost more than it says."""
    columns = ", ".join(
        f'"{column}" {duckdb_type(definition.dtype)}{"" if definition.nullable else " NOT NULL"}'
        for column, definition in table.columns().items()
    )
    return f"CREATE TABLE IF NOT EXISTS {name} ({columns})"
