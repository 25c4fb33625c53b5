"""What an account at a payment service has to know, checked when it is added and not when money should go back."""

from collections.abc import Callable, Mapping
from typing import Any

from app.gateways.feed_http import checked_address
from app.gateways.refunds import Way, way_of
from core.errors import Invalid
from orders.sources.rsa import private_key, public_key

_KEYS = "keys"  # the one that is an object: serial number → key


def check_account(gateway: str, address: str, credentials: Any) -> str:
    """The address as it is kept. Raises Invalid (no_refund_gateway, bad_address, bad_credentials, bad_key), which never
    says what was given."""
    way = way_of(gateway)
    if way.needs_address and not address:
        raise Invalid(f"{gateway} needs --address, which is the shop's", code="bad_address")
    if way.credentials:  # what only plays needs none
        _check_names(way, credentials)
    if gateway in _FORMS:
        _FORMS[gateway](credentials)
    return checked_address(address) if address else ""


def _check_names(way: Way, given: Any) -> None:
    forms = [set(names) for names in (way.credentials, way.instead) if names]
    names = set(given) - set(way.optional) if isinstance(given, dict) else None
    if names not in forms or not all(_is_filled(name, value) for name, value in given.items()):
        wanted = ", ".join(way.credentials) + (f" (or {', '.join(way.instead)})" if way.instead else "")
        more = f"; {', '.join(way.optional)} may be given" if way.optional else ""
        raise Invalid(f"the credentials are {wanted}{more}", code="bad_credentials")


def _is_filled(name: str, value: Any) -> bool:
    if name == _KEYS:
        return isinstance(value, dict) and bool(value) and all(isinstance(key, str) for key in value.values())
    return isinstance(value, str) and bool(value.strip()) and value.replace("\n", "").replace("\r", "").isprintable()


def _check_stripe(given: Mapping[str, Any]) -> None:
    if not given["secret_key"].startswith(("sk_", "rk_")):
        raise Invalid("Stripe's secret keys begin with sk_ or rk_", code="bad_credentials")


def _check_alipay(given: Mapping[str, Any]) -> None:
    private_key(given["private_key"])
    public_key(given["public_key"])


def _check_wechatpay(given: Mapping[str, Any]) -> None:
    private_key(given["private_key"])
    for key in given[_KEYS].values():
        public_key(key)


_FORMS: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
    "stripe": _check_stripe,
    "alipay": _check_alipay,
    "wechatpay": _check_wechatpay,
}
