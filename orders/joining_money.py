"""The gateways' word on an order's payments and refunds, put where the order's own source speaks of the same. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from orders.facts import Handle, HandleKind, Kind
from orders.handles import aliases_of, payment
from orders.merging import Entity, Known, Register, merged_entities
from orders.refunds.keys import own_key

Fields = dict[str, Register]
Entities = dict[Entity, Fields]

_KEPT = ("gateway", "gateway_ref")  # of a payment that the order's source has named
_SHARES = ("authorised", "captured")  # one payment may pay several orders: the platform's smaller share counts
_WALLETS = frozenset({"alipay", "wechat"})  # one merchant's number may have been tried with both
_OTHER_MONEY = frozenset({"gift_card", "store_credit", "cash_on_delivery", "bank_transfer"})


def join_payments(entities: Entities, beside: Mapping[Handle, Known]) -> None:
    """Add the payments and refunds of `beside` to `entities`.

    The gateway knows best what became of money, so its words replace those of the platform about the same payment.
    """
    names: dict[str, set[Handle]] = defaultdict(set)  # attached payment → all handles that lead to it
    attached: Entities = {}
    for handle, facts in sorted(beside.items()):
        for kind, entity_id in facts.entities:
            if kind is Kind.PAYMENT:
                also = {alias for alias in aliases_of(facts) if alias.kind is HandleKind.PAYMENT}
                names[entity_id] |= {handle, *also}
        attached = merged_entities(attached, facts.entities)
    ours = {entity_id: entities.pop((Kind.REFUND, entity_id)) for entity_id in sent_by_desk(entities)}
    refunds = {entity_id: fields for (kind, entity_id), fields in attached.items() if kind is Kind.REFUND}
    refunds |= _not_told(ours, refunds)
    entities |= {key: fields for key, fields in attached.items() if key[0] is Kind.DISPUTE}
    own_refunds = {key[1]: fields for key, fields in entities.items() if key[0] is Kind.REFUND}
    payments = sorted((not _value(f, "captured"), key[1], f) for key, f in attached.items() if key[0] is Kind.PAYMENT)
    free = {key[1]: dict(fields) for key, fields in entities.items() if key[0] is Kind.PAYMENT}
    for _, entity_id, fields in payments:  # those with money come first
        target = _same_payment(free, fields, names[entity_id]) or entity_id
        entities[Kind.PAYMENT, target] = _overlaid(free.pop(target, {}), fields)
    settled = settle(refunds)
    pairs = _pairs(own_refunds, settled)
    for refund_id, fields in settled.items():
        target = pairs.get(refund_id, refund_id)
        before = entities.get((Kind.REFUND, target), {})
        kept = {name: register for name, register in before.items() if name in {"at", "lines", "amount"}}
        entities[Kind.REFUND, target] = {**before, **fields, **kept}


def sent_by_desk(entities: Iterable[Entity]) -> list[str]:
    """The refunds of which this desk itself has said that they have arrived."""
    return [name for kind, name in entities if kind is Kind.REFUND and own_key(name) == name]


def settle(refunds: Mapping[str, Fields]) -> dict[str, Fields]:
    """Turn running totals ("99.34 has gone back by now") into amounts; what single refunds explain is left out."""
    groups: dict[str, dict[str, Fields]] = defaultdict(dict)
    for refund_id, fields in refunds.items():
        groups[str(_value(fields, "payment") or "")][refund_id] = dict(fields)
    settled: dict[str, Fields] = {}
    for group in groups.values():
        totals = sorted((int(f["cumulative"].value), name) for name, f in group.items() if "cumulative" in f)
        single = {name: fields for name, fields in group.items() if "cumulative" not in fields}
        settled |= single
        explained = sum(_value(f, "amount") or 0 for f in single.values() if _value(f, "state") != "failed")
        if single and explained:
            totals = totals[-1:]
        before = explained
        for total, refund_id in totals:
            fields = group[refund_id]
            left = total - _failed_since(single.values(), fields["cumulative"])
            if left > before:
                settled[refund_id] = {**fields, "amount": Register(left - before, fields["cumulative"].version)}
                before = left
    return settled


def _failed_since(single: Iterable[Fields], told: Register) -> int:
    """What of a running total has come to nothing since it was told: refunds that failed later were counted in it."""
    failed = (f for f in single if _value(f, "state") == "failed" and f["state"].version.at > told.version.at)
    return sum(_value(fields, "amount") or 0 for fields in failed)


def _same_payment(own_payments: Mapping[str, Fields], fields: Fields, names: set[Handle]) -> str | None:
    """The payment of the order's own source that has one of these references; the one with money, then the last."""
    fits = [
        (bool(_value(own, "captured")), entity_id)
        for entity_id, own in own_payments.items()
        if payment(str(_value(own, "gateway_ref") or "")) in names
        and {_value(own, "tender"), _value(fields, "tender")} != _WALLETS
    ]
    return max(fits)[1] if fits else None


def _overlaid(own: Fields, gateway: Fields) -> Fields:
    kept = {name: own[name] for name in _KEPT if _value(own, name)}
    shares = {
        name: own[name]
        for name in _SHARES
        if _value(own, name) and (_value(gateway, name) or 0) >= int(own[name].value)
    }
    return {**own, **gateway, **kept, **(_in_own_money(own, gateway) or shares)}


def _in_own_money(own: Fields, gateway: Fields) -> Fields:
    """What the platform counted in the order's currency, where its gateway settles in another: that adds up."""
    same = _value(gateway, "currency") in {None, _value(own, "currency")}
    if same or not (_value(own, "captured") or _value(own, "authorised")):
        return {}
    return {name: own[name] for name in ("currency", *_SHARES) if name in own}


def _not_told(ours: Mapping[str, Fields], gateway: Mapping[str, Fields]) -> dict[str, Fields]:
    """Refunds of this desk that their gateway does not name one by one itself."""
    single = {name: fields for name, fields in gateway.items() if "cumulative" not in fields}
    told = _pairs(single, ours)
    return {name: fields for name, fields in ours.items() if name not in told}


def _pairs(own: Mapping[str, Fields], gateway: Mapping[str, Fields]) -> dict[str, str]:
    """Which refund of a gateway is which of the platform: by our key or by reference, else by amount and time."""
    pairs: dict[str, str] = {}
    for refund_id, fields in sorted(gateway.items()):
        names = {refund_id, *_names(fields)}
        fits = [o for o, f in sorted(own.items()) if names & {o, *_names(f)} and o not in pairs.values()]
        pairs |= {refund_id: fits[0]} if fits else {}
    for refund_id, fields in sorted(gateway.items(), key=lambda item: (_when(item[1]), item[0])):
        if refund_id not in pairs:
            free = sorted((o for o in own if o not in pairs.values()), key=lambda o: (_when(own[o]), o))
            fits = [o for o in free if _could_be(own[o], fields)]
            pairs |= {refund_id: fits[0]} if fits else {}
    return pairs


def _names(refund: Fields) -> set[str]:
    return {str(_value(refund, name)) for name in ("reference", "key") if _value(refund, name)}


def _could_be(own: Fields, gateway: Fields) -> bool:
    tenders = {_value(own, "tender"), _value(gateway, "tender")}
    keys = {_value(own, "key"), _value(gateway, "key")} - {None}
    return (
        len(keys) < 2  # two of ours are not the same
        and _value(own, "amount") is not None
        and _value(own, "amount") == _value(gateway, "amount")
        and _value(own, "currency") in {None, _value(gateway, "currency")}
        and not (tenders & _OTHER_MONEY and len(tenders) > 1)
    )


def _when(fields: Fields) -> str:
    return str(_value(fields, "at") or "")


def _value(fields: Mapping[str, Register], name: str) -> Any:
    register = fields.get(name)
    return register.value if register else None
