"""Themes: clusters of the network of keywords that papers of a year use together, followed from year to year."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import dataframely as dy
import networkx as nx
import polars as pl

from etl.marts.base import Frames, Mart

# Keywords of each year that take part, and the papers that a pair needs.
TOP_KEYWORDS = 150
MIN_PAPERS, MIN_PAIR_PAPERS = 3, 2
# Two themes of neighbouring years are one when they share at least this part of the smaller.
MIN_INCLUSION = 0.25
# A name is kept while it is among so many of the most frequent keywords: it must say what the theme is about.
TELLING_KEYWORDS = 5
# How much a link of the year before still counts when clusters are looked for: themes move, they do not jump.
MEMORY = 0.5
# Louvain's answer depends on the order of nodes: of so many orders the answer of highest modularity is kept.
ORDERS = 5

Links = dict[tuple[str, str], float]


class KeywordThemes(dy.Schema):
    """Themes of each year: clusters of its 150 most frequent keywords, by the papers that use them together."""

    theme = dy.String(
        primary_key=True,
        description="name: that of the theme of the year before where each has the highest `stability` with the other "
        "and the name is still among its five most frequent keywords, else the most frequent keyword",
    )
    period = dy.Date(primary_key=True, description="first day of the year")
    keywords = dy.List(
        dy.String(),
        description="keywords of the cluster, most frequent first. Clusters maximise modularity (Louvain: Blondel et "
        "al. 2008, the best of 5 orders) over links e = c²/(a b), of c papers with both, a and b with either "
        "(equivalence index, Callon, Courtial and Laville 1991), and half of the links of the year before",
    )
    papers = dy.Int64(description="papers of the year with at least one of them")
    centrality = dy.Float64(description="sum of the links e to other clusters (Callon, Courtial and Laville 1991)")
    density = dy.Float64(description="100 × sum of the links e inside / number of keywords (the same)")
    quadrant = dy.String(
        description="`motor` (central and dense), `basic` (central), `niche` (dense) or `marginal`: emerging or in "
        "decline; against the medians of the year (Cobo et al. 2011)"
    )
    previous_theme = dy.String(
        nullable=True, description="the theme of the year before of highest inclusion, 0.25 at least"
    )
    inclusion = dy.Float64(
        nullable=True, description="keywords shared with it / keywords of the smaller of the two (Cobo et al. 2011)"
    )
    stability = dy.Float64(
        nullable=True, description="keywords shared with it / keywords of either (Jaccard index, the same)"
    )
    is_partial = dy.Bool(description="whether the year was not over when we looked last")


def compute(frames: Frames) -> pl.DataFrame:
    """The themes of every year that has enough keywords."""
    rows: list[dict[str, Any]] = []
    before: list[dict[str, Any]] = []
    remembered: Links = {}
    usage, partial = frames["usage"], set(frames["partial"].get_column("period"))
    years = usage.partition_by("period", as_dict=True)
    for (period,) in sorted(years):
        year = _year(years[period,])
        themes = _themes(year, remembered) if _is_next(period, before) else _themes(year, {})
        _follow(themes, before if _is_next(period, before) else [])
        before = [{**theme, "period": period} for theme in themes]
        remembered = year.links
        rows += [{**theme, "is_partial": period in partial} for theme in before]
    columns = {name: column.dtype for name, column in KeywordThemes.columns().items()}
    return pl.DataFrame(rows, schema=columns, orient="row").sort("period", "theme")


def _is_next(period: dt.date, before: list[dict[str, Any]]) -> bool:
    """Whether the themes before are those of the year before."""
    return bool(before) and before[0]["period"].year + 1 == period.year


@dataclass(frozen=True)
class _Year:
    """The keywords of a year with their papers, most frequent first, and the links between them."""

    usage: pl.DataFrame
    papers: dict[str, int]
    links: Links


def _year(usage: pl.DataFrame) -> _Year:
    counts = (
        usage.group_by("keyword")
        .len("papers")
        .filter(pl.col("papers") >= MIN_PAPERS)
        .sort("papers", "keyword", descending=[True, False])
        .head(TOP_KEYWORDS)
    )
    chosen = usage.join(counts, on="keyword").select("paper_id", "keyword")
    papers = dict(counts.iter_rows())
    pairs = (
        chosen.join(chosen, on="paper_id", suffix="_b")
        .filter(pl.col("keyword") < pl.col("keyword_b"))
        .group_by("keyword", "keyword_b")
        .len("together")
        .filter(pl.col("together") >= MIN_PAIR_PAPERS)
        .sort("keyword", "keyword_b")
    )
    links = {(one, other): c**2 / (papers[one] * papers[other]) for one, other, c in pairs.iter_rows()}
    return _Year(chosen, papers, links)


def _themes(year: _Year, remembered: Links) -> list[dict[str, Any]]:
    """The clusters of a year that have more than one keyword, with their figures."""
    clusters = [sorted(cluster, key=lambda name: (-year.papers[name], name)) for cluster in _clusters(year, remembered)]
    home = {name: number for number, cluster in enumerate(clusters) for name in cluster}
    inside, outside = [0.0] * len(clusters), [0.0] * len(clusters)
    for (one, other), weight in year.links.items():
        if home[one] == home[other]:
            inside[home[one]] += weight
        else:
            outside[home[one]] += weight
            outside[home[other]] += weight
    using = year.usage.with_columns(cluster=pl.col("keyword").replace_strict(home, return_dtype=pl.Int64))
    papers = dict(using.group_by("cluster").agg(pl.col("paper_id").n_unique()).iter_rows())
    themes: list[dict[str, Any]] = [
        {
            "keywords": cluster,
            "papers": papers[number],
            "centrality": round(outside[number], 9),
            "density": round(100.0 * inside[number] / len(cluster), 9),
        }
        for number, cluster in enumerate(clusters)
        if len(cluster) > 1
    ]
    _place(themes)
    return themes


def _clusters(year: _Year, remembered: Links) -> list[set[str]]:
    """The partition of highest modularity that was found.

    Nodes are numbers: sets of texts would be walked in another order in every process.
    """
    names = sorted(year.papers)
    numbers = {name: number for number, name in enumerate(names)}
    graph = nx.Graph()
    graph.add_nodes_from(range(len(names)))
    for pair in sorted(year.links.keys() | remembered.keys()):
        if numbers.keys() >= set(pair):
            weight = year.links.get(pair, 0.0) + MEMORY * remembered.get(pair, 0.0)
            graph.add_edge(numbers[pair[0]], numbers[pair[1]], weight=weight)
    if not graph.number_of_edges():
        return [{name} for name in names]
    found = [nx.community.louvain_communities(graph, weight="weight", seed=seed) for seed in range(ORDERS)]
    best = max(found, key=lambda clusters: round(nx.community.modularity(graph, clusters, weight="weight"), 9))
    return [{names[node] for node in cluster} for cluster in best]


def _place(themes: list[dict[str, Any]]) -> None:
    """Says in which quarter of the strategic diagram each theme lies."""
    frame = pl.DataFrame(themes, schema={"centrality": pl.Float64, "density": pl.Float64}, orient="row")
    central, dense = frame.get_column("centrality").median(), frame.get_column("density").median()
    for theme in themes:
        is_central, is_dense = theme["centrality"] >= central, theme["density"] >= dense
        theme["quadrant"] = ("motor" if is_dense else "basic") if is_central else ("niche" if is_dense else "marginal")


def _follow(themes: list[dict[str, Any]], before: list[dict[str, Any]]) -> None:
    """Names the themes, and says which one of the year before each comes from."""
    near = {
        (place, earlier): _shared(set(theme["keywords"]), set(before[earlier]["keywords"]))
        for place, theme in enumerate(themes)
        for earlier in range(len(before))
    }
    for place, theme in enumerate(themes):
        theme.update(theme=theme["keywords"][0], previous_theme=None, inclusion=None, stability=None)
        pairs = [(place, earlier) for earlier in range(len(before))]
        origin = max(pairs, key=lambda pair: (*near[pair], -pair[1]), default=None)
        if origin is not None and near[origin][0] >= MIN_INCLUSION:
            theme["previous_theme"] = before[origin[1]]["theme"]
            theme["inclusion"], theme["stability"] = near[origin]
        # One that was swallowed lends no name: here the sizes of both count.
        likest = max(pairs, key=lambda pair: (near[pair][1], -pair[1]), default=None)
        if likest is None or near[likest][0] < MIN_INCLUSION:
            continue
        rivals = [(other, likest[1]) for other in range(len(themes))]
        name = before[likest[1]]["theme"]
        is_mutual = max(rivals, key=lambda pair: (near[pair][1], -pair[0])) == likest
        if is_mutual and name in theme["keywords"][:TELLING_KEYWORDS]:
            theme["theme"] = name


def _shared(one: set[str], other: set[str]) -> tuple[float, float]:
    """Inclusion and stability index of two sets of keywords."""
    shared = len(one & other)
    return round(shared / min(len(one), len(other)), 9), round(shared / len(one | other), 9)


MART = Mart(
    schema=KeywordThemes,
    inputs={
        # Only keywords that can be among the most frequent of their year; papers by their numbers, which are short.
        "usage": f"""
            WITH yearly AS (
                SELECT keyword, period
                FROM work.keyword_counts AS counts
                INNER JOIN work.keyword_numbers AS keyword_numbers USING (keyword_number)
                INNER JOIN work.scope_numbers AS scope_numbers USING (scope_number)
                WHERE counts.unit = 'year' AND scope_numbers.scope = 'all'
                QUALIFY row_number() OVER (PARTITION BY period ORDER BY papers DESC, keyword) <= {TOP_KEYWORDS}
            ),

            papers AS (
                SELECT
                    paper_id,
                    date_trunc('year', published_on)::DATE AS period,
                    row_number() OVER (ORDER BY paper_id) AS paper_number
                FROM mart.paper_scopes
                WHERE scope = 'all' AND published_on IS NOT NULL
            )

            SELECT keywords.keyword, papers.paper_number AS paper_id, papers.period
            FROM core.paper_keywords AS keywords
            INNER JOIN papers USING (paper_id)
            INNER JOIN yearly ON keywords.keyword = yearly.keyword AND papers.period = yearly.period
        """,
        "partial": "SELECT period FROM mart.scope_periods WHERE scope = 'all' AND unit = 'year' AND is_partial",
    },
    compute=compute,
)
