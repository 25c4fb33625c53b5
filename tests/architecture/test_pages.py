"""Templates and scripts keep the promises of the content security policy, and refer only to what exists."""

import re
from collections.abc import Iterator

import pytest
from jinja2 import Environment, nodes

from tests.architecture.sources import ROOT, complain, files, texts

TEMPLATES = [path for path in files() if path.startswith("templates/")]
SCRIPTS = [path for path in files() if path.startswith("static/") and path.endswith(".js")]

# pattern → lesson. Letters (templates/mail) are read in mail programs, which need styles in place.
IN_TEMPLATES = (
    (
        r"\|\s*safe\b|\bMarkup\(|autoescape\s+false",
        "Everything is escaped. HTML from people goes through the sanitiser in Python.",
    ),
    (r"\son[a-z]+\s*=", "No inline handlers: the policy blocks them. Add a listener in a module below static/js."),
    (r"javascript:", "The policy blocks javascript: addresses."),
    (
        r"<script(?![^>]*(\ssrc=|application/json))",
        "No inline scripts: the policy blocks them. Data goes into a JSON block.",
    ),
    (r"(src|href)=[\"']https?://[^\"']*\.(js|css|woff2?)", "Nothing is loaded from other people's servers."),
    (r"/static/", "Write asset('…'): the address then carries the content's hash and may be cached for ever."),
)
IN_PAGES = ((r"\sstyle\s*=|<style", "No inline styles: the policy blocks them. Add a class below static/css."),)
IN_SCRIPTS = (
    (
        r"\b(outerHTML\s*=|insertAdjacentHTML|document\.write|eval\(|new Function)",
        "Text goes in by textContent or append().",
    ),
    (
        r"\b(innerHTML|srcdoc)\s*=(?!.*// trusted:)",
        "Text goes in by textContent; for our own markup say why: `// trusted: …`.",
    ),
    (r"console\.(log|debug)\(", "Left over from looking for a mistake."),
    (r"https?://(?!www\.w3\.org)[a-z]", "Scripts talk to the server they came from."),
    (r"\balert\(|\bprompt\(", "Use a dialog of the page: the browser's own are blocked in frames and stop everything."),
)


def breaches(paths: list[str], patterns: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for path, text in texts():
        if path in paths:
            for pattern, lesson in patterns:
                for match in re.finditer(pattern, text):
                    yield f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match.group().strip()} — {lesson}"


def test_templates_fit_the_policy() -> None:
    pages = [path for path in TEMPLATES if not path.startswith("templates/mail/")]
    complain("Templates:", [*breaches(TEMPLATES, IN_TEMPLATES), *breaches(pages, IN_PAGES)])


def test_scripts_are_careful() -> None:
    complain("Scripts:", list(breaches(SCRIPTS, IN_SCRIPTS)))


@pytest.mark.parametrize("path", TEMPLATES)
def test_template_parses_and_finds_its_parts(path: str) -> None:
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    tree = environment.parse((ROOT / path).read_text(encoding="utf-8"), filename=path)
    lost = [name for name in mentioned(tree) if not (ROOT / name).is_file()]
    complain(f"{path} refers to files that do not exist:", lost)


def mentioned(tree: nodes.Template) -> Iterator[str]:
    """Files that a template names literally: other templates and assets."""
    for node in tree.find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
        if isinstance(name := getattr(node, "template", None), nodes.Const):
            yield f"templates/{name.value}"
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "asset" and isinstance(call.args[0], nodes.Const):
            yield f"static/{call.args[0].value}"


def test_scripts_import_what_exists() -> None:
    lost = [
        f"{path}: {name}"
        for path, text in texts(".js", under=("static",))
        for name in re.findall(r"""^(?:import|export)\b[^"';]*["'](\.{1,2}/[^"']+)["']""", text, re.MULTILINE)
        if not ((ROOT / path).parent / name).resolve().is_file()
    ]
    complain("Modules that do not exist:", lost)
