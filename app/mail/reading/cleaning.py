"""HTML of mails made harmless before anybody sees it: what may stay is listed, all else goes. Pure.

nh3 (an HTML5 parser and serialiser) applies the lists of cleaning.toml, so that a browser reads what we have written.
The page that shows the result forbids scripts and foreign addresses once more.
"""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from html import escape, unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nh3

from app.mail.reading.declarations import PROPERTIES, plain
from app.mail.reading.html import text_of_html
from app.mail.reading.sheets import kept_sheet, sheet_of
from app.mail.reading.taming import is_tame

MAX_CHARACTERS = 1_048_576  # of HTML; more is cut
REMOTE = "remote:"  # stands before the address of a picture that lies elsewhere: no browser fetches it
_MAX_ADDRESS = 2_000  # characters of a link or of a picture's address
_MAX_INLINE = 400_000  # characters of a picture that stands in the HTML itself
_MAX_VALUE = 500  # characters of any other attribute
_MAX_CLEAN = 3_145_728  # characters of a result: a parser that mends what was never closed may write more than it read

_BOX = "wismo-letter"
_LISTS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("cleaning.toml").read_text("utf-8"))
_TAGS = frozenset(_LISTS["tags"].split())
_GONE = frozenset(_LISTS["gone"].split())
_ATTRIBUTES = {tag: frozenset(names.split()) for tag, names in _LISTS["attributes"].items()}
_LINK = re.compile(r"\s*(?:https?:|mailto:|tel:|//)", re.IGNORECASE)
_INLINE = re.compile(r"data:image/(?:png|jpe?g|gif|webp);base64,[a-zA-Z0-9+/=%\s]+\Z", re.IGNORECASE)
_BODY = re.compile(r"<body\b([^<>\"']*(?:(?:\"[^\"]*\"|'[^']*')[^<>\"']*){0,200})>", re.IGNORECASE)
_BACKGROUND = re.compile(r"bgcolor\s*=\s*[\"']?\s*(#?\w{3,20})", re.IGNORECASE)
_STYLE = re.compile(r"(?<![\w-])style\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_TINY = re.compile(r"\s*0*[0-2](?:\.\d*)?(?:px)?\s*\Z")
_UNSEEN = re.compile(
    r"display:\s*none|visibility:\s*hidden|(?<![-\w])(?:max-)?(?:width|height):\s*[0-2]px", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class CleanHtml:
    """HTML without anything that acts, its style `sheet` apart, and how many pictures lie elsewhere; `trackers` of them
    are invisible. Their addresses begin with `remote:`, and pictures of the mail itself with `cid:`: see `show`.
    """

    html: str
    sheet: str = ""
    remote_images: int = 0
    trackers: int = 0


def clean_html(html: str) -> CleanHtml:
    """`html` of a stranger without scripts, forms, styles that leave their box, and foreign content.

    Linear in time. HTML that would be a bomb for the parser becomes its plain text. Cleaning twice changes nothing.
    """
    written = _CONTROLS.sub("", html[:MAX_CHARACTERS])
    clean = _clean(_with_body(written), _kept_picture)
    pictures = _pictures_of(clean)
    remote = [tiny for source, tiny in pictures if source.startswith(REMOTE)]
    return CleanHtml(clean, sheet_of(written), len(remote), sum(remote))


def show(clean: str, picture: Callable[[str], str | None]) -> str:
    """What `clean_html` has made, cleaned again, with addresses of pictures that a browser can fetch.

    `picture` is asked for each `cid:…` and `remote:…` and gives an address below our own, or None: only the
    alternative text stays. Pictures of the letter itself (`data:`) stay; invisible ones from elsewhere go unasked.
    """
    trackers = {source for source, tiny in _pictures_of(clean) if tiny and source.startswith(REMOTE)}

    def shown(source: str) -> str | None:
        if _INLINE.match(source):
            return source
        return None if source in trackers else picture(source)

    return _clean(clean, shown)


def with_sheet(shown: str, sheet: str) -> str:
    """What `show` has made, in a box of its own that `sheet` speaks of alone, kept once more."""
    return f'<style>{kept_sheet(sheet, f"#{_BOX}")}</style><div id="{_BOX}">{shown}</div>' if sheet else shown


def _with_body(html: str) -> str:
    """White words on a dark page stay readable: the colours of `body` go to an element that may have them."""
    match = _BODY.search(html, 0, 65_536)
    if match is None:
        return html
    style = _STYLE.search(match[1])
    background = _BACKGROUND.search(match[1])
    own = f"background-color:{background[1]};" if background else ""
    own += unescape(next(filter(None, style.groups()), "")) if style else ""
    return f'<div style="{escape(own)}">{html[match.end() :]}</div>' if own else html


def _clean(html: str, picture: Callable[[str], str | None]) -> str:
    """What is a bomb before or after the parser has mended it becomes text."""
    if is_tame(html):
        clean = _sifted(html, picture)
        if len(clean) <= _MAX_CLEAN and is_tame(clean):
            return clean
    return f"<pre>{escape(text_of_html(html)[:MAX_CHARACTERS], quote=False)}</pre>"


def _sifted(html: str, picture: Callable[[str], str | None]) -> str:

    def kept(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "style":
            return ";".join(plain(value)) or None
        if attribute == "src":
            return picture(value.strip())
        if attribute == "href":
            return value if _LINK.match(value) and len(value) <= _MAX_ADDRESS else None
        return value if len(value) <= _MAX_VALUE else None

    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_GONE,
        attributes=_ATTRIBUTES,
        attribute_filter=kept,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes={"http", "https", "mailto", "tel", "cid", "data", "remote"},
        url_relative=_relative,
        filter_style_properties=PROPERTIES,
    )


def _kept_picture(source: str) -> str | None:
    """How a picture's address is written down: as it is for the letter's own, marked for what lies elsewhere."""
    lower = source[:16].lower()
    if lower.startswith("cid:"):
        return source[:_MAX_ADDRESS]
    if lower.startswith("data:"):
        return source if len(source) <= _MAX_INLINE and _INLINE.match(source) else None
    if lower.startswith("//"):
        source = f"https:{source}"
    elif lower.startswith(REMOTE):
        source = source[len(REMOTE) :]
    is_web = source[:8].lower().startswith(("https://", "http://"))
    return f"{REMOTE}{source}" if is_web and len(source) <= _MAX_ADDRESS else None


def _relative(address: str) -> str:
    """What has no scheme and got so far lacks nothing else, or is an address of ours that `show` was given."""
    return f"https:{address}" if address.startswith("//") else address


def _pictures_of(clean: str) -> list[tuple[str, bool]]:
    """Of each picture the address, and whether nobody could see it."""
    if "<img" not in clean:
        return []
    finder = _Pictures()
    finder.feed(clean)
    return finder.found


class _Pictures(HTMLParser):
    """Reads what nh3 has written, which is always well-formed."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "img" and "src" in values:
            sizes = (values.get("width", ""), values.get("height", ""))
            tiny = any(_TINY.match(size) for size in sizes) or bool(_UNSEEN.search(values.get("style", "")))
            self.found.append((values["src"], tiny))
