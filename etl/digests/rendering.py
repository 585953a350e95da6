"""The message of a digest: plain text, HTML with one inline image, and the headers that mail clients want."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import vl_convert
from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from etl.digests.selection import Chart, Digest, Entry, Section
from etl.subscriptions import Subscription

TITLES = {
    "alerts": "Alerts",
    "code": "Code has appeared",
    "keywords": "Rising keywords",
    "papers": "New papers",
}
MAX_SUMMARY, MAX_SUBJECT, MAX_LABEL = 300, 60, 34
_WIDTH, _ROW, _PLOT = 640, 40, (270, 560)


@cache
def _templates() -> Environment:
    folder = Path(__file__).parent / "templates"
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=select_autoescape(("html.j2", "svg.j2")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def message(digest: Digest, subscription: Subscription, sender: str, unsubscribe: str = "") -> EmailMessage:
    """One digest for its one recipient. The same digest gives the same bytes; whoever sends it adds the date."""
    made = EmailMessage(policy=SMTP)
    name = _name(digest, subscription)
    domain = sender.rstrip(">").rpartition("@")[2]
    way_out = _unsubscribe(unsubscribe, subscription, sender)
    made["From"] = sender
    made["To"] = Address(addr_spec=subscription.address)
    made["Subject"] = _subject(digest)
    made["Message-ID"] = f"<{name}@{domain}>"
    made["List-Id"] = f"paper-trends digest <digest.paper-trends.{domain}>"
    made["List-Unsubscribe"] = f"<{way_out}>"
    if way_out.startswith("https:"):
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made["Auto-Submitted"] = "auto-generated"
    said = _said(digest, subscription, way_out)
    cid = f"{name}.chart@{domain}"
    made.set_content(_templates().get_template("digest.txt.j2").render(said))
    html = _templates().get_template("digest.html.j2").render(said, cid=cid, chart_width=_WIDTH)
    made.add_alternative(html, subtype="html")
    if digest.chart:
        _, page = made.iter_parts()
        assert isinstance(page, EmailMessage)
        page.add_related(
            _png(digest.chart), "image", "png", cid=f"<{cid}>", disposition="inline", filename="rising.png"
        )
    for number, part in enumerate(made.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_{name}_{number}")
    return made


def _name(digest: Digest, subscription: Subscription) -> str:
    said = "\x1f".join((subscription.key, str(digest.window.until), *digest.items))
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _unsubscribe(template: str, subscription: Subscription, sender: str) -> str:
    if template:
        return template.replace("{subscriber}", quote(subscription.key))
    address = re.sub(r".*<|>.*", "", sender)
    return f"mailto:{quote(address, safe='@')}?subject={quote(f'unsubscribe {subscription.key}')}"


def _subject(digest: Digest) -> str:
    counts = {section.name: len(section.entries) + section.more for section in digest.sections}
    nouns = {"alerts": "alert", "code": "with new code", "keywords": "rising keyword", "papers": "new paper"}
    said = []
    for name, count in counts.items():
        plural = "s" if count > 1 and name != "code" else ""
        said.append(f"{count} {nouns[name]}{plural}")
    first = plain(digest.sections[0].entries[0].title)
    return f"{', '.join(said)}: {_cut(first, MAX_SUBJECT)}"


def _said(digest: Digest, subscription: Subscription, way_out: str) -> dict[str, Any]:
    last = _day(digest.window.until, subscription)
    first = _day(digest.window.after + dt.timedelta(days=1), subscription)
    return {
        "heading": "paper-trends digest",
        "period": last if first == last else f"{first} – {last}",
        "sections": [_section(section, subscription) for section in digest.sections],
        "chart": _in_words(digest.chart, subscription) if digest.chart else "",
        "address": subscription.address,
        "frequency": subscription.frequency,
        "unsubscribe": way_out,
    }


def _day(day: dt.date, subscription: Subscription) -> str:
    return format_date(day, "long", locale=subscription.dates)


def _section(section: Section, subscription: Subscription) -> dict[str, Any]:
    entries = [_entry(entry, subscription) for entry in section.entries]
    return {"name": section.name, "title": TITLES[section.name], "entries": entries, "more": section.more}


def _entry(entry: Entry, subscription: Subscription) -> dict[str, Any]:
    promised: dt.date | None = entry.facts.get("promised_on")
    is_code = entry.item.startswith("code:")
    since = f" (promised {_day(promised, subscription)})" if promised and is_code else ""
    told = plain(entry.facts.get("evidence" if is_code else "abstract") or "")
    return {
        "title": plain(entry.title) or "(no title)",
        "url": _safe_url(entry.url),
        "code": _safe_url(entry.facts.get("repository_url")),
        "reason": plain(entry.reason) + since,
        # A sentence that is nothing but the link says no more than the link.
        "summary": _cut(told, MAX_SUMMARY) if " " in told else "",
    }


def plain(text: str) -> str:
    """A text on one line, without signs that steer terminals, turn the order of others round, or show nothing."""
    words = " ".join(text.split())
    if words.isprintable():
        return words
    shown = (_SHOWN.get(unicodedata.category(sign), sign) for sign in words)
    return " ".join("".join(shown).split())


# Categories of Unicode: controls and lines end a word, formats and what is no character vanish.
_SHOWN = {"Cc": " ", "Zl": " ", "Zp": " ", "Cf": "", "Cs": "", "Co": "", "Cn": ""}


def _safe_url(url: str | None) -> str:
    """A URL that may stand behind a link, or nothing."""
    return url if url and re.fullmatch(r"https?://[!-~]+", url) else ""


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    return text[: most - 1].rsplit(" ", 1)[0].rstrip(" ,.;:") + "…"


def _in_words(chart: Chart, subscription: Subscription) -> str:
    """What the image shows, for those who do not see it."""
    first, last = (
        format_date(day, "MMM yyyy", locale=subscription.dates) for day in (chart.periods[0], chart.periods[-1])
    )
    lines = "; ".join(f"{plain(name)} from {shares[0]:.2%} to {shares[-1]:.2%}" for name, shares in chart.lines)
    return f"Share of papers by month, {first} to {last}: {lines}."


def _png(chart: Chart) -> bytes:
    lines = [_line(number, name, shares) for number, (name, shares) in enumerate(chart.lines)]
    svg = _templates().get_template("chart.svg.j2").render(width=_WIDTH, height=_ROW * len(lines) + 8, lines=lines)
    return _drawn(svg)


@cache
def _drawn(svg: str) -> bytes:
    return vl_convert.svg_to_png(svg, scale=1)


def _line(number: int, name: str, shares: tuple[float, ...]) -> Mapping[str, Any]:
    top = _ROW * number + 4
    highest = max(shares) or 1.0
    left, right = _PLOT
    step = (right - left) / (len(shares) - 1)
    points = " ".join(
        f"{left + step * place:.1f},{top + _ROW - 8 - share / highest * (_ROW - 14):.1f}"
        for place, share in enumerate(shares)
    )
    return {"y": top, "name": _cut(plain(name), MAX_LABEL), "points": points, "last": f"{shares[-1]:.2%}"}
