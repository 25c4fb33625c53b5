"""Why customers complain: the taxonomy of root causes, whose fault each is, how serious it usually is. Pure data."""

from dataclasses import dataclass

from orders.responsibility import Party

SAFETY, PRIVACY = "PRD.SAFETY", "SVC.PRIVACY"
STAGES = ("confirm", "payment", "stock", "warehouse", "carrier", "product", "aftersale", "service", "customer")


@dataclass(frozen=True, slots=True)
class Cause:
    """A root cause, which is a symptom as well as long as nobody knows better. `severity`: P1 (worst) to P4."""

    code: str
    stage: str
    party: Party
    severity: str


def _of(stage: str, party: Party, severity: str, codes: str) -> list[Cause]:
    return [Cause(code, stage, party, severity) for code in codes.split()]


CAUSES: dict[str, Cause] = {
    cause.code: cause
    for cause in [
        *_of("confirm", Party.MERCHANT, "P4", "CONF.SLOW CONF.DUPLICATE_ORDER CONF.SYSTEM_ERROR CONF.PRICE_ERROR"),
        *_of("confirm", Party.MERCHANT, "P4", "CONF.REJECTED"),
        *_of("payment", Party.PAYMENT, "P4", "PAY.FAILED PAY.PENDING_LONG"),
        *_of("payment", Party.MERCHANT, "P2", "PAY.DUPLICATE PAY.WRONG_AMOUNT"),
        *_of("payment", Party.MERCHANT, "P4", "PAY.INVOICE"),
        *_of("stock", Party.MERCHANT, "P3", "STK.OUT_AFTER_SALE STK.BACKORDER_MOVED STK.SYNC_ERROR"),
        *_of("warehouse", Party.WAREHOUSE, "P3", "WH.LATE_SHIP WH.FAKE_SHIP WH.WRONG_ITEM WH.SHORT WH.PACKING"),
        *_of("carrier", Party.CARRIER, "P3", "CAR.NO_SCAN CAR.STUCK CAR.LATE CAR.DAMAGED CAR.CUSTOMS"),
        *_of("carrier", Party.CARRIER, "P2", "CAR.LOST CAR.MISDELIVERED CAR.SIGNED_NOT_RECEIVED"),
        *_of("carrier", Party.CARRIER, "P4", "CAR.COURIER_BEHAVIOUR CAR.ADDRESS"),
        *_of("product", Party.MERCHANT, "P3", "PRD.DEFECT PRD.NOT_AS_DESCRIBED PRD.EXPIRED"),
        *_of("product", Party.MERCHANT, "P1", "PRD.SAFETY"),
        *_of("product", Party.MERCHANT, "P2", "PRD.COUNTERFEIT_CLAIM"),
        *_of("aftersale", Party.MERCHANT, "P2", "AS.REFUND_LATE AS.REFUND_AMOUNT"),
        *_of("aftersale", Party.MERCHANT, "P3", "AS.REFUSED AS.EXCHANGE_LATE"),
        *_of("aftersale", Party.CARRIER, "P3", "AS.RETURN_LOST"),
        *_of("service", Party.AGENT, "P4", "SVC.NO_REPLY SVC.WRONG_INFO SVC.RUDE"),
        *_of("service", Party.AGENT, "P1", "SVC.PRIVACY"),
        *_of("customer", Party.CUSTOMER, "P4", "CUS.CHANGED_MIND CUS.WRONG_ADDRESS CUS.MISUSE"),
    ]
}
ALWAYS_FIRST = frozenset({SAFETY, PRIVACY})  # P1 whatever anybody thinks of it: safety, and a breach of data
SEVERITIES = ("P1", "P2", "P3", "P4")

# A complaint's severity is the priority of its ticket.
PRIORITY_OF = {"P1": "urgent", "P2": "high", "P3": "normal", "P4": "low"}


def worst(severities: list[str]) -> str:
    """The most serious of some severities, the mildest of none."""
    return min(severities, default=SEVERITIES[-1])


def severity_of(codes: list[str], total: int = 0, currency: str = "") -> str:
    """How serious a complaint with these symptoms about an order of `total` (minor units) is before anybody looked."""
    found = worst([CAUSES[code].severity for code in codes if code in CAUSES])
    return "P1" if total > VALUABLE.get(currency, total) else found


# More than about 1,000 USD, in minor units: nobody converts for a threshold.
VALUABLE = {
    "USD": 1_000_00,
    "EUR": 1_000_00,
    "GBP": 800_00,
    "CHF": 900_00,
    "CAD": 1_400_00,
    "AUD": 1_500_00,
    "CNY": 7_000_00,
    "HKD": 8_000_00,
    "JPY": 150_000,
    "KRW": 1_400_000,
}
