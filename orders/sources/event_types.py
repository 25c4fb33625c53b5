"""The types of a plain stream of order events, and what each says. Pure."""

from typing import Any

from orders.statuses import Confirmation, Fulfilment, ParcelState, PaymentState, RefundState, Returns

AT = object()  # stands for the time of the event

SUBMITTED = {"placed_at": AT}
_CANCELLED = {"cancelled_at": AT}
_PAID = {"payment": PaymentState.PAID, "paid_at": AT}
HEADERS: dict[str, dict[str, Any]] = {
    "order.submitted": SUBMITTED,
    "order.placed": SUBMITTED,
    "order.created": SUBMITTED,
    "order.updated": {},
    "order.confirmed": {"confirmation": Confirmation.CONFIRMED, "confirmed_at": AT, "confirmed_seen_at": AT},
    "order.rejected": {"confirmation": Confirmation.REJECTED},
    "order.expired": {"confirmation": Confirmation.EXPIRED},
    "order.cancelled": _CANCELLED,
    "order.canceled": _CANCELLED,
    "order.shipped": {"fulfilment": Fulfilment.SHIPPED},
    "order.delivered": {"fulfilment": Fulfilment.DELIVERED},
    "order.completed": {"completed_at": AT, "fulfilment": Fulfilment.DELIVERED},
    "order.refunded": {"refund": RefundState.FULL},
    "payment.pending": {},
    "payment.failed": {},
    "payment.authorized": {"payment": PaymentState.AUTHORIZED},
    "payment.confirmed": _PAID,
    "payment.captured": _PAID,
    "payment.voided": {"payment": PaymentState.VOIDED},
    "return.requested": {"returns": Returns.REQUESTED},
    "return.cancelled": {"returns": Returns.NONE},
}
PAYMENTS: dict[str, PaymentState] = {
    "payment.pending": PaymentState.PENDING,
    "payment.failed": PaymentState.FAILED,
    "payment.authorized": PaymentState.AUTHORIZED,
    "payment.confirmed": PaymentState.PAID,
    "payment.captured": PaymentState.PAID,
    "payment.voided": PaymentState.VOIDED,
}
PACKED = "shipment.packed"  # the parcel exists and has a label; nobody has scanned it
DROPPED = "shipment.cancelled"  # the parcel will not leave
SCANS: dict[str, ParcelState] = {
    "shipment.handed_over": ParcelState.IN_TRANSIT,
    "shipment.scan": ParcelState.IN_TRANSIT,
    "shipment.out_for_delivery": ParcelState.OUT_FOR_DELIVERY,
    "shipment.available_for_pickup": ParcelState.AVAILABLE_FOR_PICKUP,
    "shipment.failed_attempt": ParcelState.FAILED_ATTEMPT,
    "shipment.exception": ParcelState.EXCEPTION,
    "shipment.delivered": ParcelState.DELIVERED,
    "shipment.returning": ParcelState.RETURNING,
    "shipment.returned": ParcelState.RETURNED,
    "shipment.expired": ParcelState.EXPIRED,
    "return.handed_over": ParcelState.IN_TRANSIT,
    "return.scan": ParcelState.IN_TRANSIT,
    "return.received": ParcelState.DELIVERED,
}
REFUNDS: dict[str, str] = {
    "refund.requested": "requested",
    "refund.pending": "pending",
    "refund.succeeded": "succeeded",
    "refund.failed": "failed",
}
HOLDS: dict[str, bool] = {"order.held": True, "order.released": False}
# Other words for the same, as other logs have them.
ALIASES: dict[str, str] = {
    **dict.fromkeys(("order.approved", "order.accepted"), "order.confirmed"),
    **dict.fromkeys(("order.paid", "payment.paid", "payment.succeeded", "payment.approved"), "payment.confirmed"),
    "payment.authorised": "payment.authorized",
    **dict.fromkeys(("payment.cancelled", "payment.canceled", "payment.expired"), "payment.voided"),
    "order.declined": "order.rejected",
    "order.fulfilled": "order.shipped",
    "order.on_hold": "order.held",
    **dict.fromkeys(("shipment.created", "shipment.label_created", "shipment.info_received"), PACKED),
    "shipment.canceled": DROPPED,
    **dict.fromkeys(("shipment.picked_up", "shipment.shipped", "shipment.dispatched"), "shipment.handed_over"),
    **dict.fromkeys(("shipment.in_transit", "shipment.departed", "shipment.arrived"), "shipment.scan"),
    "shipment.ready_for_pickup": "shipment.available_for_pickup",
    **dict.fromkeys(("shipment.attempted", "shipment.delivery_failed"), "shipment.failed_attempt"),
    **dict.fromkeys(("shipment.delayed", "shipment.damaged", "shipment.lost"), "shipment.exception"),
    "shipment.return_to_sender": "shipment.returning",
    "shipment.returned_to_sender": "shipment.returned",
    "return.canceled": "return.cancelled",
    **dict.fromkeys(("refund.created", "refund.accepted"), "refund.pending"),
    **dict.fromkeys(("refund.completed", "payment.refunded"), "refund.succeeded"),
}
# Events of the very same moment: the one that comes later in an order's life is the newer one.
RANK = {kind: rank for rank, kind in enumerate([*HEADERS, *HOLDS, PACKED, DROPPED, *SCANS, *REFUNDS], start=1)}
