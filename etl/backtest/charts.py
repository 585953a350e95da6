"""The plots of the report: facts to Vega-Lite specifications, and these to SVG text."""

from __future__ import annotations

import re
from typing import Any

from etl.backtest.scores import METHOD

WIDTH, HEIGHT = 560, 220
# Legible on white and on black; what is ours stands out, chance is grey.
_COLOURS = ["#d95f02", "#3b82c4", "#2a9d78", "#8d6cc9", "#b58900"]
_INK = "currentColor"
_FEW = {"tickCount": 6}


def precision_by_cutoff(facts: dict[str, Any]) -> dict[str, Any]:
    """Precision at 50 of each ranking at each cut-off, with chance."""
    names = _plain(facts)
    rows = [
        {"cutoff": at["cutoff"][:7], "ranking": name, "precision": round(value, 4)}
        for at in facts["cutoffs"]
        for name, value in [*((name, at["precision_at_50"][name]) for name in names), ("chance", at["chance"])]
    ]
    colour = {"domain": [*names, "chance"], "range": [*_COLOURS[: len(names)], "#888888"]}
    return _spec(
        rows,
        mark={"type": "line", "point": True},
        encoding={
            "x": {"field": "cutoff", "type": "ordinal", "title": "cut-off", "axis": {"labelAngle": 0}},
            "y": {"field": "precision", "type": "quantitative", "title": "precision at 50"},
            "color": {"field": "ranking", "type": "nominal", "scale": colour, "title": None},
        },
    )


def precision_overall(facts: dict[str, Any]) -> dict[str, Any]:
    """Precision at 50 of each ranking, averaged over cut-offs, with chance."""
    rows = [
        {"ranking": name, "precision": round(found["precision_at_50"], 4)} for name, found in facts["rankings"].items()
    ]
    rows.append({"ranking": "chance", "precision": round(facts["chance"], 4)})
    ours = {"condition": {"test": f"datum.ranking === '{METHOD}'", "value": _COLOURS[0]}, "value": "#8a94a0"}
    return _spec(
        rows,
        height={"step": 24},
        mark={"type": "bar"},
        encoding={
            "y": {"field": "ranking", "type": "nominal", "sort": None, "title": None},
            "x": {
                "field": "precision",
                "type": "quantitative",
                "title": "precision at 50, mean of the cut-offs",
                "axis": _FEW,
            },
            "color": ours,
        },
    )


def differences(facts: dict[str, Any]) -> dict[str, Any]:
    """Our precision at 50 less that of each baseline, with its interval; the line is no difference."""
    rows = [{"baseline": name, **found} for name, found in facts["comparisons"].items()]
    y = {"field": "baseline", "type": "nominal", "sort": None, "title": None}
    x = {
        "field": "low",
        "type": "quantitative",
        "title": "difference of precision at 50, with 95 % interval",
        "axis": _FEW,
    }
    return _spec(
        rows,
        height={"step": 24},
        layer=[
            {"mark": {"type": "rule", "color": "#888888"}, "encoding": {"x": {"datum": 0, "type": "quantitative"}}},
            {"mark": {"type": "rule", "color": _COLOURS[0]}, "encoding": {"y": y, "x": x, "x2": {"field": "high"}}},
            {
                "mark": {"type": "point", "filled": True, "color": _COLOURS[0], "size": 50},
                "encoding": {"y": y, "x": {"field": "value", "type": "quantitative"}},
            },
        ],
    )


def shares_of_hits(facts: dict[str, Any]) -> dict[str, Any]:
    """Share of the first keywords of the last cut-off in the three windows, by whether they emerged."""
    window = facts["plan"]["window_months"]
    rows = [
        {"keyword": line["keyword"], "months": step * window, "share": share, "was": _was(line["emerged"])}
        for line in facts["cutoffs"][-1]["ranked"][:20]
        for step, share in enumerate(line["shares"])
    ]
    colour = {"domain": [_was(True), _was(False)], "range": [_COLOURS[0], "#8a94a0"]}
    return _spec(
        rows,
        mark={"type": "line", "point": True},
        encoding={
            "x": {"field": "months", "type": "ordinal", "title": "months after the cut-off", "axis": {"labelAngle": 0}},
            "y": {
                "field": "share",
                "type": "quantitative",
                "title": "share of papers",
                "scale": {"type": "symlog", "constant": 0.001},
            },
            "detail": {"field": "keyword"},
            "color": {"field": "was", "type": "nominal", "scale": colour, "title": None},
        },
    )


def _was(emerged: bool) -> str:
    return "doubled" if emerged else "did not double"


def _plain(facts: dict[str, Any]) -> list[str]:
    """Our ranking and the plain baselines: more lines than these cannot be told apart."""
    return [name for name in facts["rankings"] if "," not in name]


def _spec(rows: list[dict[str, Any]], **parts: Any) -> dict[str, Any]:
    ink = {"labelColor": _INK, "titleColor": _INK, "domainColor": "#888888", "tickColor": "#888888"}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": None,
        "width": WIDTH,
        "height": HEIGHT,
        # Browsers may write in wider letters than those that the plot was measured with.
        "padding": {"left": 36, "top": 5, "right": 12, "bottom": 5},
        "data": {"values": rows},
        "config": {
            "font": "sans-serif",
            "axis": {**ink, "gridColor": "#88888844", "labelLimit": 240},
            "legend": {"labelColor": _INK, "titleColor": _INK, "orient": "bottom", "columns": 3},
            "view": {"stroke": None},
        },
        **parts,
    }


def svg(spec: dict[str, Any]) -> str:
    """The plot as SVG text that follows the width of the page; the same specification gives the same text."""
    # Tens of megabytes, loaded only where a report is made.
    import vl_convert

    made: str = vl_convert.vegalite_to_svg(spec)
    return re.sub(r' width="([\d.]+)" height="([\d.]+)"', "", made, count=1)
