"""The columns of an order table (CSV) and what each becomes in a document of the order API; see docs/orders.md."""

# column → place in the document; times, numbers, truths and amounts are told by the sets below
ORDER: dict[str, tuple[str, ...]] = {
    "order_id": ("id",),
    "updated_at": ("updated_at",),
    "number": ("number",),
    "currency": ("currency",),
    "placed_at": ("placed_at",),
    "language": ("language",),
    "customer_name": ("customer", "name"),
    "email": ("customer", "email"),
    "phone": ("customer", "phone"),
    "ship_name": ("ship_to", "name"),
    "ship_address": ("ship_to", "lines"),
    "ship_city": ("ship_to", "city"),
    "ship_region": ("ship_to", "region"),
    "ship_postcode": ("ship_to", "postcode"),
    "ship_country": ("ship_to", "country"),
    "total": ("totals", "total"),
    "goods": ("totals", "goods"),
    "discount": ("totals", "discount"),
    "shipping": ("totals", "shipping"),
    "tax": ("totals", "tax"),
    "payment": ("payment",),
    "pay_on_delivery": ("pay_on_delivery",),
    "paid_at": ("paid_at",),
    "pay_by": ("pay_by",),
    "confirmation": ("confirmation",),
    "confirmed_at": ("confirmed_at",),
    "confirm_by": ("confirm_by",),
    "fulfilment": ("fulfilment",),
    "returns": ("returns",),
    "refund": ("refund",),
    "holds": ("holds",),
    "tags": ("tags",),
    "stock_open": ("gates", "stock"),
    "risk_open": ("gates", "risk"),
    "acceptance_open": ("gates", "acceptance"),
    "promised_ship_by": ("promises", "ship_by"),
    "promised_from": ("promises", "deliver_from"),
    "promised_to": ("promises", "deliver_to"),
    "cancelled_at": ("cancelled_at",),
    "cancel_reason": ("cancel_reason",),
    "completed_at": ("completed_at",),
}
LINE = {
    "line_id": "id",
    "sku": "sku",
    "title": "title",
    "variant": "variant",
    "quantity": "quantity",
    "quantity_cancelled": "quantity_cancelled",
    "quantity_shipped": "quantity_shipped",
    "quantity_delivered": "quantity_delivered",
    "unit_price": "unit_price",
    "line_discount": "discount",
    "line_tax": "tax",
    "backordered": "backordered",
    "backorder_eta": "backorder_eta",
}
PAYMENT = {
    "payment_id": "id",
    "payment_method": "method",
    "payment_reference": "reference",
    "payment_state": "state",
    "payment_amount": "captured",
    "payment_at": "at",
}
SHIPMENT = {
    "shipment_id": "id",
    "carrier": "carrier",
    "tracking_number": "tracking_number",
    "tracking_url": "tracking_url",
    "label_at": "label_at",
    "parcel_state": "state",
    "shipment_quantity": "quantity",  # units of the row's line in this parcel; all of them if it is empty
}
SCAN = {"scan_at": "at", "scan_state": "state", "scan_text": "text", "scan_location": "location"}
REFUND = {
    "refund_id": "id",
    "refund_amount": "amount",
    "refund_state": "state",
    "refund_method": "method",
    "refund_reference": "reference",
    "refund_at": "at",
}
PARTS: dict[str, dict[str, str]] = {"lines": LINE, "payments": PAYMENT, "shipments": SHIPMENT, "refunds": REFUND}
COLUMNS = frozenset({*ORDER, *LINE, *PAYMENT, *SHIPMENT, *SCAN, *REFUND})

TIMES = frozenset(name for name in COLUMNS if name.endswith(("_at", "_by", "_eta"))) | {"promised_from", "promised_to"}
NUMBERS = frozenset(name for name in COLUMNS if name.startswith("quantity")) | {"shipment_quantity"}
TRUTHS = frozenset(name for name in COLUMNS if name.endswith("_open")) | {"pay_on_delivery", "backordered"}
LISTS = {"holds": " ", "tags": ",", "ship_address": "\n"}

# What exports of shops in China call them.
ALIASES = {
    "id": "order_id",
    "order_number": "number",
    "name": "number",
    "订单id": "order_id",
    "订单编号": "order_id",
    "订单号": "number",
    "更新时间": "updated_at",
    "币种": "currency",
    "下单时间": "placed_at",
    "订单创建时间": "placed_at",
    "付款时间": "paid_at",
    "订单付款时间": "paid_at",
    "收货人": "customer_name",
    "收货人姓名": "customer_name",
    "邮箱": "email",
    "手机": "phone",
    "联系手机": "phone",
    "收货地址": "ship_address",
    "省": "ship_region",
    "市": "ship_city",
    "邮编": "ship_postcode",
    "订单金额": "total",
    "运费": "shipping",
    "商品编码": "sku",
    "商品标题": "title",
    "宝贝标题": "title",
    "规格": "variant",
    "数量": "quantity",
    "单价": "unit_price",
    "物流公司": "carrier",
    "物流单号": "tracking_number",
    "运单号": "tracking_number",
}
TRUE, FALSE = frozenset({"true", "yes", "1", "是"}), frozenset({"false", "no", "0", "否"})
