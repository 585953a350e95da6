"""How a text that was written for LaTeX reads in Unicode. Mathematics and unknown commands stay as they are."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_MARKS = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    "=": "\u0304",
    "u": "\u0306",
    ".": "\u0307",
    '"': "\u0308",
    "r": "\u030a",
    "H": "\u030b",
    "v": "\u030c",
    "d": "\u0323",
    "c": "\u0327",
    "k": "\u0328",
    "b": "\u0331",
    "t": "\u0361",
}
_SYMBOLS = {
    **{"ss": "ß", "SS": "ẞ", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ"},
    **{"aa": "å", "AA": "Å", "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ"},
    **{"ng": "ŋ", "NG": "Ŋ", "S": "§", "P": "¶", "pounds": "£", "euro": "€", "texteuro": "€", "copyright": "©"},
    **{"textquoteright": "’", "textquoteleft": "‘", "textquotedblleft": "“", "textquotedblright": "”"},
    **{"textendash": "–", "textemdash": "—", "textellipsis": "…", "ldots": "…", "dots": "…", "slash": "/"},
    **{"textasciitilde": "~", "textasciicircum": "^", "textbackslash": "\\", "textunderscore": "_", "textbar": "|"},
    **{"textless": "<", "textgreater": ">", "textregistered": "®", "texttrademark": "™", "textcopyright": "©"},
    **{"textdegree": "°", "textmu": "µ", "texttimes": "×", "textpm": "±", "textbullet": "•", "guillemotleft": "«"},
    **{"guillemotright": "»", "lbrace": "{", "rbrace": "}", "textbraceleft": "{", "textbraceright": "}"},
    **{"LaTeX": "LaTeX", "TeX": "TeX", "BibTeX": "BibTeX", "newline": " ", "quad": " ", "qquad": " ", "space": " "},
}
# Commands that only say how their text looks.
_FORMS = frozenset(
    "bf bfseries boldsymbol em emph enquote ensuremath footnotesize hbox it itshape large Large lowercase mbox "
    "MakeLowercase MakeUppercase mdseries nobreak nocase normalfont normalsize protect relax rm rmfamily sc scshape sf "
    "sffamily sl slshape small text textbf textit textmd textnormal textrm textsc textsf textsl textsubscript "
    "textsuperscript texttt textup tiny tt ttfamily underline upshape uppercase".split()
)
_SIGNS = {"---": "—", "--": "–", "``": "“", "''": "”", "~": " ", "{": "", "}": ""}
_BETWEEN = {"-": "", "/": "", "!": "", "@": "", ",": " ", ";": " ", ":": " ", ">": " ", " ": " ", "\n": " ", "\\": " "}
_LETTER = r"(?:\\[ij](?![A-Za-z])\s*+|[^\W\d_])"
# The first character is looked for fast; what may follow looks back at it. Braces around a command go with it.
_TOKEN = re.compile(
    rf"""
    [\\$:~{{}}`'-]
    (?:
      (?: (?<=\\) | (?<=\{{)\{{{{0,2}}+\\ )
      (?: (?P<kind>url|href|path|nolinkurl)\s*+\{{(?P<target>[^{{}}]*+)\}}
        | (?P<mark>[`'^"~=.] | [uHvdckbrt](?![A-Za-z]))\s*+
          (?: \{{\s*+(?P<first>{_LETTER})(?P<more>[^{{}}\\]*+)\}} | (?P<letter>{_LETTER}) | (?P<alone>\{{\s*+\}}) )
        | (?P<word>[A-Za-z]++)\*?\s*+\{{?
        | (?P<sign>.)
      )
      \}}*+
    | (?<=\$)(?P<math>(?:[^$\\]|\\.)*+\$)
    | (?<=:)(?P<address>//(?:[^\s{{}}]++|\{{\}})++)
    | (?<=-)--?
    | (?<=`)`
    | (?<=')'
    | (?<=[{{}}~])
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\([_%#&~$])(?:\{\})?")


def plain(text: str) -> str:
    """The text in Unicode: accents, symbols, dashes and quotes; braces and commands of form are taken off."""
    if "\\" in text or "$" in text or "~" in text or "--" in text or "``" in text or "''" in text:
        return _TOKEN.sub(_shown, text)
    return text.replace("{", "").replace("}", "") if "{" in text or "}" in text else text


def address(text: str) -> str:
    """A URL or an identifier without the backslashes and braces that LaTeX wants in it."""
    return _ESCAPED.sub(r"\1", text).translate({0x7B: None, 0x7D: None}) if "\\" in text or "{" in text else text


def _shown(token: re.Match[str]) -> str:
    """What a token shows; the same few make up almost all texts."""
    return _known(token[0]) if len(token[0]) < 30 else _unicode(token[0])


def _unicode(text: str) -> str:
    token = _TOKEN.fullmatch(text)
    assert token is not None
    if token["mark"]:
        return _accented(token)
    if token["word"]:
        return _command(token)
    if token["sign"]:
        return _BETWEEN.get(token["sign"], token["sign"])
    if token["kind"]:
        return "" if token["kind"] == "href" else address(token["target"])
    return address(text) if token["address"] else _SIGNS.get(text, text)


_known = lru_cache(maxsize=10_000)(_unicode)


def _accented(token: re.Match[str]) -> str:
    """A letter with its accent; an accent alone is its sign."""
    if token["alone"] is not None:
        return token["mark"]
    letter = (token["first"] or token["letter"]).strip().lstrip("\\")
    return unicodedata.normalize("NFC", letter + _MARKS[token["mark"]]) + (token["more"] or "")


def _command(token: re.Match[str]) -> str:
    """What a command shows; one that is not known stays, apart from what follows it."""
    word = token["word"]
    if word in _FORMS:
        return ""
    return _SYMBOLS.get(word, f"\\{word}" if token[0].endswith(word) else f"\\{word} ")
