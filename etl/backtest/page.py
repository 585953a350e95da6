"""The report of a back-test: one HTML file without scripts, plots and all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from etl.backtest import charts
from etl.backtest.scores import METHOD

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2329; --paper: #fff; --faint: #5b6670; --line: #d5dadf; --good: #b34700 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --paper: #14181c; --faint: #9aa5af; --line: #353d45; --good: #ff9c4d }
}
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1rem; max-width: 46rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif }
h1 { font-size: 1.6rem; line-height: 1.2 } h2 { font-size: 1.2rem; margin-top: 2.5rem }
figure { margin: 1rem 0 } figure svg { width: 100%; height: auto } figcaption, .faint { color: var(--faint) }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-size: .9rem }
th, td { padding: .2rem .6rem .2rem 0; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap }
th:first-child, td:first-child { text-align: left } .yes td:last-child, strong { color: var(--good) }
summary { cursor: pointer; padding: .3rem 0 }
"""


def html(facts: dict[str, Any]) -> str:
    """The whole page; every text that comes from papers is escaped."""
    plan = facts["plan"]
    title = "Do the keywords that were ranked as emerging emerge?"
    what = {"keywords": "keywords of the warehouse", "titles": "bigrams and trigrams of titles"}[plan["candidates"]]
    lead = (
        f"{facts['papers']:,} papers ({plan['source']}, by {plan['clock']}), {what}; {len(plan['cutoffs'])} cut-offs "
        f"from {plan['cutoffs'][0]} to {plan['cutoffs'][-1]}, {plan['horizon_months']} months ahead; snapshot "
        f"{facts['snapshot']}."
    )
    parts = [
        f"<h1>{escape(title)}</h1><p>{escape(lead)}</p>",
        _verdict(facts),
        "<h2>Against plain baselines</h2>",
        _figure(
            charts.precision_overall(facts),
            "Bars: precision at 50 of each ranking and of chance.",
            "What part of the first 50 emerged, averaged over the cut-offs.",
        ),
        _rankings(facts),
        _figure(
            charts.differences(facts),
            "Points with intervals: how much better than each baseline.",
            "The difference with its 95 % bootstrap interval: candidates drawn again within each cut-off, seeded.",
        ),
        "<h2>At each cut-off</h2>",
        _figure(
            charts.precision_by_cutoff(facts),
            "Lines: precision at 50 of each ranking by cut-off.",
            "Precision at 50, cut-off by cut-off.",
        ),
        _cutoffs(facts),
        "<h2>Hits and misses</h2>",
        _figure(
            charts.shares_of_hits(facts),
            "Lines: shares of the first 20 keywords of the last cut-off.",
            f"The first 20 of {facts['cutoffs'][-1]['cutoff']}: their share of papers then and later, symlog scale.",
        ),
        *(_lists(at) for at in facts["cutoffs"]),
        _doubts(facts),
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<style>{_STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


def _verdict(facts: dict[str, Any]) -> str:
    plain = {name: found for name, found in facts["comparisons"].items() if "," not in name}
    best = max(plain, key=lambda name: facts["rankings"][name]["precision_at_50"])
    ours, found = facts["rankings"][METHOD], plain[best]
    sure = (
        "The interval excludes zero." if found["low"] > 0 else "The interval does not exclude zero: it may be chance."
    )
    times = f", <strong>{found['times']:.2f} times</strong> as many" if found["times"] else ""
    return (
        f"<p>Of the first 50 by <code>{METHOD}</code>, <strong>{ours['precision_at_50']:.3f}</strong> emerged; by the "
        f"best plain baseline ({escape(best)}) {facts['rankings'][best]['precision_at_50']:.3f}{times}; by chance "
        f"{facts['chance']:.3f}. The difference is {found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f}). "
        f"{sure}</p>"
        "<p class=faint>A keyword emerged when its share of papers was at least twice as large at the horizon as at "
        "the cut-off, with at least 10 papers, and had not fallen half-way. Windows are half the horizon long. "
        "Candidates are keywords with at least 3 papers in the last window.</p>"
    )


def _rankings(facts: dict[str, Any]) -> str:
    rows = [
        (
            name,
            _three(found["precision_at_20"]),
            _three(found["precision_at_50"]),
            _three(found["recall_at_50"]),
            found["hits_at_50"],
            "" if found["median_lead_months"] is None else f"{found['median_lead_months']:.0f}",
        )
        for name, found in facts["rankings"].items()
    ]
    caption = "Lead: months from the cut-off until the share of a hit had doubled for the first time, median."
    return _table(("ranking", "precision at 20", "at 50", "recall at 50", "hits", "lead"), rows, caption)


def _cutoffs(facts: dict[str, Any]) -> str:
    names = list(facts["rankings"])
    rows = [
        (
            at["cutoff"],
            at["candidates"],
            at["emerged"],
            _three(at["chance"]),
            *(_two(at["precision_at_50"][n]) for n in names),
        )
        for at in facts["cutoffs"]
    ]
    return _table(("cut-off", "candidates", "emerged", "chance", *names), rows, "Precision at 50 of each ranking.")


def _lists(at: dict[str, Any]) -> str:
    head = ("keyword", "papers at the cut-off", "half-way", "at the horizon", "share then", "share later", "emerged")
    ranked = _table(
        head, (_line(line) for line in at["ranked"]), "The first 50, in order.", [x["emerged"] for x in at["ranked"]]
    )
    missed = _table(
        head, (_line(line) for line in at["missed"]), "Emerged, but stood lower (50 at most, best rank first)."
    )
    hits = sum(line["emerged"] for line in at["ranked"])
    summary = f"{at['cutoff']}: {hits} hits of {at['emerged']} that emerged"
    return f"<details><summary>{summary}</summary>{ranked}{missed}</details>"


def _line(line: dict[str, Any]) -> tuple[object, ...]:
    shares = line["shares"]
    return (line["keyword"], *line["papers"], f"{shares[0]:.2%}", f"{shares[2]:.2%}", "yes" if line["emerged"] else "")


def _doubts(facts: dict[str, Any]) -> str:
    stable, shuffled = facts["stability"], facts["shuffled"]
    return (
        "<h2>Chance and stability</h2><ul>"
        f"<li>Papers drawn again {stable['resamples']} times: the first 20 of the last cut-off share "
        f"{stable['jaccard_mean']:.2f} with those drawn (Jaccard, mean; least {stable['jaccard_least']:.2f}).</li>"
        f"<li>Dates shuffled {shuffled['shuffles']} times, so that nothing can rise: of {shuffled['tested']:,} tested "
        f"keywords {shuffled['share_of_false_alarms']:.4f} have a q value of at most {shuffled['q_value']}, and "
        f"{shuffled['share_with_burst']:.4f} a burst.</li></ul>"
    )


def _figure(spec: dict[str, Any], alt: str, caption: str) -> str:
    drawn = charts.svg(spec).replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" ', 1)
    return f"<figure>{drawn}<figcaption>{escape(caption)}</figcaption></figure>"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]], caption: str, marked: Sequence[bool] = ()) -> str:
    shown = "".join(f"<th scope=col>{escape(name)}</th>" for name in head)
    body = "".join(
        f"<tr{' class=yes' if place < len(marked) and marked[place] else ''}>"
        + "".join(f"<td>{escape(str(cell))}</td>" for cell in row)
        + "</tr>"
        for place, row in enumerate(rows)
    )
    table = f"<table><thead><tr>{shown}</tr></thead><tbody>{body}</tbody></table>"
    return f"<p class=faint>{escape(caption)}</p><div class=wide>{table}</div>"


def _two(value: float) -> str:
    return f"{value:.2f}"


def _three(value: float) -> str:
    return f"{value:.3f}"
