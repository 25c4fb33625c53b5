"""What the console calls things: a word, a tone and an icon for each code; unknown codes are shown as they are."""

from app.i18n import gettext
from app.order_outlook import TITLES
from orders.statuses import Headline


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


STATUSES = {
    "open": (_("Open"), "", "inbox"),
    "pending": (_("Waiting"), "", "clock"),
    "resolved": (_("Resolved"), "good", "check-circle"),
    "closed": (_("Closed"), "", "cross-circle"),
}
KINDS = {
    "question": _("Question"),
    "complaint": _("Complaint"),
    "aftersales": _("After-sales"),
    "refund": _("Refund"),
    "cancellation": _("Cancellation"),
}
PRIORITIES = {
    "low": (_("Low"), ""),
    "normal": (_("Normal"), ""),
    "high": (_("High"), "warn"),
    "urgent": (_("Urgent"), "bad"),
}
CLOCKS = {
    "first_reply": _("first reply"),
    "next_reply": _("next reply"),
    "resolution": _("resolution"),
    "acknowledgement": _("acknowledgement"),
    "answer": _("first answer to the complaint"),
    "decision": _("decision on the complaint"),
    "information": _("telling the customer"),
}
CLOCK_STAGES = {
    "half": _("half the time has passed"),
    "most": _("four fifths of the time have passed"),
    "last": _("less than two hours left"),
    "breached": _("overdue"),
}
CHANNELS = {
    "chat": (_("Chat"), "chat"),
    "email": (_("Email"), "mail"),
    "phone": (_("Phone"), "phone"),
    "api": (_("API"), "api"),
}
AVAILABILITIES = {"online": (_("Online"), "good"), "away": (_("Away"), "warn"), "offline": (_("Offline"), "")}
LANGUAGE_NAMES = {"en": _("English"), "zh": _("Chinese")}
ROLES = {"agent": _("Agent"), "supervisor": _("Supervisor"), "admin": _("Administrator")}
HANDLERS = {
    "bot": (_("Bot answers"), "accent", "bot"),
    "queue": (_("Waiting for a person"), "warn", "clock"),
    "agent": (_("With an agent"), "", "person"),
}
GATES = {
    "payment": (_("Payment open"), _("The payment isn’t certain yet.")),
    "risk": (_("Risk check open"), _("The fraud check hasn’t passed yet.")),
    "stock": (_("Stock open"), _("The goods aren’t allocated yet.")),
    "acceptance": (_("Acceptance open"), _("The shop hasn’t accepted the order yet.")),
}
HOLDS = {
    "fraud": (_("Held: suspected fraud"), _("Don’t tell the customer why.")),
    "payment_review": (_("Held: payment review"), ""),
    "address": (_("Held: address"), _("The address is incomplete.")),
    "stock": (_("Held: stock"), ""),
    "customs": (_("Held: customs"), ""),
    "platform_lock": (_("Held by the marketplace"), ""),
    "customer_request": (_("Held at the customer’s request"), ""),
    "merchant": (_("Held by the shop"), ""),
}
PAYMENTS = {
    "none": _("Nothing paid"),
    "pending": _("Pending"),
    "authorized": _("Authorized, not captured"),
    "partially_paid": _("Partly paid"),
    "paid": _("Paid"),
    "failed": _("Failed"),
    "voided": _("Voided"),
    "overpaid": _("Overpaid"),
}
TENDERS = {
    "card": _("Card"),
    "alipay": _("Alipay"),
    "wechat": _("WeChat Pay"),
    "paypal": _("PayPal"),
    "gift_card": _("Gift card"),
    "cod": _("Cash on delivery"),
    "bank_transfer": _("Bank transfer"),
    "manual": _("Manual"),
}
DELIVERY_STATES = {
    "received": (_("Received"), "", "clock"),
    "folded": (_("Applied"), "good", "check"),
    "parked": (_("Waiting for its order"), "warn", "pause"),
    "stale": (_("Older than the record"), "", "clock"),
    "ignored": (_("Nothing to apply"), "", "check"),
    "failed": (_("Not understood"), "bad", "alert"),
}
REFUND_STATES = {
    "requested": (_("Requested"), "", "clock"),
    "pending": (_("Pending"), "warn", "clock"),
    "succeeded": (_("Refunded"), "good", "check"),
    "failed": (_("Failed"), "bad", "alert"),
}
DISPUTES = {
    "needs_response": (_("Evidence requested"), "bad", "alert"),
    "under_review": (_("Bank is deciding"), "warn", "clock"),
    "won": (_("Won"), "good", "check"),
    "lost": (_("Lost"), "bad", "cross-circle"),
    "closed": (_("Settled"), "", "check"),
}
PAYMENT_TONES = {"paid": "good", "overpaid": "warn", "failed": "bad", "voided": "bad"}
HEADLINE_ICONS = {
    Headline.CANCELLED: "cross-circle",
    Headline.EXPIRED: "cross-circle",
    Headline.REFUNDED: "return",
    Headline.RETURNING: "return",
    Headline.RETURNED: "return",
    Headline.ON_HOLD: "pause",
    Headline.PAYMENT_FAILED: "alert",
    Headline.AWAITING_PAYMENT: "card",
    Headline.AWAITING_CONFIRMATION: "clock",
    Headline.DELIVERED: "check",
    Headline.COMPLETED: "check",
    Headline.PARTIALLY_DELIVERED: "truck",
    Headline.SHIPPED: "truck",
    Headline.PARTIALLY_SHIPPED: "truck",
    Headline.BACKORDERED: "clock",
    Headline.PROCESSING: "box",
}
PARCEL_TONES = {
    "delivered": "good",
    "failed_attempt": "warn",
    "exception": "bad",
    "returning": "warn",
    "returned": "warn",
    "expired": "bad",
    "available_for_pickup": "warn",
}
PARCEL_ICONS = {
    "delivered": "check",
    "failed_attempt": "alert",
    "exception": "alert",
    "returning": "return",
    "returned": "return",
    "expired": "alert",
    "available_for_pickup": "pin",
    "pending": "clock",
    "info_received": "box",
}


def word(table: dict[str, str], code: str, language: str) -> str:
    """The label of `code`."""
    return gettext(table[code], language) if code in table else code


def headline(code: str, language: str) -> tuple[str, str, str]:
    """Title, tone and icon of an order's headline."""
    try:
        known = Headline(code)
    except ValueError:
        return code, "", "box"
    title, tone = TITLES.get(known, (code, "calm"))
    return gettext(title, language), tone, HEADLINE_ICONS.get(known, "box")


def initials(name: str) -> str:
    """One or two letters that stand for a person; the first character of a Chinese name."""
    parts = name.split()
    if not parts:
        return "?"
    if not name.isascii() and len(parts) == 1:
        return name[:1]
    return "".join(part[0] for part in (parts if len(parts) < 2 else (parts[0], parts[-1]))).upper()
