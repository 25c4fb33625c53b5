"""Questions about the shop and its goods: answered in the shop's own words and from its stock, else by a person."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from bots.buttons import buttons
from bots.decisions import Reply
from bots.details import words
from bots.form_parts import Detail, Form
from bots.forms import fill
from bots.person_wishes import pass_on
from bots.shop_facts import TOPICS, Stocked
from bots.turns import Outcome, Turn, settled
from orders.snapshots import OrderSnapshot


def about_shop(turn: Turn) -> Outcome:
    """What the shop has written about this, once; without it, or asked again, a person answers."""
    text = turn.shop.answers.get((turn.wish, turn.language))
    mark = f"shop:{turn.wish}:{turn.language}"
    if text is None or turn.dialogue.told == mark:
        return pass_on(turn)
    reply = Reply(phrase="shop_answer", text=text, quick_replies=buttons(("person",), turn.language))
    return Outcome(dialogue=replace(settled(turn.dialogue, wish=turn.wish), told=mark), replies=(reply,))


def stock(turn: Turn) -> Outcome:
    """Is it there? Told if the shop's stock knows the goods; else, or if it is not, the wish for it is taken down."""
    if turn.dialogue.awaiting != "confirmation" and len(turn.shop.stock) == 1:
        known = turn.shop.stock[0]
        if known.gone:
            return _told(turn, "stock_gone", known)
        if known.units is not None and known.units > 0:
            return _told(turn, "stock_yes", known)
        if known.units is not None:
            return _offer_to_tell(turn, known)
    if turn.dialogue.pending != "stock" and ("stock", turn.language) in turn.shop.answers:
        return about_shop(turn)
    return fill(turn, STOCK)


def _told(turn: Turn, phrase: str, known: Stocked) -> Outcome:
    reply = turn.bubble(phrase, title=known.title or known.sku, quick_replies=buttons(("person",), turn.language))
    return Outcome(dialogue=settled(turn.dialogue, wish=turn.wish), replies=(reply,))


def _offer_to_tell(turn: Turn, known: Stocked) -> Outcome:
    details = {**turn.dialogue.details, "stock.product": known.title or known.sku}
    offered = fill(replace(turn, dialogue=replace(turn.dialogue, details=details)), STOCK)
    if known.back_at is None or known.back_at <= turn.now:
        said = turn.bubble("stock_none", title=known.title or known.sku)
    else:
        said = turn.bubble("stock_later", title=known.title or known.sku, at=known.back_at, timezone=turn.shop.timezone)
    return replace(offered, replies=(said, *offered.replies))


def _confirm_telling(turn: Turn, order: OrderSnapshot | None, values: Mapping[str, str]) -> Reply:
    return turn.bubble("confirm_stock", product=values["product"])


STOCK = Form(
    wish="stock",
    details=(Detail("product", words, free=True),),
    kind="question",
    order="none",
    priority="low",
    confirm=_confirm_telling,
)
FORMS: dict[str, Form] = {"stock": STOCK}
WISHES: dict[str, Callable[[Turn], Outcome]] = {**dict.fromkeys(TOPICS, about_shop), "stock": stock}
