"""What a URL leads to, and its canonical form for each host we know, see docs/links.md."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ada_url import URL

MAX_URL = 2_000


class Canonical(NamedTuple):
    """A URL in canonical form. `key` follows the host's case rules: equal keys are one link."""

    url: str
    key: str
    kind: str
    repository_url: str | None = None


class _Address(NamedTuple):
    """A parsed web address: `host` in ASCII without `www.`, `netloc` as it is shown."""

    scheme: str
    netloc: str
    host: str
    path: str
    query: str
    fragment: str

    @property
    def segments(self) -> list[str]:
        return [segment for segment in self.path.split("/") if segment]


_SHORTENERS = frozenset(
    "goo.gl bit.ly tinyurl.com t.co t.ly rb.gy is.gd ow.ly git.io aka.ms cutt.ly shorturl.at buff.ly dub.sh "
    "forms.gle bitly.com reurl.cc rebrand.ly w3id.org purl.org".split()
)
_VIDEO = frozenset("vimeo.com player.vimeo.com bilibili.com b23.tv".split())
_PAPER = frozenset(
    "arxiv.org doi.org openreview.net aclanthology.org aclweb.org alphaxiv.org biorxiv.org medrxiv.org "
    "semanticscholar.org proceedings.mlr.press openaccess.thecvf.com dl.acm.org ieeexplore.ieee.org link.springer.com "
    "papers.nips.cc proceedings.neurips.cc jmlr.org ceur-ws.org eprint.iacr.org ssrn.com papers.ssrn.com "
    "onlinelibrary.wiley.com sciencedirect.com hal.science hal.archives-ouvertes.fr pubmed.ncbi.nlm.nih.gov "
    "drops.dagstuhl.de researchgate.net springerlink.com cambridge.org scitepress.org tandfonline.com"
    " nature.com mdpi.com "
    "academic.oup.com iopscience.iop.org epubs.siam.org journals.aps.org frontiersin.org plos.org isca-speech.org "
    "ncbi.nlm.nih.gov usenix.org isca-archive.org".split()
)
_DATA = frozenset(
    "zenodo.org osf.io figshare.com data.mendeley.com ieee-dataport.org physionet.org datadryad.org "
    "archive.ics.uci.edu dataverse.harvard.edu data.4tu.nl dataverse.nl".split()
)
_DEMO = frozenset("colab.research.google.com replicate.com gradio.live share.streamlit.io mybinder.org".split())
_DEMOS = (".gradio.live", ".gradio.app", ".streamlit.app", ".hf.space")
_OTHER = frozenset(
    "wikipedia.org en.wikipedia.org stackoverflow.com twitter.com x.com facebook.com linkedin.com reddit.com "
    "drive.google.com docs.google.com dropbox.com medium.com google.com amazon.com orcid.org discord.gg "
    "creativecommons.org overleaf.com mathworks.com".split()
)
_PAGES = (".github.io", ".gitlab.io", ".netlify.app", ".vercel.app", ".pages.dev", ".codeberg.page")
# First path segments at code hosts that name a part of the site, not an account.
NOT_OWNERS = frozenset(
    "about account apps blog codespaces collections contact copilot customer-stories dashboard enterprise events "
    "explore features groups issues join login marketplace new notifications organizations orgs pricing pulls "
    "readme search security sessions settings signup site sponsors stars team topics trending users".split()
)
# What stands behind the name of a repository on GitHub; another third segment leads nowhere.
GITHUB_PARTS = frozenset(
    "actions archive blame blob branches commit commits compare deployments discussions edit find forks graphs issues "
    "labels milestones network packages projects pull pulls pulse raw releases security stargazers tags tree wiki "
    "zipball tarball".split()
)
_HF_PARTS = frozenset(
    "api blog chat collections docs join learn login models organizations papers posts pricing settings tasks".split()
)
# Accounts on GitHub have letters, digits and hyphens alone; elsewhere more.
_GITHUB_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}")
_OWNER = re.compile(r"~?[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_GITLAB_PARTS = frozenset("- tree blob raw commit commits issues merge_requests wikis releases".split())
_GITLAB = re.compile(r"(?:[a-z0-9-]+\.)*gitlab[0-9]*\.[a-z0-9.-]+|framagit\.org|salsa\.debian\.org|invent\.kde\.org")
_GIT_HOSTS = frozenset("github.com bitbucket.org codeberg.org gitee.com git.sr.ht".split())

_SCHEME = re.compile(r"https?:", re.IGNORECASE)
_OTHER_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?![0-9]+(?:[/?#]|$))", re.IGNORECASE)
_SCP = re.compile(r"(?:(?:ssh://)?git@([\w.-]+)(?::[0-9]+/|[:/])|((?:github|gitlab)\.com|bitbucket\.org):(?![0-9]+/))")
_UNUSABLE = re.compile(r"[\s\\\x00-\x20\x7f-\x9f\ufeff\u200b-\u200f\u2028-\u202e\u2060-\u2069]")
_AUTHORITY = re.compile(r"https?:/*([^/?#]*)", re.IGNORECASE)
_HOST = re.compile(
    r"(?!-)(?=.{4,253}$)(?:(?![_-])[a-z0-9_-]{0,62}[a-z0-9]\.)*(?!-)[a-z0-9-]{0,62}[a-z0-9]\.(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})"
)
_UNRESERVED = re.compile(r"%(?:2[dDeE]|3[0-9]|4[1-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aAeE])")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CAMPAIGN = re.compile(r"(?:utm_\w+|fbclid|gclid|ref_src)=[^&]*(?:&|$)")


def canonical(url: str) -> Canonical | None:
    """The canonical form of an http(s) URL or `git@host:owner/name`; None where it is no usable web address.

    None as well for addresses with credentials, of networks without names, and for hosts that only look like one of
    ASCII letters: a browser may take `ｇithub.com` for GitHub, a reader of the warehouse must never.
    """
    text = url.strip()
    if len(text) > MAX_URL or _UNUSABLE.search(text):
        return None
    address = _parsed(_with_scheme(text))
    if address is None:
        return None
    if address.netloc.rpartition(":")[1]:
        return _plain(address, "other")
    return _by_host(address)


def _with_scheme(text: str) -> str:
    """The web address of what was written without scheme, or as `git clone` takes it."""
    if _SCHEME.match(text):
        return text
    if text.startswith("git"):
        if text.startswith("git+http"):
            return text[4:]
        if text.startswith("git://"):
            return f"https://{text[6:]}"
    if at := _SCP.match(text):
        return f"https://{at[1] or at[2]}/{text[at.end() :]}"
    return text if _OTHER_SCHEME.match(text) else f"https://{text.removeprefix('//')}"


def _parsed(text: str) -> _Address | None:
    """The parts of a web address as the URL Standard reads it, percent signs only where they are needed."""
    authority = _AUTHORITY.match(text)
    if authority is None or "@" in authority[1] or "%" in authority[1]:
        return None
    try:
        # The one parser here that reads addresses as browsers do.
        found = URL(text)
    except ValueError:
        return None
    host = found.hostname.removesuffix(".")
    if not _HOST.fullmatch(host) or not (authority[1].isascii() or _is_itself(authority[1], host)):
        return None
    # Each part is asked of the parser across a border: only for those that are there.
    path = found.pathname
    query = found.search.removeprefix("?") if "?" in text else ""
    fragment = found.hash if "#" in text else ""
    port = found.port if ":" in authority[1] else ""
    if "%" in path:
        path = _decoded(path)
    if query:
        query = _CAMPAIGN.sub("", query).removesuffix("&")
    netloc = host if port in ("", "80", "443") else f"{host}:{port}"
    scheme = "https" if text[4] in "sS" else "http"
    return _Address(scheme, netloc, host.removeprefix("www."), path, query, fragment)


def _is_itself(authority: str, host: str) -> bool:
    """Whether no label that was not written in ASCII has become one of ASCII letters alone."""
    written = authority.partition(":")[0].removesuffix(".").split(".")
    labels = host.split(".")
    pairs = zip(written, labels, strict=False)
    return len(written) == len(labels) and all(was.isascii() or now.startswith("xn--") for was, now in pairs)


def _decoded(path: str) -> str:
    """A path in which letters, digits and `-._~` stand for themselves (RFC 3986, section 6.2.2.2)."""
    whole = _STRAY_PERCENT.sub("%25", path)
    return _UNRESERVED.sub(lambda escaped: chr(int(escaped[0][1:], 16)), whole)


def _by_host(address: _Address) -> Canonical:
    host = address.host
    if form := _FORMS.get(host):
        return form(address) or _plain(address, _KINDS.get(host, "other"))
    if host in _GIT_HOSTS or (_GITLAB.fullmatch(host) and not host.endswith(_PAGES)):
        return _repository(host, address.segments) or _plain(address, "other")
    if host.endswith(_PAGES):
        return _page(address)
    if host in _SHORTENERS:
        # Their codes are letters and digits: a dash behind one is the sentence's.
        return _plain(address._replace(path=address.path.rstrip("-/")), "shortener")
    return _plain(address, _kind(host, address.segments))


def _kind(host: str, segments: list[str]) -> str:
    """What a host without form of its own shows."""
    if host in _VIDEO:
        return "video"
    if host in _DATA or host.endswith((".figshare.com", ".zenodo.org")):
        return "dataset"
    if host in ("kaggle.com", "modelscope.cn") and segments[:1] == ["datasets"]:
        return "dataset"
    if host == "modelscope.cn" and segments[:1] == ["models"]:
        return "model"
    if host in _PAPER or host.partition(".")[2] in _PAPER:
        return "paper"
    if host in _DEMO or host.endswith(_DEMOS):
        return "demo"
    return "other" if host in _OTHER else "project_page"


def _repository(host: str, segments: list[str]) -> Canonical | None:
    if len(segments) < 2 or segments[0].lower() in NOT_OWNERS:
        return None
    path = segments[:2]
    if host not in _GIT_HOSTS:
        cut = next((i for i, segment in enumerate(segments) if i >= 2 and segment in _GITLAB_PARTS), len(segments))
        path = segments[:cut]
    path[-1] = _without_git(path[-1])
    owner = _GITHUB_OWNER if host == "github.com" else _OWNER
    if not owner.fullmatch(path[0]) or not all(_NAME.fullmatch(segment) for segment in path[1:]):
        return None
    if not path[-1].strip(".") or "-" in path[1:]:
        return None
    return _as_repository(host, "/".join(path))


def _without_git(name: str) -> str:
    # A regex would look at each of many dots for all that follow.
    while name != (shorter := name.rstrip(".").removesuffix(".git")):
        name = shorter
    return name


def _as_repository(host: str, path: str) -> Canonical:
    url = f"https://{host}/{path}"
    return Canonical(url, f"{host}/{path.lower()}", "repository", url)


def _raw_file(address: _Address) -> Canonical | None:
    """Files that GitHub serves under names of their own; the interface puts `repos` before the owner."""
    segments = address.segments
    if address.host == "api.github.com":
        segments = segments[1:] if segments[:1] == ["repos"] else []
    return _repository("github.com", segments)


def _gist(address: _Address) -> Canonical | None:
    segments = address.segments
    if len(segments) < 2 or not _GITHUB_OWNER.fullmatch(segments[0]) or not re.fullmatch("[0-9a-f]{5,40}", segments[1]):
        return None
    return _as_repository("gist.github.com", "/".join(segments[:2]))


def _source_forge(address: _Address) -> Canonical | None:
    segments = address.segments
    if len(segments) < 2 or segments[0] not in ("projects", "p") or not _NAME.fullmatch(segments[1]):
        return None
    start = "projects" if address.host == "sourceforge.net" else "p"
    return _as_repository(address.host, f"{start}/{segments[1]}") if segments[1].strip(".") else None


def _anonymous(address: _Address) -> Canonical | None:
    segments = address.segments
    name = segments[1] if len(segments) > 1 and segments[0] in ("r", "repository") else None
    if name is None or not _NAME.fullmatch(name):
        return None
    url = f"https://anonymous.4open.science/r/{name}"
    return Canonical(url, f"anonymous.4open.science/r/{name}", "repository", url)


_SWHID = re.compile(r"swh:1:(?:snp|rel|rev|dir|cnt):[0-9a-f]{40}")
_ORIGIN = re.compile(r"(?:^|&)origin_url=([^&]+)")


def _software_heritage(address: _Address) -> Canonical | None:
    """The repository that was archived where the address says which, else the archived object."""
    origin = _ORIGIN.search(address.query)
    said = origin[1] if origin else address.path.partition("/browse/origin/")[2].removeprefix("directory/")
    if said:
        said = re.sub("%(3[aA]|2[fF])", lambda escaped: ":" if escaped[1][0] == "3" else "/", said)
        found = canonical(said) if said.startswith("http") and "softwareheritage" not in said else None
        if found and found.repository_url:
            return found
    if found_id := _SWHID.search(address.path):
        return _as_repository("archive.softwareheritage.org", found_id[0])
    return None


def _hugging_face(address: _Address) -> Canonical | None:
    segments = address.segments
    kind = {"datasets": "dataset", "spaces": "demo"}.get(segments[0] if segments else "", "model")
    kept = segments[:3] if kind != "model" else segments[:2]
    if segments[:1] == ["papers"] and len(segments) > 1:
        kind = "paper"
    elif len(kept) < (2 if kind == "model" else 3) or segments[0] in _HF_PARTS:
        return _plain(address._replace(netloc="huggingface.co", host="huggingface.co"), "other")
    path = "/".join(kept)
    return Canonical(f"https://huggingface.co/{path}", f"huggingface.co/{path.lower()}", kind)


_ZENODO = re.compile(r"/?(?:records?/|doi/10\.5281/zenodo\.)([0-9]+)(?![0-9])")


def _zenodo(address: _Address) -> Canonical | None:
    record = _ZENODO.match(address.path)
    if record is None:
        return None
    return Canonical(f"https://zenodo.org/records/{record[1]}", f"zenodo.org/records/{record[1]}", "dataset")


def _osf(address: _Address) -> Canonical | None:
    segments = address.segments
    if not segments or not re.fullmatch("[A-Za-z0-9]{5}", segments[0]):
        return _plain(address, "paper") if segments[:1] == ["preprints"] else None
    return Canonical(f"https://osf.io/{segments[0].lower()}", f"osf.io/{segments[0].lower()}", "dataset")


_ARXIV = re.compile(
    r"/(?:abs|pdf|html|format)/((?:[0-9]{4}\.[0-9]{4,5}|[a-z-]+(?:\.[A-Z]{2})?/[0-9]{7}))(?:v[0-9]+)?(?:\.pdf)?/?"
)


def _arxiv(address: _Address) -> Canonical | None:
    paper = _ARXIV.fullmatch(address.path)
    if paper is None:
        return None
    return Canonical(f"https://arxiv.org/abs/{paper[1]}", f"arxiv.org/abs/{paper[1]}", "paper")


def _doi(address: _Address) -> Canonical | None:
    """A DOI, whose case does not count. Those of Zenodo share their key with the record's page."""
    name = address.path.strip("/").lower()
    if not re.match(r"10\.[0-9]{4,9}/.", name):
        return None
    record = re.fullmatch(r"10\.5281/zenodo\.([0-9]+)", name)
    key = f"zenodo.org/records/{record[1]}" if record else f"doi.org/{name}"
    kind = "dataset" if name.startswith(("10.5281/", "10.6084/", "10.17605/", "10.5061/")) else "paper"
    return Canonical(f"https://doi.org/{name}", key, kind)


_VIDEO_ASKED = re.compile(r"(?:^|&)v=([^&]*)")


def _video(address: _Address) -> Canonical | None:
    segments = address.segments
    asked = _VIDEO_ASKED.findall(address.query)
    if address.host == "youtu.be":
        asked = segments[:1]
    elif segments[:1] in (["embed"], ["shorts"], ["live"], ["v"]):
        asked = segments[1:2]
    if len(asked) == 1 and _NAME.fullmatch(asked[0]):
        return Canonical(f"https://youtu.be/{asked[0]}", f"youtu.be/{asked[0]}", "video")
    return None


def _page(address: _Address) -> Canonical:
    tail = re.sub(r"/{2,}", "/", address.path)
    while tail != (shorter := tail.rstrip("/").removesuffix("/index.html")):
        tail = shorter
    return Canonical(f"https://{address.host}{tail}", f"{address.host}{tail}", "project_page")


def _plain(address: _Address, kind: str) -> Canonical:
    """An address of which no more is known: a fragment counts only where it is the path of a single-page site."""
    route = address.fragment if address.fragment.startswith(("#/", "#!")) else ""
    tail = address.path.rstrip("/") + (f"?{address.query}" if address.query else "") + route
    netloc = address.netloc.removeprefix("www.")
    shown = netloc if netloc in _WITHOUT_WWW else address.netloc
    return Canonical(f"{address.scheme}://{shown}{tail}", f"{netloc}{tail}", kind)


_FORMS: dict[str, Callable[[_Address], Canonical | None]] = {
    "raw.githubusercontent.com": _raw_file,
    "codeload.github.com": _raw_file,
    "api.github.com": _raw_file,
    "gist.github.com": _gist,
    "sourceforge.net": _source_forge,
    "code.google.com": _source_forge,
    "anonymous.4open.science": _anonymous,
    "archive.softwareheritage.org": _software_heritage,
    "huggingface.co": _hugging_face,
    "hf.co": _hugging_face,
    "zenodo.org": _zenodo,
    "osf.io": _osf,
    "arxiv.org": _arxiv,
    "doi.org": _doi,
    "dx.doi.org": _doi,
    "youtube.com": _video,
    "m.youtube.com": _video,
    "youtube-nocookie.com": _video,
    "youtu.be": _video,
}
# Of addresses on these hosts that have no form of their own.
_KINDS = {
    "zenodo.org": "dataset",
    "osf.io": "dataset",
    "arxiv.org": "paper",
    "doi.org": "paper",
    "dx.doi.org": "paper",
    **dict.fromkeys(("youtube.com", "m.youtube.com", "youtube-nocookie.com", "youtu.be"), "video"),
}
_WITHOUT_WWW = frozenset({*_FORMS, *_GIT_HOSTS, "gitlab.com"})
