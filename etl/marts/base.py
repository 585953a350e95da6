"""What a mart in Python is: a table that SQL cannot say well, its inputs declared like those of a SELECT."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import dataframely as dy
import polars as pl

Frames = Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class Mart:
    """One computed table. `inputs` maps a name to the SELECT that gives its frame; its tables say when it can be built.

    `schema` declares the columns and the key; its docstring says what the rows are.
    """

    schema: type[dy.Schema]
    inputs: Mapping[str, str]
    compute: Callable[[Frames], pl.DataFrame]
