"""The patterns that read mail mean the same on all versions of Python 3.11."""

import importlib
import pkgutil
import re

import pytest

import app.mail.reading as reading

_CLASSES = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]")
MODULES = [module.name for module in pkgutil.iter_modules(reading.__path__) if not module.name.startswith("__")]


@pytest.mark.parametrize("name", MODULES)
def test_nothing_is_possessive(name: str) -> None:
    """Python errs on possessive and atomic parts that stand within groups before 3.11.5."""
    module = importlib.import_module(f"app.mail.reading.{name}")
    for pattern in vars(module).values():
        if isinstance(pattern, re.Pattern):
            source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
            assert not re.search(r"[*+?}]\+|\(\?>", _CLASSES.sub("x", source)), source
