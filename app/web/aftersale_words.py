"""What the console calls after-sales cases: their kinds, states, reasons, timers, and what happens to them."""


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


KINDS = {
    "cancel": _("Cancel before shipping"),
    "refund_only": _("Refund only"),
    "return_refund": _("Return and refund"),
    "exchange": _("Exchange"),
    "resend": _("Send again"),
    "repair": _("Repair"),
    "price_protection": _("Price protection"),
    "invoice": _("Invoice"),
    "compensation": _("Compensation"),
}
STATES = {
    "requested": (_("Requested"), "", "clock"),
    "under_review": (_("Under review"), "warn", "clock"),
    "needs_info": (_("Waiting for the customer’s answer"), "", "clock"),
    "approved": (_("Approved"), "good", "check"),
    "rejected": (_("Rejected"), "bad", "cross-circle"),
    "platform_review": (_("The platform decides"), "warn", "clock"),
    "awaiting_return": (_("Waiting for the return"), "", "return"),
    "return_in_transit": (_("Return on its way"), "", "truck"),
    "received": (_("Return received"), "warn", "box"),
    "inspected": (_("Return inspected"), "", "check"),
    "refund_pending": (_("Refund under way"), "warn", "clock"),
    "refund_failed": (_("Refund failed"), "bad", "alert"),
    "refunded": (_("Refunded"), "good", "check"),
    "replacing": (_("Replacement being delivered"), "", "truck"),
    "closed": (_("Done"), "good", "check-circle"),
    "cancelled": (_("Withdrawn by the customer"), "", "cross-circle"),
}
REASONS = {
    "cancelled": _("Order cancelled before shipping"),
    "withdrawal": _("Withdrawal within 14 days (EU)"),
    "seven_day": _("7 days without a reason (China)"),
    "changed_mind": _("Changed their mind"),
    "defective": _("Defective"),
    "damaged": _("Damaged on arrival"),
    "wrong_item": _("Wrong item"),
    "not_as_described": _("Not as described"),
    "missing": _("Something is missing"),
    "lost": _("Lost on the way"),
    "late": _("Late"),
    "out_of_stock": _("Out of stock"),
    "seller_fault": _("Another fault of the shop"),
    "other": _("Another reason"),
}
CATEGORIES = {
    "standard": _("Ordinary goods"),
    "made_to_order": _("Made to order"),
    "fresh": _("Fresh goods"),
    "unsealed_media": _("Opened software, music or film"),
    "unsealed_hygiene": _("Opened hygiene goods"),
    "newspapers": _("Newspapers and magazines"),
    "digital": _("Digital goods"),
    "marked": _("Marked as not returnable"),
}
CONDITIONS = {
    "sellable": _("As new"),
    "damaged": _("Damaged"),
    "wrong": _("Not what was sold"),
    "missing": _("Didn’t arrive"),
}
TIMERS = {
    "decide_refund": _("Shop decides"),
    "decide_return": _("Shop decides"),
    "give_info": _("Customer answers"),
    "send_back": _("Customer sends the goods back"),
    "confirm_receipt": _("Shop inspects the goods"),
    "appeal": _("Customer may appeal"),
    "answer_platform": _("Platform is waiting for an answer"),
    "pay_refund": _("Refund is due by law"),
}
EXPIRIES = {
    "grant": _("then it’s approved"),
    "close": _("then the case is closed"),
    "refund": _("then it’s refunded"),
    "warn": _("then a person has to act"),
}
ORIGINS = {"platform": _("set by the platform"), "law": _("set by law"), "policy": _("the shop’s own deadline")}
RULES = {
    "policy": _("by the policy"),
    "person": _("by a person"),
    "against_policy": _("by a supervisor, against the policy"),
    "time": _("because the deadline passed"),
    "platform": _("by the platform"),
}
NO_POLICY = _("The policy doesn’t cover it")
OUTCOMES = {
    "grant": (_("The policy allows it"), "good", "check"),
    "refuse": (_("The policy rejects it"), "bad", "cross-circle"),
    "review": (_("A person decides"), "warn", "clock"),
}
PROBLEMS = {
    "refund_awaiting_approval": _("The refund needs a second person’s approval."),
    "refund_refused": _("The refund wasn’t approved."),
    "refund_withdrawn": _("The refund was withdrawn."),
    "refund_failed": _("The payment service couldn’t refund it."),
    "refund_frozen": _("The payment service reports a different amount: check the refund."),
    "above_refundable": _("More than can be refunded on this order."),
    "nothing_left": _("Nothing is left to refund."),
    "nothing_captured": _("Nothing was paid through this order."),
    "claim_handed_over": _("The goods had already left. Reject it, or offer a return."),
    "claim_delivered": _("The goods have already arrived. Reject it, or offer a return."),
    "claim_no_answer": _("The shop didn’t say in time whether the goods are still there."),
    "claim_refused_by_shop": _("The shop wouldn’t stop the goods."),
    "claim_refused_by_warehouse": _("The warehouse couldn’t stop the goods."),
    "platform_differs": _("The platform closed the case without a refund, but ours is on its way: check both."),
    "being_decided": _("Somebody else is deciding about these goods right now."),
}
# Actions of the timeline → icon, sentence.
EVENTS = {
    "case_opened": ("return", _("%(who)s opened after-sales case %(case)s")),
    "case_under_review": ("clock", _("Case %(case)s needs a decision")),
    "case_needs_info": ("clock", _("Case %(case)s: %(who)s asked the customer: %(words)s")),
    "case_approved": ("check", _("Case %(case)s was approved")),
    "case_rejected": ("cross-circle", _("Case %(case)s was rejected. %(words)s")),
    "case_platform_review": ("flag", _("Case %(case)s is with the platform for a decision. %(words)s")),
    "case_awaiting_return": ("return", _("Case %(case)s: the customer will send the goods back")),
    "case_return_in_transit": ("truck", _("Case %(case)s: the goods are on their way back, %(words)s")),
    "case_tracking": ("truck", _("Case %(case)s: the return number is %(words)s")),
    "case_received": ("box", _("Case %(case)s: the return has arrived")),
    "case_inspected": ("check", _("Case %(case)s: the return was inspected. %(words)s")),
    "case_refund_pending": ("clock", _("Case %(case)s: the refund is on its way")),
    "case_refund_failed": ("alert", _("Case %(case)s: the refund failed")),
    "case_refunded": ("check-circle", _("Case %(case)s: the refund was paid")),
    "case_replacing": ("truck", _("Case %(case)s: a replacement will be sent")),
    "case_replacement": ("truck", _("Case %(case)s: the replacement is on its way, %(words)s")),
    "case_difference_paid": ("card", _("Case %(case)s: the difference was paid")),
    "case_closed": ("check-circle", _("Case %(case)s is done. %(words)s")),
    "case_cancelled": ("cross-circle", _("The customer withdrew case %(case)s. %(words)s")),
    "case_warned": ("clock", _("Case %(case)s: %(timer)s: %(stage)s")),
    "case_reminded": ("mail", _("Case %(case)s: the customer was reminded: %(timer)s")),
    "case_expired": ("alert", _("Case %(case)s: %(timer)s: the deadline has passed")),
    "case_needs_person": ("alert", _("Case %(case)s needs a person: the next step is above the limit")),
}
