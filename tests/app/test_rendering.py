"""Fragments that are kept: made once for equal values, escaped, and another time for another language."""

from jinja2 import DictLoader

from app.rendering import make_templates, wording


def test_a_fragment_is_made_once_for_its_values_and_its_language() -> None:
    environment = make_templates().overlay()  # the desk's own is shared
    asked: list[str] = []

    def noted(words: str) -> str:
        asked.append(words)
        return words

    environment.loader = DictLoader({"row": "{{ noted(words) }}: {{ _('Open') }}"})
    environment.globals = environment.globals | {"noted": noted}
    english, chinese = (wording(environment, language)["kept"] for language in ("en", "zh"))
    for _ in range(2):
        assert english("row", words="<b>Hi") == "&lt;b&gt;Hi: Open"
        assert chinese("row", words="<b>Hi") == "&lt;b&gt;Hi: 待处理"
    assert english("row", words="Ho") == "Ho: Open"
    assert len(asked) == 3
