"""Statistics of time series of counts, a series a row: Mann-Kendall, Sen's slope, Kleinberg's bursts.

Counts are papers with a keyword, totals are all papers, a column a period. Everything is vectorised over rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Rows that are worked on together: their pairs of periods fit into the processor's cache, and into memory.
_BLOCK_NUMBERS = 4_000_000


@dataclass(frozen=True)
class Rises:
    """What Mann and Kendall count in each row: pairs of periods that rise or fall, and the variance of the difference.

    Rows of several sources are added up before they are tested: the regional Kendall test (Helsel and Frans 2006).
    """

    rising: Integers
    falling: Integers
    variance: Floats


def rises(shares: Floats) -> Rises:
    """Counts of Mann and Kendall for each row of shares (Mann 1945, Kendall 1975), with the correction for ties."""
    rows, n = shares.shape
    rising, falling = np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.int64)
    for start, stop in _blocks(rows, n):
        block = np.ascontiguousarray(shares[start:stop].T)
        for lag in range(1, n):
            rising[start:stop] += (block[lag:] > block[:-lag]).sum(axis=0)
            falling[start:stop] += (block[lag:] < block[:-lag]).sum(axis=0)
    variance = (n * (n - 1) * (2 * n + 5) - _tie_terms(shares)) / 18.0
    return Rises(rising, falling, variance)


def kendall_p(counted: Rises) -> Floats:
    """Two-sided p values by the normal approximation with continuity correction; 1 where nothing varies."""
    s = (counted.rising - counted.falling).astype(np.float64)
    known = counted.variance > 0
    z = np.where(known, (s - np.sign(s)) / np.sqrt(np.where(known, counted.variance, 1.0)), 0.0)
    return np.asarray(np.minimum(1.0, 2.0 * norm.sf(np.abs(z))), dtype=np.float64)


def _tie_terms(shares: Floats) -> Floats:
    """The sum of t(t - 1)(2t + 5) over the groups of t equal shares in each row."""
    ordered = np.sort(shares, axis=1)
    run, total = np.ones(len(ordered)), np.zeros(len(ordered))
    for column in range(1, ordered.shape[1]):
        run = np.where(ordered[:, column] == ordered[:, column - 1], run + 1.0, 1.0)
        # A group of t that grows by one adds the difference of two neighbouring terms.
        total += run * (run - 1.0) * (2.0 * run + 5.0) - (run - 1.0) * (run - 2.0) * (2.0 * run + 3.0)
    return total


def sen_slopes(parts: Sequence[tuple[Floats, Integers]]) -> Floats:
    """Sen's slope of each row: the median of the changes a period over all pairs of periods (Sen 1968).

    A row may have several series, one in each part: shares, and the number of the period of each column. Only changes
    within a part count (Hirsch, Slack and Smith 1982).
    """
    pairs = [np.triu_indices(len(periods), 1) for _, periods in parts]
    rows = len(parts[0][0])
    found = np.zeros(rows)
    for start, stop in _blocks(rows, 2 * max(len(periods) for _, periods in parts) * len(parts)):
        slopes = [
            (shares[start:stop, later] - shares[start:stop, earlier]) / (periods[later] - periods[earlier])
            for (shares, periods), (earlier, later) in zip(parts, pairs, strict=True)
        ]
        found[start:stop] = np.median(np.concatenate(slopes, axis=1), axis=1)
    return found


def _blocks(rows: int, n: int) -> list[tuple[int, int]]:
    size = max(1, _BLOCK_NUMBERS // max(1, n * n))
    return [(start, min(rows, start + size)) for start in range(0, rows, size)]


@dataclass(frozen=True)
class Bursts:
    """The heaviest burst of each row: columns of its first and last period, and the cost that it saves in nats.

    Rows without a burst have weight 0, and their columns mean nothing.
    """

    first: Integers
    last: Integers
    weight: Floats


def savings(counts: Floats, totals: Floats, ratio: float) -> Floats:
    """What each period would save in nats in the bursting state against the plain one (Kleinberg 2002, two states).

    The plain state has the share of the whole row; a burst is `ratio` times as dense. Rows of several sources may be
    added up.
    """
    base = np.clip(counts.sum(axis=1, keepdims=True) / max(1.0, totals.sum()), 1e-9, 1.0 - 1e-9)
    # Twice a large share would be more than all papers: then half of what is left on top.
    dense = np.minimum(base * ratio, (1.0 + base) / 2.0)
    gain = np.log(dense) - np.log(base)
    loss = np.log1p(-dense) - np.log1p(-base)
    return np.asarray(counts * gain + (totals - counts) * loss, dtype=np.float64)


def bursts(saved: Floats, climb: float) -> Bursts:
    """The cheapest course of each row through two states, where entering the bursting one costs `climb` nats."""
    states = _states(saved, climb)
    rows, n = saved.shape
    weight, heaviest = np.zeros(rows), np.zeros(rows)
    start, first, last = (np.zeros(rows, dtype=np.int64) for _ in range(3))
    for period in range(n):
        on = states[:, period]
        before = states[:, period - 1] if period else np.zeros(rows, dtype=bool)
        start = np.where(on & ~before, period, start)
        weight = np.where(on, np.where(before, weight, 0.0) + saved[:, period], 0.0)
        # The weight of a burst is that of all of it: it is compared where the burst ends.
        ends = on & (~states[:, period + 1] if period + 1 < n else True)
        better = ends & (weight > heaviest)
        heaviest, first = np.where(better, weight, heaviest), np.where(better, start, first)
        last = np.where(better, period, last)
    return Bursts(first, last, heaviest)


def _states(saved: Floats, climb: float) -> NDArray[np.bool_]:
    """Viterbi's path: whether each period of each row is part of a burst."""
    rows, n = saved.shape
    low, high = np.zeros(rows), np.full(rows, climb)
    came_from = np.zeros((n, rows, 2), dtype=bool)
    for period in range(n):
        if period:
            came_from[period, :, 0], came_from[period, :, 1] = high < low, high <= low + climb
            low, high = np.minimum(low, high), np.minimum(high, low + climb)
        high = high - saved[:, period]
    states = np.zeros(saved.shape, dtype=bool)
    state = high < low
    for period in range(n - 1, -1, -1):
        states[:, period] = state
        state = np.where(state, came_from[period, :, 1], came_from[period, :, 0])
    return states
