"""Which language a conversation is held in."""

from conversations.models import Conversation
from core.errors import Invalid

LANGUAGES = ("en", "zh")


async def speak(conversation_id: int, language: str) -> None:
    """Answer in `language` (en or zh) from now on. The caller has reached the conversation. Raises Invalid."""
    if language not in LANGUAGES:
        raise Invalid("a language is en or zh", code="bad_language")
    await Conversation.filter(id=conversation_id).update(language=language)
