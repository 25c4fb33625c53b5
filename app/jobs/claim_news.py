"""Telling what has become of a claim: in the ticket that it was made for, and to the customer in the chat."""

from typing import Any

from app.claim_answers import final_answer
from app.jobs.context import JobContext
from conversations.models import CHAT
from conversations.posting import post
from conversations.proofs import proven_contacts
from core.errors import NotFound
from core.people import BOT, SYSTEM, Actor
from core.transactions import transaction
from orders.access import Viewer, order_in_view
from orders.claims.cancellation import CONTRADICTED, state_of
from orders.claims.models import DONE, REFUSED, REQUESTED, Claim
from orders.claims.rules import Why
from orders.models import Order
from tickets.cancelling import note_claim, ticket_of_case

_A_PERSON_LOOKS = (Why.NO_ANSWER,)


async def tell_of_claim(args: dict[str, Any], context: JobContext) -> None:
    """Write the new `state` of `claim` into its ticket, and post the answer once when it is final.

    Only who has proved a contact of the order hears of it here: what an agent does for anybody else, the agent tells.
    """
    claim = await Claim.get(id=int(args["claim"]))
    ticket = await ticket_of_case(claim.case_id)
    if ticket is None:
        return
    state, order = str(args["state"]), await Order.get(id=claim.order_id)
    final = state in (DONE, REFUSED, CONTRADICTED) and state == state_of(claim)  # else more news is on its way
    clear = final and claim.why not in _A_PERSON_LOOKS and _money_is_clear(claim) and claim.contradicted_at is None
    alone = clear and claim.actor_kind == BOT.kind  # what an agent began, an agent ends
    chat = ticket.conversation.channel == CHAT
    async with transaction():
        who = Actor(claim.actor_kind, claim.actor_id, claim.actor_name) if state == REQUESTED else SYSTEM
        news = await note_claim(
            ticket.id,
            claim.public_id,
            state,
            who,
            done=alone and chat,
            number=order.number,
            why=claim.why,
            wish=claim.what,
        )
        told = final and chat and await _may_know(ticket.conversation_id, order)
        reply = await final_answer(claim, order, ticket.conversation.language) if told else None
        if news and reply is not None:
            await post(
                ticket.conversation_id,
                SYSTEM,
                reply.text,
                client_id=f"claim:{claim.public_id}:{state}",
                order_id=order.id,
                quick_replies=[{"label": quick.label, "text": quick.text} for quick in reply.quick_replies],
            )


async def _may_know(conversation_id: int, order: Order) -> bool:
    viewer = Viewer.customer(order.shop_id, await proven_contacts(conversation_id))
    try:
        await order_in_view(viewer, order.public_id, "claim")
    except NotFound:
        return False
    return True


def _money_is_clear(claim: Claim) -> bool:
    return claim.state != DONE or claim.refund in ("", "not_paid") or claim.refund.startswith("rfi_")
