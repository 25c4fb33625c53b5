"""A refund case as it is written in JSON; docs/refunds.md describes it with examples."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool

from orders.policies.jurisdictions import EEA
from orders.refunds.case import Deduction, Jurisdiction, Reason, ShippingRule
from orders.refunds.fields import Amount, Amounts, Form, Name, Percent, Quantity, Rate, SameCurrency


def _jurisdiction(value: Any) -> Any:
    return "EU" if isinstance(value, str) and value in EEA else value


class LineForm(Form):
    """One line; `title` and `sku` are for whoever reads the case."""

    id: Name
    title: str = ""
    sku: str = ""
    quantity: Annotated[Quantity, Field(ge=1)]
    unit_price: Amount
    discounts: Amounts = 0
    allocations: Amounts | None = None
    tax: Amount = 0
    tax_included: StrictBool | None = None
    shipped: Quantity = 0
    refunded: Quantity = 0
    refunded_amount: Amount | None = None
    refunded_tax: Amount | None = None


class PromotionForm(Form):
    """满减."""

    threshold: Amount
    off: Amount
    repeats: StrictBool = False


class ShippingForm(Form):
    """What delivery cost."""

    paid: Amount = 0
    standard: Amount | None = None
    tax: Amount = 0
    tax_included: StrictBool | None = None
    refunded: Amount = 0
    refunded_tax: Amount = 0


class RefundForm(Form):
    """Money of a payment that has gone back, is on its way, or failed to."""

    id: Name = ""
    amount: Amount
    state: Literal["created", "requested", "pending", "succeeded", "failed", "cancelled", "canceled"] = "succeeded"
    reason: Literal["duplicate", "refund"] = "refund"


class PaymentForm(Form):
    """One tender."""

    id: Name
    method: Name = "card"
    captured: Amount
    currency: SameCurrency | None = None
    at: str = ""
    points: Quantity = 0
    refunds: tuple[RefundForm, ...] = ()


class WantedForm(Form):
    """Units of one line."""

    id: Name
    quantity: Quantity | None = None


class LabelForm(Form):
    """The label of the parcel that comes back."""

    amount: Amount
    paid_by: Literal["customer", "seller"]


class RequestForm(Form):
    """What is asked for, why, and under whose law."""

    lines: tuple[WantedForm, ...] | None = None
    amount: Amount | None = None
    currency: SameCurrency | None = None
    reason: Reason = Reason.OTHER
    jurisdiction: Annotated[Jurisdiction, BeforeValidator(_jurisdiction)] = Jurisdiction.OTHER
    informed: StrictBool = True
    payment: Name | None = None
    restocking_fee: Amount = 0
    restocking_percent: Percent = 0
    value_loss: Amount = 0
    value_loss_percent: Percent = 0
    return_label: LabelForm | None = None


class PolicyForm(Form):
    """The shop's choices."""

    deductions: frozenset[Deduction] = frozenset(Deduction)
    shipping: ShippingRule | None = None
    split: Literal["proportional"] | tuple[Name, ...] = "proportional"
    claw_back: StrictBool = False


class ExchangeForm(Form):
    """The goods sent instead."""

    price: Amount


class PriceProtectionForm(Form):
    """Today's price of a line."""

    line: Name
    price_now: Amount
    quantity: Quantity | None = None
    given: Amount = 0


class DuplicateForm(Form):
    """The payment too many; without a name the latest of those that are equal."""

    payment: Name | None = None


class TotalsForm(Form):
    """Parts of a total."""

    goods: Amount = 0
    shipping: Amount = 0
    tax: Amount = 0

    @property
    def total(self) -> int:
        return self.goods + self.shipping + self.tax


class ShortShipmentForm(Form):
    """Two totals of which the customer gets the difference."""

    tendered: TotalsForm
    shipped_alone: TotalsForm


class GoodwillForm(Form):
    """A gift beside the refund."""

    amount: Amount
    cap: Amount
    given: Amount = 0


class LedgerForm(Form):
    """The currency of the books."""

    currency: str
    rate: Rate
    rate_now: Rate | None = None


class CaseForm(Form):
    """The whole case; `id` comes back with the answer, `note` is for whoever reads the case."""

    id: Name | None = None
    note: str = ""
    currency: str
    tax_included: StrictBool = False
    gateway: str = ""
    grid: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] | None = None
    lines: tuple[LineForm, ...] = ()
    order_discount: Amounts = 0
    promotion: PromotionForm | None = None
    shipping: ShippingForm = ShippingForm()
    payments: tuple[PaymentForm, ...] = ()
    request: RequestForm = RequestForm()
    policy: PolicyForm = PolicyForm()
    exchange: ExchangeForm | None = None
    price_protection: PriceProtectionForm | None = None
    duplicate: DuplicateForm | None = None
    short_shipment: ShortShipmentForm | None = None
    goodwill: GoodwillForm | None = None
    ledger: LedgerForm | None = None
