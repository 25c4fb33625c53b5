"""The rulebook is loaded once for all of the bot's tests."""

import pytest

from bots.rulebook import Rulebook, load_rulebook


@pytest.fixture(scope="session")
def rulebook() -> Rulebook:
    return load_rulebook()
