"""The intents whose wrong answer costs the customer something. The others are talk, or always end with a person."""

COSTLY = frozenset(
    {
        "order_status",
        "order_confirmation",
        "cancel_order",
        "change_order",
        "change_address",
        "delivery_change",
        "refund_request",
        "refund_status",
        "return_exchange",
        "payment_info",
        "invoice",
        "price_promo",
        "stock",
        "place_order",
        "shipping_info",
        "policy_info",
        "membership",
        "account_login",
        "account_profile",
    }
)
OUT_OF_SCOPE = "out_of_scope"
