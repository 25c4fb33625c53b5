"""Style sheets of mails: what newsletters and Word need stays, what fetches, covers or leaves the letter's box goes."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail.reading.cleaning import clean_html, with_sheet
from app.mail.reading.sheets import MAX_WRITTEN, kept_sheet, sheet_of

NEWSLETTER = """<html><head><title>x</title>
<!--[if mso]><style>table {width: 1px}</style><![endif]-->
<style type="text/css">
  @import url("https://evil.example/a.css");
  @font-face { font-family: 'Lato'; src: url(https://fonts.example/l.woff) }
  /* reset */
  body, #bodyTable, #bodyCell { margin:0 !important; padding:0; width:100% !important }
  table, td { border-collapse: collapse; mso-table-lspace: 0pt; }
  img { border:0; height:auto; line-height:100%; outline:none; -ms-interpolation-mode:bicubic }
  .btn a:hover, a[href^="tel"], u + #body a { color: rgb(10, 20, 30) !important; background: #FFF url(x.png) }
  .row > td:nth-child(2n+1) { font: bold 14px/1.4 "Helvetica Neue", '微软雅黑', sans-serif }
  @media only screen and (max-width: 600px) { .col { display:block !important; width:100% !important } }
  @media (prefers-color-scheme: dark) { body { background:#000 !important; color:#000 } }
  @media print { body { display:none } }
  @supports (display:grid) { .g { color: red } }
</style></head><body class="x"><table id="bodyTable" class="row"><tr><td class="col">Hi</td></tr></table></body>"""
KEPT = """body,#bodyTable,#bodyCell{margin:0 !important;padding:0;width:100% !important}
table,td{border-collapse:collapse}
img{border:0;height:auto;line-height:100%}
.btn a:hover,a[href^="tel"],u + #body a{color:rgb(10, 20, 30) !important}
.row > td:nth-child(2n+1){font:bold 14px/1.4 "Helvetica Neue", '微软雅黑', sans-serif}
@media only screen and (max-width: 600px){.col{display:block !important;width:100% !important}}"""

WORD = '<style><!--\n /* Font Definitions */ @font-face {font-family:SimSun; panose-1:2 1}\n p.MsoNormal, li.MsoNormal\n\t{margin:0cm;\n\tfont-size:11.0pt;\n\tfont-family:"Calibri",sans-serif;}\n@page WordSection1 {size:612pt}\ndiv.WordSection1 {page:WordSection1;}\n--></style>'  # noqa: E501 - as Word writes it


def test_what_a_newsletter_needs_stays() -> None:
    assert sheet_of(NEWSLETTER) == KEPT
    clean = clean_html(NEWSLETTER)
    assert clean.sheet == KEPT
    assert 'id="bodyTable" class="row"' in clean.html or 'class="row" id="bodyTable"' in clean.html
    assert "<style" not in clean.html


def test_what_word_writes_into_a_comment_stays() -> None:
    kept = 'p.MsoNormal,li.MsoNormal{margin:0cm;font-size:11.0pt;font-family:"Calibri",sans-serif}'
    assert sheet_of(WORD) == kept


def test_in_its_box_it_speaks_of_the_box_alone() -> None:
    css = "body{color:red} html body > .a, :root .b, *, body.dark p{margin:0} .c + .d{padding:0} body + p{margin:0}"
    assert kept_sheet(css, "#box") == (
        "#box{color:red}\n#box > .a,#box .b,#box *,#box p{margin:0}\n#box .c + .d{padding:0}"
    )
    shown = with_sheet("<p>Hi</p>", "body{color:red}")
    assert shown == '<style>#wismo-letter{color:red}</style><div id="wismo-letter"><p>Hi</p></div>'
    assert with_sheet("<p>Hi</p>", "") == "<p>Hi</p>"


@pytest.mark.parametrize(
    "css",
    [
        "a{background:url(https://evil.example/x)}",
        "a{background:\\75rl(//evil.example)}",
        "a{background:u/**/rl(//evil.example)}",
        "a{background-image:image-set('x' 1x)}",
        "a{width:expression(alert(1))}",
        "a{position:fixed}",
        "a{transform:scale(9)}",
        "a{z-index:9}",
        "a{height:100vh}",
        "a{content:'x'}",
        "a{-moz-binding:url(x)}",
        "a{behavior:url(x)}",
        "a{animation:x 1s}",
        "a{--x:1;color:var(--x)}",
        "a::before{color:red}",
        "a:not(b){color:red}",
        "a:has(b){color:red}",
        "input[value^='a']:checked{color:red}",
        "a[href='<']{color:red}",
        "@media (min-width:1px) and (prefers-color-scheme:dark){a{color:red}}",
        "@layer x{a{color:red}}",
        "@namespace svg url(x); svg|a{color:red}",
        "a{.b{color:red}}",
        "{color:red}",
        "> a{color:red}",
        "a{font-family:'\"' \"}",
        "a b c d e f g h i j k l m n o p q r{color:red}",
    ],
)
def test_what_is_not_listed_goes(css: str) -> None:
    assert kept_sheet(css) == ""


def test_what_follows_something_broken_is_read() -> None:
    assert kept_sheet("a{color:red;background:url(x);margin:0} b{color:{x} c{color:blue}") == "a{color:red;margin:0}"
    assert kept_sheet("@charset 'x'; a{color:red}") == "a{color:red}"
    assert kept_sheet("@supports (x){a{color:red}} b{margin:0}") == "b{margin:0}"
    assert kept_sheet("a{b{c:d} color:red} e{margin:0}") == "e{margin:0}"
    assert sheet_of("<STYLE media=print>a{margin:0}</STYLE ><style media='screen'>b{margin:0}</style>") == (
        "@media screen{b{margin:0}}"
    )
    assert sheet_of("<style>a{margin:0}") == "a{margin:0}"
    assert sheet_of("<styles>a{margin:0}</styles>") == ""


SIGNS = ["{", "}", ";", ":", ",", '"', "'", "\\", "<", "/", "*", "(", ")", "\n", " ", "/*", "*/", "<!--", "-->", "和"]
WORDS = ["@media ", "screen", "(max-width:9px)", "@import ", "<style>", "</style>", "url(", "a", ".b", "#c", "[d='e']"]
PIECES = st.sampled_from([*SIGNS, *WORDS, "color", "red", "position", "fixed"])
BOMBS = ["<style>", "<!--", "<style", "<style ", "/*", "<style>a{", "a{color:red}", "{", "}", "'", '"', "@media ", ">"]
BOMBS += ["[", "(", "a ", ",", "a,"]


@given(st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=200))
def test_nothing_gets_out(text: str) -> None:
    once = kept_sheet(text)
    assert kept_sheet(once) == once
    scoped = kept_sheet(once, "#box")
    for sheet in (once, scoped, sheet_of(text)):
        assert not re.search(r"[<\\]|@(?!media )|url|//|/\*|position", sheet)
        outside = re.sub(r"\"[^\"\n]*\"|'[^'\n]*'", "", sheet)
        assert outside.count("{") == outside.count("}")
        assert not re.search("[\"']", outside)
    assert all("#box" in line for line in scoped.splitlines())


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_megabyte_of_anything_takes_no_time(bomb: str) -> None:
    begin = time.process_time()
    for html in (bomb * (1_000_000 // len(bomb)), "<style>" + bomb * (1_000_000 // len(bomb))):
        assert len(sheet_of(html)) <= MAX_WRITTEN
    assert time.process_time() - begin < 4
