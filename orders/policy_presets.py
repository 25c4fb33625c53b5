"""Return policies that come with the desk: China, the EU, and what shops elsewhere usually do. Data only."""

from orders.policies import Category, Outcome, ReturnPolicy, Row, Stage
from orders.refund_case import Jurisdiction, Reason
from orders.refund_rules import SELLER_FAULT

_CHINESE_LAW = "Consumer Rights Law of China, art. 25; measures on seven-day returns without a reason"
_DIRECTIVE = "Directive 2011/83/EU, art. "
_SENT = frozenset({Stage.SHIPPED, Stage.DELIVERED})

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
            reasons=frozenset({Reason.SEVEN_DAY}),
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
            reasons=frozenset({Reason.SEVEN_DAY}),
            within=7,
            goods_back=True,
            way_back_by="customer",
            refund_within=7,
            refund_from="goods_back",
        ),
        Row(
            id="too_late",
            outcome=Outcome.REFUSE,
            source=_CHINESE_LAW,
            stages=_SENT,
            reasons=frozenset({Reason.SEVEN_DAY}),
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
            reasons=frozenset({Reason.WITHDRAWAL}),
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
            source=_DIRECTIVE + "9, 10, 13, 14",
            reasons=frozenset({Reason.WITHDRAWAL}),
            stages=_SENT,
            within=14,
            uninformed_years=1,
            goods_back=True,
            way_back_by="customer",
            send_back_within=14,
            refund_within=14,
        ),
        Row(
            id="before_sending",
            outcome=Outcome.GRANT,
            source=_DIRECTIVE + "9",
            reasons=frozenset({Reason.WITHDRAWAL}),
            stages=frozenset({Stage.UNSHIPPED}),
            refund_within=14,
        ),
        Row(
            id="too_late",
            outcome=Outcome.REFUSE,
            source=_DIRECTIVE + "9, 10",
            reasons=frozenset({Reason.WITHDRAWAL}),
        ),
    ),
)

SHOP = ReturnPolicy(
    name="shop",
    version=1,
    jurisdictions=frozenset(Jurisdiction),
    rows=(
        Row(
            id="cancel_unsent",
            outcome=Outcome.GRANT,
            source="shop",
            stages=frozenset({Stage.UNSHIPPED}),
            reasons=frozenset({Reason.CANCELLED, Reason.CHANGED_MIND, Reason.LATE, Reason.OUT_OF_STOCK}),
            refund_within=7,
        ),
        Row(
            id="seller_fault",
            outcome=Outcome.REVIEW,
            source="shop",
            reasons=SELLER_FAULT,
            goods_back=True,
            way_back_by="seller",
            refund_within=14,
        ),
        Row(
            id="changed_mind_excluded",
            outcome=Outcome.REFUSE,
            source="shop",
            reasons=frozenset({Reason.CHANGED_MIND}),
            categories=frozenset(Category) - {Category.STANDARD},
        ),
        Row(
            id="changed_mind",
            outcome=Outcome.GRANT,
            source="shop",
            reasons=frozenset({Reason.CHANGED_MIND}),
            stages=_SENT,
            within=30,
            goods_back=True,
            way_back_by="customer",
            send_back_within=14,
            refund_within=14,
            refund_from="goods_back",
        ),
        Row(id="changed_mind_late", outcome=Outcome.REFUSE, source="shop", reasons=frozenset({Reason.CHANGED_MIND})),
    ),
)

PRESETS = (CHINA, EUROPE, SHOP)  # in the United States no federal law grants a return: the shop's policy alone decides
