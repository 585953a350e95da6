"""What a URL leads to, and its canonical form for each host we know."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qs, urlsplit

MAX_URL = 2_000


class Canonical(NamedTuple):
    """A URL in canonical form. `key` follows the host's case rules: equal keys are one link."""

    url: str
    key: str
    kind: str
    repository_url: str | None = None


_SHORTENERS = frozenset(
    "goo.gl bit.ly tinyurl.com t.co t.ly rb.gy is.gd ow.ly git.io aka.ms cutt.ly shorturl.at buff.ly dub.sh".split()
)
_VIDEO = frozenset("vimeo.com bilibili.com".split())
_PAPER = frozenset(
    "arxiv.org doi.org dx.doi.org openreview.net aclanthology.org alphaxiv.org biorxiv.org medrxiv.org "
    "semanticscholar.org proceedings.mlr.press openaccess.thecvf.com dl.acm.org ieeexplore.ieee.org".split()
)
_DEMO = frozenset("colab.research.google.com replicate.com gradio.live streamlit.app".split())
_PAGES = (".github.io", ".gitlab.io", ".netlify.app", ".vercel.app", ".pages.dev")
# First path segments at code hosts that name a part of the site, not an account.
NOT_OWNERS = frozenset(
    "about apps blog collections contact customer-stories enterprise explore features groups join login marketplace "
    "notifications orgs pricing search security settings site sponsors stars team topics trending users".split()
)
_HF_PARTS = frozenset("blog chat collections docs join login models organizations papers posts pricing tasks".split())
_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_GITLAB_PARTS = frozenset("- tree blob raw commits issues merge_requests wikis releases".split())


def canonical(url: str) -> Canonical | None:
    """The canonical form of an http(s) URL or `git@host:owner/name`; None where it is no usable web address."""
    text = url.strip()
    if text.startswith(("git", "ssh://git@")):
        text = _without_git(text)
    if "://" not in text:
        text = f"https://{text}"
    if len(text) > MAX_URL or re.search(r"\s", text):
        return None
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").encode("idna").decode("ascii").removesuffix(".")
        port = parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or "." not in host or not re.fullmatch(r"[\w.-]+", host):
        return None
    if parts.username is not None:
        # Credentials have no place in a warehouse, and `github.com@other.org` is not on github.com.
        return None
    if port not in (None, 80, 443):
        return _plain(parts, host, "other")
    return _by_host(parts, host, host.removeprefix("www."))


def _without_git(text: str) -> str:
    """The web address of what `git clone` takes."""
    text = re.sub(r"^(?:ssh://)?git@([\w.-]+)(?::\d+/|[:/])", r"https://\1/", text)
    return re.sub(r"^git\+(?=https?://)|^git://", lambda m: "" if m[0] == "git+" else "https://", text)


def _by_host(parts: SplitResult, host: str, bare: str) -> Canonical:
    segments = [segment for segment in parts.path.split("/") if segment]
    if bare in _CODE_HOSTS:
        return _repository(bare, segments) or _plain(parts, bare, "other")
    if bare == "raw.githubusercontent.com":
        return _repository("github.com", segments[:2]) or _plain(parts, bare, "other")
    if bare == "anonymous.4open.science":
        return _anonymous(segments) or _plain(parts, bare, "other")
    if bare in ("huggingface.co", "hf.co"):
        return _hugging_face(segments) or _plain(parts, "huggingface.co", "other")
    if bare in ("youtube.com", "m.youtube.com", "youtu.be"):
        return _video(parts, bare, segments)
    if bare.endswith(_PAGES):
        return _page(bare, parts.path)
    return _plain(parts, host, _kind(bare, segments))


_CODE_HOSTS = frozenset("github.com gitlab.com bitbucket.org codeberg.org".split())


def _kind(bare: str, segments: list[str]) -> str:
    if bare in _SHORTENERS:
        return "shortener"
    if bare in _VIDEO:
        return "video"
    if bare in ("zenodo.org", "osf.io", "figshare.com") or "/".join(segments).startswith("10.5281/zenodo."):
        return "dataset"
    if bare == "kaggle.com" and segments[:1] == ["datasets"]:
        return "dataset"
    if bare in _PAPER:
        return "paper"
    if bare in _DEMO or bare.endswith((".gradio.live", ".streamlit.app", ".hf.space")):
        return "demo"
    return "project_page"


def _repository(host: str, segments: list[str]) -> Canonical | None:
    if len(segments) < 2 or segments[0].lower() in NOT_OWNERS:
        return None
    path = segments[:2]
    if host == "gitlab.com":
        cut = next((i for i, segment in enumerate(segments) if i >= 2 and segment in _GITLAB_PARTS), len(segments))
        path = segments[:cut]
    # A regex would look at each of many dots for all that follow.
    while path[-1] != (shorter := path[-1].rstrip(".").removesuffix(".git")):
        path[-1] = shorter
    if not _OWNER.fullmatch(path[0]) or not all(_NAME.fullmatch(segment) for segment in path[1:]):
        return None
    if not path[-1].strip("."):
        return None
    url = f"https://{host}/{'/'.join(path)}"
    return Canonical(url, f"{host}/{'/'.join(path).lower()}", "repository", url)


def _anonymous(segments: list[str]) -> Canonical | None:
    name = segments[1] if len(segments) > 1 and segments[0] in ("r", "repository") else None
    if name is None or not _NAME.fullmatch(name):
        return None
    url = f"https://anonymous.4open.science/r/{name}"
    return Canonical(url, f"anonymous.4open.science/r/{name}", "repository", url)


def _hugging_face(segments: list[str]) -> Canonical | None:
    kind = {"datasets": "dataset", "spaces": "demo"}.get(segments[0] if segments else "", "model")
    kept = segments[:3] if kind != "model" else segments[:2]
    if segments[:1] == ["papers"] and len(segments) > 1:
        kind = "paper"
    elif len(kept) < (2 if kind == "model" else 3) or segments[0] in _HF_PARTS:
        return None
    path = "/".join(kept)
    return Canonical(f"https://huggingface.co/{path}", f"huggingface.co/{path.lower()}", kind)


def _video(parts: SplitResult, bare: str, segments: list[str]) -> Canonical:
    asked = parse_qs(parts.query).get("v", [])
    if bare == "youtu.be":
        asked = segments[:1]
    elif segments[:1] in (["embed"], ["shorts"], ["live"]):
        asked = segments[1:2]
    if len(asked) == 1 and _NAME.fullmatch(asked[0]):
        return Canonical(f"https://youtu.be/{asked[0]}", f"youtu.be/{asked[0]}", "video")
    return _plain(parts, bare, "video")


def _page(bare: str, path: str) -> Canonical:
    tail = re.sub(r"/{2,}", "/", path)
    while tail != (shorter := tail.rstrip("/").removesuffix("/index.html")):
        tail = shorter
    return Canonical(f"https://{bare}{tail}", f"{bare}{tail}", "project_page")


def _plain(parts: SplitResult, host: str, kind: str) -> Canonical:
    tail = parts.path.rstrip("/") + (f"?{parts.query}" if parts.query else "")
    netloc = host if parts.port in (None, 80, 443) else f"{host}:{parts.port}"
    key = f"{netloc.removeprefix('www.')}{tail}"
    return Canonical(f"{parts.scheme.lower()}://{netloc}{tail}", key, kind)
