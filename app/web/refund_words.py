"""What the console says about money that goes back: states, gateways, why a second person is needed, what is amiss."""


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


# Actions of the timeline → icon, sentence; the words are the amount with its currency.
EVENTS = {
    "refund_awaiting_approval": ("clock", _("A refund of %(sum)s needs approval")),
    "refund_created": ("clock", _("A refund of %(sum)s is on its way")),
    "refund_succeeded": ("check-circle", _("A refund of %(sum)s was paid")),
    "refund_failed": ("alert", _("A refund of %(sum)s failed at the gateway")),
    "refund_frozen": ("alert", _("A refund of %(sum)s is frozen: the gateway reports something else")),
    "refund_refused": ("cross-circle", _("A refund of %(sum)s was rejected")),
    "refund_withdrawn": ("cross-circle", _("A refund of %(sum)s was taken back")),
}
# Words, tone, icon.
INTENTS = {
    "awaiting_approval": (_("Needs approval"), "warn", "clock"),
    "created": (_("About to be sent"), "", "clock"),
    "pending": (_("The refund is on its way"), "", "clock"),
    "succeeded": (_("Refunded"), "good", "check"),
    "failed": (_("Failed"), "bad", "alert"),
    "frozen": (_("Frozen"), "bad", "pause"),
    "refused": (_("Refused"), "", "cross-circle"),
    "withdrawn": (_("Taken back"), "", "return"),
}
PARTS = {
    "created": _("not sent yet"),
    "sent": _("sent; the gateway has not answered yet"),
    "pending": _("accepted by the gateway, not paid yet"),
    "succeeded": _("paid"),
    "failed": _("failed: the gateway knows of no money that left"),
    "frozen": _("the gateway reports a different amount or currency"),
    "dropped": _("never sent"),
}
BY_HAND = _("to be paid by hand")
GATEWAYS = {
    "manual": _("by hand"),
    "simulator": _("Simulator"),
    "stripe": "Stripe",
    "alipay": _("Alipay"),
    "wechatpay": _("WeChat Pay"),
    "shopify": "Shopify",
    "woocommerce": "WooCommerce",
}
NEEDS = {
    "above_limit": _("It’s more than the requester may refund without approval."),
    "daily_limit": _(
        "With the refunds of the last 24 hours, it’s more than the requester may refund without approval."
    ),
    "own_order": _("The order was bought with the requester’s address."),
    "goodwill_above_worth": _("With the goodwill amount, it’s more than the goods cost."),
    "typed_details": _("The money goes to account details that somebody typed in."),
    "dispute_open": _("The customer is disputing the payment with the bank: they could be refunded twice."),
}
# The same, to whoever asks.
YOUR_NEEDS = NEEDS | {
    "above_limit": _("It’s more than you may refund without approval."),
    "daily_limit": _("With your refunds of the last 24 hours, it’s more than you may refund without approval."),
    "own_order": _("The order was bought with your address."),
}
REQUESTERS = {"bot": _("Bot"), "system": "Wismo", "customer": _("Customer")}
DIFFERENCES = {
    "missing_there": (
        _("Paid here, not in the statement"),
        _("Look for it at the gateway; if it never left, tell the customer and pay it again."),
    ),
    "missing_here": (_("In the statement, unknown here"), _("Find out who sent it, and for which order.")),
    "other_amount": (_("Different amount"), _("Compare both, and make up what the customer is missing.")),
    "other_currency": (_("Different currency"), _("Compare both at the gateway.")),
    "other_state": (
        _("Paid on one side, failed on the other"),
        _("Check at the gateway before sending anything again."),
    ),
    "twice": (_("Paid more than once"), _("Ask the gateway to reverse one of them.")),
}
