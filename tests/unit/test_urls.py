from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etl.transforms.urls import canonical

REPOSITORY = "https://github.com/Owner/Repo-1"


@pytest.mark.parametrize(
    "url",
    [
        REPOSITORY,
        "http://github.com/Owner/Repo-1",
        "https://www.github.com/Owner/Repo-1/",
        "https://GitHub.com/Owner/Repo-1.git",
        "https://github.com//Owner//Repo-1//",
        "github.com/Owner/Repo-1",
        "https://github.com/Owner/Repo-1/tree/main/sub/folder",
        "https://github.com/Owner/Repo-1/blob/main/README.md#usage",
        "https://github.com/Owner/Repo-1?tab=readme-ov-file",
        "https://github.com:443/Owner/Repo-1",
        "https://github.com./Owner/Repo-1",
        "git@github.com:Owner/Repo-1.git",
        "ssh://git@github.com/Owner/Repo-1.git",
        "git+https://github.com/Owner/Repo-1.git",
        "git://github.com/Owner/Repo-1.git",
        "https://raw.githubusercontent.com/Owner/Repo-1/main/data.csv",
        "  https://github.com/Owner/Repo-1\n",
    ],
)
def test_spellings_of_one_repository_have_one_form(url: str) -> None:
    found = canonical(url)
    assert found is not None
    assert (found.url, found.kind, found.repository_url) == (REPOSITORY, "repository", REPOSITORY)
    assert found.key == "github.com/owner/repo-1"


@pytest.mark.parametrize(
    ("url", "wanted", "kind"),
    [
        ("https://gitlab.com/group/sub/name/-/tree/main", "https://gitlab.com/group/sub/name", "repository"),
        ("https://bitbucket.org/owner/name/src/master", "https://bitbucket.org/owner/name", "repository"),
        ("https://codeberg.org/owner/name", "https://codeberg.org/owner/name", "repository"),
        ("https://anonymous.4open.science/r/Name-12F/", "https://anonymous.4open.science/r/Name-12F", "repository"),
        ("https://hf.co/owner/model/tree/main", "https://huggingface.co/owner/model", "model"),
        ("https://huggingface.co/datasets/owner/set", "https://huggingface.co/datasets/owner/set", "dataset"),
        ("https://huggingface.co/spaces/owner/app", "https://huggingface.co/spaces/owner/app", "demo"),
        ("https://huggingface.co/papers/2506.00001", "https://huggingface.co/papers/2506.00001", "paper"),
        ("https://huggingface.co/owner", "https://huggingface.co/owner", "other"),
        ("https://huggingface.co/docs/hub/index", "https://huggingface.co/docs/hub/index", "other"),
        ("https://www.youtube.com/watch?v=abc_DEF-123&t=4", "https://youtu.be/abc_DEF-123", "video"),
        ("https://youtube.com/shorts/abc_DEF-123", "https://youtu.be/abc_DEF-123", "video"),
        ("https://vimeo.com/12345", "https://vimeo.com/12345", "video"),
        ("http://lab.github.io/project/index.html", "https://lab.github.io/project", "project_page"),
        ("https://lab.gitlab.io", "https://lab.gitlab.io", "project_page"),
        ("https://bit.ly/3abcDE", "https://bit.ly/3abcDE", "shortener"),
        ("https://arxiv.org/abs/2506.00001", "https://arxiv.org/abs/2506.00001", "paper"),
        ("https://doi.org/10.5281/zenodo.12345", "https://doi.org/10.5281/zenodo.12345", "dataset"),
        ("https://zenodo.org/records/1", "https://zenodo.org/records/1", "dataset"),
        ("https://kaggle.com/datasets/a/b", "https://kaggle.com/datasets/a/b", "dataset"),
        (
            "https://colab.research.google.com/drive/1",
            "https://colab.research.google.com/drive/1",
            "demo",
        ),
        ("https://github.com/Owner", "https://github.com/Owner", "other"),
        ("https://github.com/orgs/owner", "https://github.com/orgs/owner", "other"),
        ("https://github.com/topics/rain", "https://github.com/topics/rain", "other"),
        ("https://github.com/Owner/..", "https://github.com", "other"),
        ("https://github.com/Owner/../Other/%6Eame", "https://github.com/Other/name", "repository"),
        ("https://github.com/Own.er/name", "https://github.com/Own.er/name", "other"),
        (
            "https://gist.github.com/owner/0123456789abcdef",
            "https://gist.github.com/owner/0123456789abcdef",
            "repository",
        ),
        ("https://api.github.com/repos/owner/name", "https://github.com/owner/name", "repository"),
        ("https://api.github.com/users/owner/repos", "https://api.github.com/users/owner/repos", "other"),
        ("https://gitlab.lab.org/group/name/-/tree/main", "https://gitlab.lab.org/group/name", "repository"),
        ("https://git.sr.ht/~owner/name", "https://git.sr.ht/~owner/name", "repository"),
        ("https://sourceforge.net/projects/name/files", "https://sourceforge.net/projects/name", "repository"),
        ("https://zenodo.org/record/123/files/a.zip", "https://zenodo.org/records/123", "dataset"),
        ("https://osf.io/AbC12/", "https://osf.io/abc12", "dataset"),
        ("https://arxiv.org/pdf/2506.00001v2.pdf", "https://arxiv.org/abs/2506.00001", "paper"),
        ("https://dx.doi.org/10.1000/ABC", "https://doi.org/10.1000/abc", "paper"),
        (
            "https://archive.softwareheritage.org/browse/origin/directory/?origin_url=https://github.com/owner/name",
            "https://github.com/owner/name",
            "repository",
        ),
        (
            f"https://archive.softwareheritage.org/swh:1:dir:{'0' * 40};origin=x",
            f"https://archive.softwareheritage.org/swh:1:dir:{'0' * 40}",
            "repository",
        ),
        ("https://www.youtube.com/@rain", "https://youtube.com/@rain", "video"),
        ("https://example.org/a?utm_source=b&c=d", "https://example.org/a?c=d", "project_page"),
        ("https://example.org/app#/rain", "https://example.org/app#/rain", "project_page"),
        ("https://example.org/%7Erain/%e4", "https://example.org/~rain/%e4", "project_page"),
        ("https://example.org/a/?b=1#c", "https://example.org/a?b=1", "project_page"),
        ("https://github.com:8443/Owner/Repo-1", "https://github.com:8443/Owner/Repo-1", "other"),
    ],
)
def test_each_host_has_its_form_and_kind(url: str, wanted: str, kind: str) -> None:
    found = canonical(url)
    assert found is not None
    assert (found.url, found.kind) == (wanted, kind)
    assert (found.repository_url is not None) == (kind == "repository")


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com.example.org/owner/name",
        "https://github.com@example.org/owner/name",
        "https://github.com:pass@example.org/owner/name",
        "https://github.com%2f@example.org/owner/name",
        "https://github.com\\@example.org/owner/name",
        "https://example.org/github.com/owner/name",
        "https://example.org?github.com/owner/name",
        "https://example.org#github.com/owner/name",
        "https://gıthub.com/owner/name",
        "https://gіthub.com/owner/name",  # Cyrillic
        "https://githυb.com/owner/name",  # Greek
        "https://git-hub.com/owner/name",
        "https://githubb.com/owner/name",
        "https://github.co/owner/name",
        "https://notgithub.com/owner/name",
        "https://raw.githubusercontent.com.example.org/owner/name",
        "https://ｇithub.com/owner/name",  # a letter of full width
        "https://github。com/owner/name",  # a full stop of Chinese
        "https://github．com/owner/name",  # a full stop of full width
        "https://git\u00adhub.com/owner/name",  # a soft hyphen
        "https://git\u200bhub.com/owner/name",  # a blank of no width
        "https://github%2ecom/owner/name",
        "https://%67ithub.com/owner/name",
        "https://xn--gthub-n2e.com/owner/name",
        "https://github.com%00.example.org/owner/name",
        "https://github.com:8443/owner/name",
        "https://github.com:pass:word@github.com/owner/name",
    ],
)
def test_lookalikes_never_become_github(url: str) -> None:
    found = canonical(url)
    if found is not None:
        assert not found.url.startswith(("https://github.com/", "http://github.com/"))
        assert not found.key.startswith("github.com/")
        assert found.kind != "repository"
        assert found.url.isascii()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "   ",
        "https://",
        "https:///path",
        "http://[::1",
        "http://[::1]/a",
        "https://localhost/owner/name",
        "https://exa mple.org/a",
        "https://github.com:99999/a/b",
        "https://github.com:port/a/b",
        "javascript://github.com/%0aalert(1)",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "ftp://example.org/a",
        "git+ssh://git@github.com/a/b",
        "https://" + "a" * 64 + ".org/",
        "https://.../a",
        "https://example.org/" + "a" * 3_000,
        "https://xn--a/b",
        "\x00",
        "https://\ud800.org/",
    ],
)
def test_what_is_no_web_address_gives_none(url: str) -> None:
    assert canonical(url) is None


def test_a_url_with_credentials_shares_no_key_with_a_repository() -> None:
    found = canonical("https://user:secret@github.com/owner/repo-1")
    assert found is None or found.kind == "repository" or found.key != "github.com/owner/repo-1"


def test_the_port_of_an_ssh_url_is_no_owner() -> None:
    found = canonical("ssh://git@github.com:22/Owner/Repo-1.git")
    assert found is None or found.url in (REPOSITORY, "https://github.com:22/Owner/Repo-1.git")


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://github.com/owner/name.git.git..git.", "https://github.com/owner/name"),
        ("https://github.com/owner/name.gitx", "https://github.com/owner/name.gitx"),
        ("https://github.com/owner/.git", "https://github.com/owner/.git"),
        ("https://lab.github.io/a/index.html//index.html/", "https://lab.github.io/a"),
        ("https://lab.github.io/index.htmlx", "https://lab.github.io/index.htmlx"),
    ],
)
def test_endings_that_say_nothing_are_cut(url: str, wanted: str) -> None:
    found = canonical(url)
    assert found is not None
    assert found.url == wanted


_HOSTS = st.sampled_from(
    "github.com www.github.com gitlab.com raw.githubusercontent.com huggingface.co hf.co youtu.be www.youtube.com "
    "lab.github.io anonymous.4open.science example.org zenodo.org bit.ly vimeo.com gitlab.lab.org gist.github.com "
    "osf.io api.github.com doi.org arxiv.org sourceforge.net git.sr.ht archive.softwareheritage.org "
    "example.org:8080 gіthub.com bücher.example www.example.org EXAMPLE.org.".split()
)
_SEGMENTS = st.sampled_from(
    "a Owner name.git tree main -x datasets spaces papers r repository watch?v=abc embed index.html blob .. . %2e%2e "
    "%7Eb %%32%45 %2F swh:1:dir:0 browse origin https: repos projects p record records 10.1000 abs "
    "2506.00001v2 - é 例".split()
) | st.text("abAB019._-~%+é;:@&='()*!$,", min_size=0, max_size=5)
_URLS = st.builds(
    lambda scheme, host, path, tail: f"{scheme}{host}/{'/'.join(path)}{tail}",
    st.sampled_from(["https://", "http://", "", "git@"]),
    _HOSTS,
    st.lists(_SEGMENTS, max_size=5),
    st.sampled_from(["", "/", "?", "?v=abc", "#x", "//", "?a=1&b=2", "#/a", "?utm_source=a&b", "?&utm_id=1", "#!a/"]),
)


@given(url=_URLS)
@example(url="https://github.com/a/b.git.git")
@example(url="https://lab.github.io/index.html/")
@example(url="https://github.com/ /")
def test_a_canonical_form_is_its_own_canonical_form(url: str) -> None:
    _is_stable(url)


@given(
    url=_URLS.filter(lambda url: ".git" not in url.replace(".github", "").replace(".gitlab", "") and "index" not in url)
)
def test_a_canonical_form_without_suffix_is_its_own_canonical_form(url: str) -> None:
    _is_stable(url)


def _is_stable(url: str) -> None:
    once = canonical(url)
    if once is not None:
        twice = canonical(once.url)
        assert twice is not None
        assert (twice.url, twice.kind, twice.key) == (once.url, once.kind, once.key)


@given(st.text(max_size=60))
def test_no_text_raises(text: str) -> None:
    found = canonical(text)
    assert found is None or found.url.startswith(("http://", "https://"))


_CODE_HOST = "github.com"


@given(st.integers(0, len(_CODE_HOST)), st.characters(exclude_categories=["Cs"]), st.booleans())
@example(place=6, sign="。", replaces=True)
@example(place=0, sign="ｇ", replaces=True)
@example(place=3, sign="\u00ad", replaces=False)
@example(place=10, sign="@", replaces=False)
@example(place=10, sign=".", replaces=False)
def test_a_host_with_another_sign_in_it_shares_no_key_with_github(place: int, sign: str, replaces: bool) -> None:
    host = _CODE_HOST[:place] + sign + _CODE_HOST[place + replaces :]
    found = canonical(f"https://{host}/owner/name")
    # A slash or the like ends the host, a final dot is no other name.
    is_same = host.casefold() in (_CODE_HOST, f"{_CODE_HOST}.", f"www.{_CODE_HOST}") or sign in "/?#:"
    if found is not None and not is_same:
        assert found.key != "github.com/owner/name"
        assert found.kind != "repository" or not found.key.startswith("github.com/")
