"""A chart of the rows as a Vega-Lite specification, which reads the JSON document of the same feed beside it.

The head of the query names the columns: `-- chart: x, y`, and where there are any a colour, a lower and an upper bound
of y. A column `is_partial` marks periods that go on: their points are hollow and no line leads to them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from etl import storage
from etl.feeds.base import Feed, Format

DIALECT = "https://vega.github.io/schema/vega-lite/v6.json"
_WIDTH, _HEIGHT = 640, 360  # pixels


def chart(feed: Feed) -> dict[str, Any]:
    """The specification: a line by period with its interval, or bars where x is no day."""
    x, y, colour, low, high = (*(part.strip() for part in feed.chart.split(",")), "", "", "")[:5]
    is_time = feed.rows.schema[x] == pl.Date
    shared: dict[str, Any] = {
        "x": {"field": x, **({"type": "temporal"} if is_time else {"type": "nominal", "sort": "-y"})}
    }
    if colour:
        shared["color"] = {"field": colour, "type": "nominal"}
    scale = {"field": y, "type": "quantitative"}
    layers: list[dict[str, Any]] = [{"mark": "line" if is_time else "bar", "encoding": {"y": scale}}]
    if "is_partial" in feed.rows.columns:
        layers[0]["transform"] = [{"filter": "!datum.is_partial"}]
        layers.append(
            {
                "mark": {"type": "point", "filled": False},
                "transform": [{"filter": "datum.is_partial"}],
                "encoding": {"y": scale},
            }
        )
    if low and high:
        band = {"y": {"field": low, "type": "quantitative", "title": y}, "y2": {"field": high}}
        layers.insert(0, {"mark": {"type": "area", "opacity": 0.15}, "encoding": band, **_only_complete(feed)})
    return {
        "$schema": DIALECT,
        "description": feed.description,
        "data": {"url": f"{feed.name}.json", "format": {"type": "json", "property": "data"}},
        "width": _WIDTH,
        "height": _HEIGHT,
        "encoding": shared,
        "layer": layers,
    }


def _only_complete(feed: Feed) -> dict[str, Any]:
    return {"transform": [{"filter": "!datum.is_partial"}]} if "is_partial" in feed.rows.columns else {}


def write(path: Path, feed: Feed) -> None:
    """The specification, with a relative address of its data."""
    path.write_bytes(storage.json_bytes(chart(feed)))


FORMAT = Format("vl.json", write, layout=DIALECT, media_type="application/vnd.vegalite.v6+json")
