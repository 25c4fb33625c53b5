"""Return policies that come with the desk: China, the EU, and what shops elsewhere usually do. Data only.

Decisions cite what was released, so it is never changed: a change is a new version, and the old one goes to EARLIER.
"""

from orders.policies.deciding import Category, Outcome, ReturnPolicy, Row, Stage
from orders.refunds.case import Jurisdiction, Reason
from orders.refunds.rules import SELLER_FAULT

_CHINESE_LAW = "Consumer Rights Law of China, art. 25; measures on seven-day returns without a reason"
_DIRECTIVE = "Directive 2011/83/EU, art. "
_USUAL = "usual terms of the desk"
_SENT = frozenset({Stage.SHIPPED, Stage.DELIVERED})
# Whoever needs no reason may give one: it is the same right (art. 25; art. 9).
_SEVEN_DAY = frozenset({Reason.SEVEN_DAY, Reason.CHANGED_MIND, Reason.OTHER})
_WITHDRAWAL = frozenset({Reason.WITHDRAWAL, Reason.CHANGED_MIND, Reason.OTHER})

CHINA = ReturnPolicy(
    name="china_seven_day",
    version=1,
    jurisdictions=frozenset({Jurisdiction.CN}),
    rows=(
        Row(
            id="excluded",
            outcome=Outcome.REFUSE,
            source=_CHINESE_LAW,
            stages=_SENT,
            reasons=_SEVEN_DAY,
            categories=frozenset(
                {
                    Category.MADE_TO_ORDER,
                    Category.FRESH,
                    Category.UNSEALED_MEDIA,
                    Category.DIGITAL,
                    Category.NEWSPAPERS,
                    Category.MARKED,
                }
            ),
        ),
        Row(
            id="seven_days",
            outcome=Outcome.GRANT,
            source=_CHINESE_LAW,
            stages=_SENT,
            reasons=_SEVEN_DAY,
            within=7,
            goods_back=True,
            way_back_by="customer",
            refund_within=7,
            refund_from="goods_back",
            counts_as=Reason.SEVEN_DAY,
        ),
        Row(
            id="too_late",
            outcome=Outcome.REFUSE,
            source=_CHINESE_LAW,
            stages=_SENT,
            reasons=_SEVEN_DAY - {Reason.OTHER},  # which may be anything: a person decides
        ),
    ),
)

EUROPE = ReturnPolicy(
    name="eu_withdrawal",
    version=1,
    jurisdictions=frozenset({Jurisdiction.EU}),
    rows=(
        Row(
            id="excepted",
            outcome=Outcome.REFUSE,
            source=_DIRECTIVE + "16",
            reasons=_WITHDRAWAL,
            categories=frozenset(
                {
                    Category.MADE_TO_ORDER,
                    Category.FRESH,
                    Category.UNSEALED_MEDIA,
                    Category.UNSEALED_HYGIENE,
                    Category.NEWSPAPERS,
                    Category.DIGITAL,
                }
            ),
        ),
        Row(
            id="fourteen_days",
            outcome=Outcome.GRANT,
            source=_DIRECTIVE + "9, 13, 14; Regulation (EEC, Euratom) 1182/71, art. 3",
            reasons=_WITHDRAWAL,
            stages=_SENT,
            informed=True,
            within=14,
            to_working_day=True,
            goods_back=True,
            way_back_by="customer",
            send_back_within=14,
            refund_within=14,
            counts_as=Reason.WITHDRAWAL,
        ),
        Row(
            id="not_informed",
            outcome=Outcome.GRANT,
            source=_DIRECTIVE + "6 (6), 9, 10, 13, 14; Regulation (EEC, Euratom) 1182/71, art. 3",
            reasons=_WITHDRAWAL,
            stages=_SENT,
            informed=False,
            within=14,
            uninformed_years=1,
            to_working_day=True,
            goods_back=True,
            way_back_by="seller",
            send_back_within=14,
            refund_within=14,
            counts_as=Reason.WITHDRAWAL,
        ),
        Row(
            id="before_sending",
            outcome=Outcome.GRANT,
            source=_DIRECTIVE + "9",
            reasons=_WITHDRAWAL,
            stages=frozenset({Stage.UNSHIPPED}),
            refund_within=14,
            counts_as=Reason.WITHDRAWAL,
        ),
        Row(
            id="too_late",
            outcome=Outcome.REFUSE,
            source=_DIRECTIVE + "9, 10",
            reasons=_WITHDRAWAL - {Reason.OTHER},
        ),
    ),
)

USUAL = ReturnPolicy(
    name="usual",
    version=1,
    jurisdictions=frozenset(Jurisdiction),
    rows=(
        Row(
            id="cancel_unsent",
            outcome=Outcome.GRANT,
            source=_USUAL,
            stages=frozenset({Stage.UNSHIPPED}),
            reasons=frozenset({Reason.CANCELLED, Reason.CHANGED_MIND, Reason.LATE, Reason.OUT_OF_STOCK}),
            refund_within=7,
        ),
        Row(
            id="seller_fault",
            outcome=Outcome.REVIEW,
            source=_USUAL,
            reasons=SELLER_FAULT,
            goods_back=True,
            way_back_by="seller",
            refund_within=14,
        ),
        Row(
            id="changed_mind_excluded",
            outcome=Outcome.REFUSE,
            source=_USUAL,
            reasons=frozenset({Reason.CHANGED_MIND}),
            categories=frozenset(Category) - {Category.STANDARD},
        ),
        Row(
            id="changed_mind",
            outcome=Outcome.GRANT,
            source=_USUAL,
            reasons=frozenset({Reason.CHANGED_MIND}),
            stages=_SENT,
            within=30,
            goods_back=True,
            way_back_by="customer",
            send_back_within=14,
            refund_within=14,
            refund_from="goods_back",
        ),
        Row(id="changed_mind_late", outcome=Outcome.REFUSE, source=_USUAL, reasons=frozenset({Reason.CHANGED_MIND})),
    ),
)

LAW = (CHINA, EUROPE)  # in the United States no federal law grants a return: the shop's policy alone decides
PRESETS = (*LAW, USUAL)  # `USUAL` holds until the shop has published a policy of its own
EARLIER: tuple[ReturnPolicy, ...] = ()  # versions that no new decision is made by
