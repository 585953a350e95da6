"""Themes: clusters of the network of keywords that papers of a year use together, followed from year to year."""

from __future__ import annotations

import datetime as dt
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


class KeywordThemes(dy.Schema):
    """Clusters of keywords by year; a theme is named after its most frequent keyword."""

    theme = dy.String(primary_key=True, description="the most frequent keyword of the cluster")
    period = dy.Date(primary_key=True, description="first day of the year")
    keywords = dy.List(dy.String(), description="keywords of the cluster, most frequent first")
    papers = dy.Int64(description="papers of the year with at least one of them")
    centrality = dy.Float64(description="sum of the links to other clusters (Callon, Courtial and Laville 1991)")
    density = dy.Float64(description="100 × sum of the links inside / number of keywords")
    previous_theme = dy.String(nullable=True, description="the theme of the year before that shares most with it")


def compute(frames: Frames) -> pl.DataFrame:
    """The themes of every year that has enough keywords."""
    rows: list[dict[str, Any]] = []
    before: dict[str, set[str]] = {}
    usage = frames["usage"]
    for period in usage.get_column("period").unique().sort():
        themes = _themes(period, usage.filter(pl.col("period") == period))
        for theme in themes:
            theme["previous_theme"] = _previous(set(theme["keywords"]), before)
        before = {theme["theme"]: set(theme["keywords"]) for theme in themes}
        rows += themes
    columns = {name: column.dtype for name, column in KeywordThemes.columns().items()}
    return pl.DataFrame(rows, schema=columns, orient="row")


def _themes(period: dt.date, usage: pl.DataFrame) -> list[dict[str, Any]]:
    counts = (
        usage.group_by("keyword")
        .len("papers")
        .filter(pl.col("papers") >= MIN_PAPERS)
        .sort("papers", "keyword", descending=[True, False])
        .head(TOP_KEYWORDS)
    )
    chosen = usage.join(counts, on="keyword").select("paper_id", "keyword")
    papers = dict(counts.iter_rows())
    names = sorted(papers)
    graph = _network(chosen, papers, {name: number for number, name in enumerate(names)})
    clusters = nx.community.louvain_communities(graph, weight="weight", seed=0) if graph.number_of_edges() else []
    themes = [_theme(period, graph, cluster, names, chosen, papers) for cluster in clusters if len(cluster) > 1]
    return sorted(themes, key=lambda theme: str(theme["theme"]))


def _network(chosen: pl.DataFrame, papers: dict[str, int], numbers: dict[str, int]) -> nx.Graph:
    """Keywords linked by the equivalence index: together² / (one × other).

    Nodes are numbers: sets of texts would be walked in another order in every process.
    """
    pairs = (
        chosen.join(chosen, on="paper_id", suffix="_b")
        .filter(pl.col("keyword") < pl.col("keyword_b"))
        .group_by("keyword", "keyword_b")
        .len("together")
        .filter(pl.col("together") >= MIN_PAIR_PAPERS)
        .sort("keyword", "keyword_b")
    )
    graph = nx.Graph()
    graph.add_nodes_from(range(len(numbers)))
    for one, other, together in pairs.iter_rows():
        graph.add_edge(numbers[one], numbers[other], weight=together**2 / (papers[one] * papers[other]))
    return graph


def _theme(
    period: dt.date, graph: nx.Graph, cluster: set[int], names: list[str], chosen: pl.DataFrame, papers: dict[str, int]
) -> dict[str, Any]:
    keywords = sorted((names[node] for node in cluster), key=lambda keyword: (-papers[keyword], keyword))
    edges = sorted(
        (one, other, data["weight"], other in cluster)
        for one in cluster
        for _, other, data in graph.edges(one, data=True)
    )
    inside = sum(weight for one, other, weight, is_inside in edges if is_inside and one < other)
    return {
        "theme": keywords[0],
        "period": period,
        "keywords": keywords,
        "papers": chosen.filter(pl.col("keyword").is_in(keywords)).get_column("paper_id").n_unique(),
        "centrality": round(sum(weight for _, _, weight, is_inside in edges if not is_inside), 9),
        "density": round(100.0 * inside / len(keywords), 9),
    }


def _previous(keywords: set[str], before: dict[str, set[str]]) -> str | None:
    """The earlier theme of highest inclusion: shared / smaller of the two."""
    ranked = sorted(
        (-len(keywords & earlier) / min(len(keywords), len(earlier)), name) for name, earlier in before.items()
    )
    return ranked[0][1] if ranked and -ranked[0][0] >= MIN_INCLUSION else None


MART = Mart(
    schema=KeywordThemes,
    inputs={
        "usage": """
            SELECT keywords.keyword, keywords.paper_id, date_trunc('year', papers.published_on)::DATE AS period
            FROM core.paper_keywords AS keywords
            INNER JOIN core.papers AS papers USING (paper_id)
            INNER JOIN core.keywords AS all_keywords ON keywords.keyword = all_keywords.keyword
            WHERE papers.published_on IS NOT NULL AND all_keywords.papers >= 3
            ORDER BY ALL
        """,
    },
    compute=compute,
)
