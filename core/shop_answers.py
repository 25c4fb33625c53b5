"""What a shop's people have written for the bot to say about delivery, returns, payment and the like."""

from collections.abc import Mapping

from tortoise import fields
from tortoise.models import Model

from core import audit
from core.clock import now
from core.errors import Invalid
from core.fields import UtcDatetimeField, code_field
from core.people import Actor
from core.shops import Shop
from core.text import clean
from core.transactions import transaction

LONGEST = 1_500  # characters: a chat bubble, not a page
LANGUAGES = ("en", "zh")


class ShopAnswer(Model):
    """One shop's words on one topic in one language."""

    id = fields.BigIntField(primary_key=True)
    shop: fields.ForeignKeyRelation[Shop] = fields.ForeignKeyField("wismo.Shop", related_name="answers")
    shop_id: int
    topic = code_field()  # bots.shop_facts.TOPICS
    language = code_field()
    text = fields.TextField()
    updated_at = UtcDatetimeField()

    class Meta:
        app = "wismo"
        table = "shop_answer"
        unique_together = (("shop_id", "topic", "language"),)


async def answers_of(shop_id: int) -> dict[tuple[str, str], str]:
    """The shop's words by topic and language."""
    return {(row.topic, row.language): row.text for row in await ShopAnswer.filter(shop_id=shop_id)}


async def write_answers(shop: Shop, topic: str, texts: Mapping[str, str], actor: Actor) -> None:
    """Set what the bot says on a topic, by language ("en", "zh"); an empty text takes it away.

    Raises Invalid (answer_too_long, unknown_language).
    """
    if set(texts) - set(LANGUAGES):
        raise Invalid("English and Chinese only", code="unknown_language")
    if any(len(text) > LONGEST for text in texts.values()):
        raise Invalid(f"{LONGEST} characters at most", code="answer_too_long", limit=LONGEST)
    async with transaction():
        for language, text in texts.items():
            words = clean(text.replace("\r\n", "\n"), limit=LONGEST)
            mine = ShopAnswer.filter(shop_id=shop.id, topic=topic, language=language)
            if not words:
                await mine.delete()
            elif not await mine.update(text=words, updated_at=now()):
                await ShopAnswer.create(shop_id=shop.id, topic=topic, language=language, text=words, updated_at=now())
        await audit.note(actor, "shop.answer_written", shop.key, topic=topic, languages=sorted(texts))
