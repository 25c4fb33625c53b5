"""What is called what in return policies: a word for each code."""

from orders.policies.checking import FindingKind


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


POLICIES = {
    "china_seven_day": _("China: seven days without a reason"),
    "eu_withdrawal": _("European Union: right of withdrawal"),
    "usual": _("Usual terms"),
    "shop": _("The shop’s own policy"),
}
# Where the rows that come with the desk come from.
SOURCES = (
    _("Consumer Rights Law of China, art. 25; measures on seven-day returns without a reason"),
    _("Directive 2011/83/EU, art. 16"),
    _("Directive 2011/83/EU, art. 9"),
    _("Directive 2011/83/EU, art. 9, 10"),
    _("Directive 2011/83/EU, art. 9, 13, 14; Regulation (EEC, Euratom) 1182/71, art. 3"),
    _("Directive 2011/83/EU, art. 6 (6), 9, 10, 13, 14; Regulation (EEC, Euratom) 1182/71, art. 3"),
    _("standard terms"),
    _("no row matches: a person decides"),
)
OUTCOMES = {"grant": _("Grant"), "refuse": _("Reject"), "review": _("A person decides")}
JURISDICTIONS = {
    "CN": _("China"),
    "EU": _("European Economic Area"),
    "US": _("United States"),
    "other": _("other countries"),
}
STAGES = {"unshipped": _("before sending"), "shipped": _("on the way"), "delivered": _("delivered")}
CATEGORIES = {
    "standard": _("ordinary goods"),
    "made_to_order": _("made to order"),
    "fresh": _("fresh goods"),
    "unsealed_media": _("unsealed recordings or software"),
    "unsealed_hygiene": _("unsealed hygiene goods"),
    "newspapers": _("newspapers and magazines"),
    "digital": _("digital content"),
    "marked": _("marked as not returnable"),
}
WAYS = {
    "customer": _("goods back, the customer pays the way"),
    "seller": _("goods back, the shop pays the way"),
    "nobody": _("goods are kept"),
}
TIMERS = {
    "ship": _("Send the goods"),
    "decide_refund": _("Decide on a refund"),
    "decide_return": _("Decide on a return"),
    "send_back": _("Send the goods back"),
    "confirm_receipt": _("Confirm that goods came back"),
    "appeal": _("Object to a refusal"),
    "pay_refund": _("Pay the refund"),
}
EXPIRIES = {
    "grant": _("it is granted"),
    "close": _("it is closed"),
    "refund": _("it is refunded"),
    "warn": _("somebody has to see to it"),
}
FINDINGS = {
    FindingKind.NEVER_REACHED: _("%(about)s never decides anything: %(by)s before it takes every case."),
    FindingKind.LAW_GRANTS: _("%(about)s does not take away what the law grants. There this holds: %(by)s."),
    FindingKind.LAW_IS_SHORTER: _("%(about)s: the law gives less time (%(by)s)."),
    FindingKind.NOT_COVERED: _("No row is about “%(about)s”: a person decides."),
}
