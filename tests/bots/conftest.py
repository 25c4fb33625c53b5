"""The rulebook is loaded once for all of the bot's tests."""

import pytest

from bots.rulebook import Rulebook, own_rulebook


@pytest.fixture(scope="session")
def rulebook() -> Rulebook:
    return own_rulebook()
