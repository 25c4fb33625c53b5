"""What complaints are called: causes, stages, steps, remedies, reasons and evidence, for the desk and for letters."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.i18n import day, gettext, ngettext


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


CAUSE_WORDS = {
    "CONF.SLOW": _("Order confirmed late"),
    "CONF.DUPLICATE_ORDER": _("Order placed twice"),
    "CONF.SYSTEM_ERROR": _("Error in the ordering system"),
    "CONF.PRICE_ERROR": _("Wrong price shown"),
    "CONF.REJECTED": _("Order rejected"),
    "PAY.FAILED": _("Payment failed"),
    "PAY.DUPLICATE": _("Charged twice"),
    "PAY.PENDING_LONG": _("Payment pending too long"),
    "PAY.WRONG_AMOUNT": _("Wrong amount charged"),
    "PAY.INVOICE": _("Invoice missing or wrong"),
    "STK.OUT_AFTER_SALE": _("Sold while out of stock"),
    "STK.BACKORDER_MOVED": _("Backorder date changed"),
    "STK.SYNC_ERROR": _("Wrong stock shown"),
    "WH.LATE_SHIP": _("Shipped late"),
    "WH.FAKE_SHIP": _("Marked as shipped but not handed over"),
    "WH.WRONG_ITEM": _("Wrong item sent"),
    "WH.SHORT": _("Item missing from the parcel"),
    "WH.PACKING": _("Poorly packed"),
    "CAR.NO_SCAN": _("Carrier never scanned the parcel"),
    "CAR.STUCK": _("Parcel stuck in transit"),
    "CAR.LATE": _("Delivered late by the carrier"),
    "CAR.LOST": _("Parcel lost"),
    "CAR.DAMAGED": _("Damaged in transit"),
    "CAR.MISDELIVERED": _("Delivered to the wrong place"),
    "CAR.SIGNED_NOT_RECEIVED": _("Shown as delivered but not received"),
    "CAR.CUSTOMS": _("Held at customs"),
    "CAR.COURIER_BEHAVIOUR": _("Courier’s behavior"),
    "CAR.ADDRESS": _("Address problem with the carrier"),
    "PRD.DEFECT": _("Product defective"),
    "PRD.NOT_AS_DESCRIBED": _("Product not as described"),
    "PRD.SAFETY": _("Product unsafe"),
    "PRD.COUNTERFEIT_CLAIM": _("Authenticity in doubt"),
    "PRD.EXPIRED": _("Product expired"),
    "AS.REFUND_LATE": _("Refund overdue"),
    "AS.REFUND_AMOUNT": _("Wrong refund amount"),
    "AS.REFUSED": _("Return or refund refused"),
    "AS.RETURN_LOST": _("Return parcel lost"),
    "AS.EXCHANGE_LATE": _("Exchange delayed"),
    "SVC.NO_REPLY": _("No reply"),
    "SVC.WRONG_INFO": _("Wrong information given"),
    "SVC.RUDE": _("Rude service"),
    "SVC.PRIVACY": _("Personal data disclosed"),
    "CUS.CHANGED_MIND": _("Customer changed their mind"),
    "CUS.WRONG_ADDRESS": _("Customer gave the wrong address"),
    "CUS.MISUSE": _("Product misused"),
}
STAGE_WORDS = {
    "confirm": _("Confirmation"),
    "payment": _("Payment"),
    "stock": _("Stock"),
    "warehouse": _("Warehouse"),
    "carrier": _("Carrier"),
    "product": _("Product"),
    "aftersale": _("After-sales"),
    "service": _("Service"),
    "customer": _("Customer"),
}
STEP_WORDS = {
    "received": _("Received"),
    "acknowledged": _("Acknowledged"),
    "assessed": _("Assessed"),
    "investigating": _("Investigating"),
    "decided": _("Decided"),
    "informed": _("Customer informed"),
    "followed_up": _("Followed up"),
    "dismissed": _("Dismissed"),
}
OUTCOME_WORDS = {"upheld": _("Upheld"), "partly": _("Partly upheld"), "rejected": _("Rejected")}
REMEDY_WORDS = {
    "refund": _("Refund"),
    "partial_refund": _("Partial refund"),
    "replacement": _("Replacement"),
    "repair": _("Repair"),
    "redelivery": _("Redelivery"),
    "compensation": _("Compensation"),
    "apology": _("Apology"),
    "explanation": _("Explanation"),
    "none": _("No remedy"),
}
DISMISSAL_WORDS = {
    "no_complaint": _("Not a complaint"),
    "withdrawn": _("Withdrawn by the customer"),
    "duplicate": _("Handled in another ticket"),
}
ESCALATION_WORDS = {
    "clock": _("time limit"),
    "third_contact": _("third contact about this"),
    "bad_rating": _("bad rating after a reply"),
    "severity": _("most serious (P1)"),
    "external": _("raised with an outside body"),
    "safety": _("mentions safety"),
    "privacy": _("mentions personal data"),
    "regulator": _("mentions a regulator or court"),
    "press": _("mentions going public"),
    "chargeback": _("mentions a chargeback"),
}
EVIDENCE_WORDS = {
    "overpaid": _("More was paid than the order total."),
    "payment_failed": _("The payment failed."),
    "payment_pending": _("The payment has been pending since %(by)s."),
    "refund_failed": _("A refund failed on %(at)s."),
    "refund_open": _("A refund should have arrived by %(by)s."),
    "cancelled": _("The shop cancelled the order on %(at)s."),
    "delivered_scan": _("%(carrier)s shows it as delivered on %(at)s."),
    "after_delivery": _("Delivered on %(at)s, according to what the customer sees."),
    "carrier_says": _("%(carrier)s reported it on %(at)s."),
    "label_without_scan": _("There is a label, but %(carrier)s had not scanned the parcel by %(by)s."),
    "no_scan_since": _("%(carrier)s has not scanned the parcel since %(by)s."),
    "confirmed_late": _("Confirmation was due on %(by)s."),
    "backordered": _("An item is on backorder."),
    "shipped_late": _("It was due to ship by %(by)s and shipped on %(at)s."),
    "not_shipped": _("It was due to ship by %(by)s and hasn’t shipped."),
    "arrived_late": _("It shipped on time, was promised for %(by)s and arrived on %(at)s."),
    "not_arrived": _("It shipped on time, was promised for %(by)s and hasn’t arrived."),
}


def cause_name(code: str | None, language: str) -> str:
    """A cause in words; unknown codes are shown as they are."""
    return gettext(CAUSE_WORDS[code], language) if code and code in CAUSE_WORDS else code or ""


def named(table: Mapping[str, str], code: str | None, language: str) -> str:
    """The word of a table for a code; nothing for none."""
    return gettext(table[code], language) if code and code in table else code or ""


def evidence(suggestion: Mapping[str, Any], timezone: str, language: str) -> str:
    """Why a cause is suggested, in a sentence, with by how many days it was late."""
    facts = {
        "by": _day(suggestion.get("by"), timezone, language),
        "at": _day(suggestion.get("at"), timezone, language),
        "carrier": suggestion.get("carrier") or gettext(_("The carrier"), language),
    }
    sentence = named(EVIDENCE_WORDS, suggestion.get("evidence"), language) % facts
    days = int(suggestion.get("days") or 0)
    late = ngettext("%(num)s day late.", "%(num)s days late.", days, language) % {"num": days}
    gap = "" if language == "zh" else " "
    return f"{sentence}{gap}{late}" if days else sentence


def _day(written: str | None, timezone: str, language: str) -> str:
    return day(datetime.fromisoformat(written), timezone, language) if written else ""
