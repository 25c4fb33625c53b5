"""What the console calls the actions of the audit, and who acts."""


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


ACTORS = {"agent": _("Agent"), "customer": _("Customer"), "bot": _("Bot"), "system": _("The desk itself")}
ACTIONS = {
    "order.read": _("Looked at an order"),
    "orders.listed": _("Saw orders in a list"),
    "orders.found": _("Found orders by searching"),
    "order.claimed": _("Asked for units of an order"),
    "order.claim_answered": _("Said whether units could be stopped"),
    "order.claim_released": _("Let go of units of an order"),
    "order.replayed": _("Folded an order again"),
    "delivery.read": _("Looked at a delivery"),
    "delivery.downloaded": _("Downloaded a delivery"),
    "delivery.replayed": _("Folded a delivery again"),
    "stock.discontinued": _("Marked a SKU as gone for good"),
    "stock.continued": _("Took back that a SKU is gone for good"),
    "conversation.taken_over": _("Took a conversation over"),
    "case.refused": _("Tried a step that an after-sales case does not allow"),
    "transition_refused": _("Tried a step that a ticket does not allow"),
    "agent.logged_in": _("Signed in"),
    "agent.created": _("Added an agent"),
    "agent.enabled": _("Let an agent in again"),
    "agent.disabled": _("Locked an agent out"),
    "agent.password_set": _("Set a password"),
    "agent.work_set": _("Changed what an agent takes"),
    "agent.teams_set": _("Changed the teams of an agent"),
    "team.created": _("Added a team"),
    "team.renamed": _("Renamed a team"),
    "team.retired": _("Retired a team"),
    "team.revived": _("Brought a team back"),
    "team.members_set": _("Changed the members of a team"),
    "rulebook.edited": _("Edited a rule of the bot"),
    "rulebook.discarded": _("Discarded the draft of the bot's rules"),
    "rulebook.published": _("Published rules of the bot"),
    "policy.drafted": _("Began a draft of the return policy"),
    "policy.edited": _("Edited the draft of the return policy"),
    "policy.discarded": _("Discarded the draft of the return policy"),
    "policy.published": _("Published a return policy"),
    "policy.withdrawn": _("Withdrew the shop's return policy"),
    "shop.created": _("Added a shop"),
    "shop.connected": _("Connected a shop"),
    "shop.disconnected": _("Disconnected a shop"),
    "shop.assignment_set": _("Changed how a shop gives out work"),
    "shop.answer_written": _("Wrote an answer of the bot"),
    "shop.hours_set": _("Changed business hours"),
    "shop.privacy_set": _("Changed the words on privacy"),
    "shop.secret_added": _("Gave a shop a new secret"),
}
