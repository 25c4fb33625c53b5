"""What the console says about money that goes back for a ticket."""


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


# Actions of the timeline → icon, sentence; the words are the amount with its currency.
EVENTS = {
    "refund_awaiting_approval": ("clock", _("A refund of %(words)s waits for approval")),
    "refund_created": ("clock", _("A refund of %(words)s is on its way")),
    "refund_succeeded": ("check-circle", _("A refund of %(words)s was paid")),
    "refund_failed": ("alert", _("A refund of %(words)s failed at the gateway")),
    "refund_frozen": ("alert", _("A refund of %(words)s is frozen: the gateway tells something else")),
    "refund_refused": ("cross-circle", _("A refund of %(words)s was refused")),
    "refund_withdrawn": ("cross-circle", _("A refund of %(words)s was taken back")),
}
