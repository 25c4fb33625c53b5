"""What the customer thinks of the help: one to five and some words, once for each end of the talk."""

from conversations.access import require_access
from conversations.events import RatingGiven
from conversations.models import Conversation, Message, Rating
from core.bundles import Bundle, Later, alone
from core.clock import now
from core.errors import Conflict, Invalid
from core.people import Actor
from core.text import clean
from core.transactions import record, transaction

WORST, BEST = 1, 5
LOW = 2  # and below: somebody at the desk looks at it
TEXT_LIMIT = 2000  # characters


async def rate(conversation_id: int, actor: Actor, score: int, text: str = "") -> Rating:
    """Rate what was said so far, 1 (worst) to 5. Until the customer writes again it is the same rating, changed.

    Raises Invalid (bad_score, text_too_long), NotFound, and Conflict (nothing_to_rate) before the first words.
    """
    if not WORST <= score <= BEST:
        raise Invalid("a score is a whole number from 1 to 5", code="bad_score")
    words = clean(text, limit=TEXT_LIMIT + 1)
    if len(words) > TEXT_LIMIT:
        raise Invalid("the words of a rating have 2,000 characters at most", code="text_too_long", limit=TEXT_LIMIT)
    async with transaction():
        await require_access(actor, conversation_id)
        conversation = await Conversation.filter(id=conversation_id).select_for_update().get()
        if not conversation.last_customer_number:
            raise Conflict("nothing was said yet", code="nothing_to_rate")
        rating = await _given(conversation)
        if (rating.score, rating.text) == (score, words):
            return rating
        rating.score, rating.text = score, words or rating.text
        await rating.save()
        record(
            RatingGiven(conversation_id=conversation_id, shop_id=conversation.shop_id, rating_id=rating.id, score=score)
        )
    return rating


async def is_rated(conversation: Conversation) -> bool:
    """Whether the customer has rated what was said since their last words."""
    return await Rating.exists(conversation_id=conversation.id, number=conversation.last_customer_number)


async def ratings_of(conversation_id: int, limit: int = 50) -> list[Rating]:
    """The newest ratings, oldest first. For the desk."""
    return await alone(lambda bundle: ratings_in(bundle, conversation_id, limit))


def ratings_in(bundle: Bundle, conversation_id: int, limit: int = 50) -> Later[list[Rating]]:
    """What `ratings_of` gives, as part of a bundle."""
    which = "WHERE t.conversation_id = {conversation} ORDER BY t.id DESC LIMIT {limit}"
    newest = bundle.rows(Rating, which, conversation=conversation_id, limit=limit)
    return lambda: newest[::-1]


async def _given(conversation: Conversation) -> Rating:
    """The rating of this end, or a new one that is not stored yet, with the agent who wrote last."""
    number = conversation.last_customer_number
    given = await Rating.get_or_none(conversation_id=conversation.id, number=number)
    if given is not None:
        return given
    answers = Message.filter(conversation_id=conversation.id, author_kind="agent")
    last = await answers.order_by("-number").first()
    return Rating(
        conversation_id=conversation.id,
        shop_id=conversation.shop_id,
        number=number,
        score=0,
        agent_id=last.author_id if last else None,
        created_at=now(),
    )
