"""Tracking services: AfterShip, 17TRACK, 快递100 and EasyPost, each pushing the whole trace of a parcel in its form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.gateways.simulators.order import SimOrder, SimParcel, SimScan
from app.gateways.simulators.wire import BEIJING, Letter, beijing, json_bytes, name_of, time_text, uuid_of


@dataclass(frozen=True, slots=True)
class _Words:
    """What the services call one kind of scan."""

    aftership: str  # tag:subtag
    seventeen: str  # sub-status
    kuaidi: str  # status code
    easypost: str


# the simulated carrier's own code → the services' words
_WORDS: Mapping[str, _Words] = {
    "label_printed": _Words("InfoReceived:InfoReceived_001", "InfoReceived", "101", "pre_transit"),
    "carrier_picked_up": _Words("InTransit:InTransit_002", "InTransit_PickedUp", "103", "in_transit"),
    "in_transit": _Words("InTransit:InTransit_007", "InTransit_Departure", "0", "in_transit"),
    "out_for_delivery": _Words("OutForDelivery:OutForDelivery_001", "OutForDelivery_Other", "5", "out_for_delivery"),
    "attempted_delivery": _Words("AttemptFail:AttemptFail_002", "DeliveryFailure_NoBody", "204", "failure"),
    "ready_for_pickup": _Words(
        "AvailableForPickup:AvailableForPickup_001", "AvailableForPickup_Other", "501", "available_for_pickup"
    ),
    "delivered": _Words("Delivered:Delivered_001", "Delivered_Other", "301", "delivered"),
    "delayed": _Words("Exception:Exception_004", "Exception_Delayed", "202", "failure"),
    "failure": _Words("Exception:Exception_013", "Exception_Damage", "209", "failure"),
    "returning_to_sender": _Words("Exception:Exception_010", "Exception_Returning", "6", "return_to_sender"),
}
# 快递100's coarse state, where it differs from the fine code
_STATES = {"103": "1", "301": "3", "202": "2", "209": "2"}


def push(order: SimOrder, parcel: SimParcel) -> Letter:
    """What the order's tracking service pushes after the newest scan of `parcel`."""
    return _PUSHES[order.tracker](order, parcel)


def _aftership(order: SimOrder, parcel: SimParcel) -> Letter:
    scans = parcel.scans
    newest = scans[-1]
    tag, _, subtag = _WORDS[newest.code].aftership.partition(":")
    msg = {
        "id": name_of(parcel.number),
        "tracking_number": parcel.number,
        "slug": parcel.carrier.lower(),
        "tag": tag,
        "subtag": subtag,
        "order_number": str(order.number),
        "signed_by": parcel.signed_by or None,
        "pickup_location": parcel.pickup_point or None,
        "courier_tracking_link": parcel.url,
        "expected_delivery": time_text(parcel.eta),
        "updated_at": time_text(newest.at),
        "checkpoints": [_checkpoint(scan) for scan in scans],
    }
    event = uuid_of("aftership", order.shop.key, parcel.number, len(scans))
    body = {"event": "tracking_update", "event_id": event, "ts": int(newest.at.timestamp()), "msg": msg}
    return Letter("aftership", order.shop.key, json_bytes(body), {"as-webhook-version": "2026-07"})


def _checkpoint(scan: SimScan) -> dict[str, Any]:
    tag, _, subtag = _WORDS[scan.code].aftership.partition(":")
    return {
        "checkpoint_time": time_text(scan.at),
        "tag": tag,
        "subtag": subtag,
        "message": scan.text,
        "location": scan.location,
    }


def _seventeen_track(order: SimOrder, parcel: SimParcel) -> Letter:
    events = [_event(scan) for scan in reversed(parcel.scans)]
    sub = _WORDS[parcel.scans[-1].code].seventeen
    eta = {"from": time_text(parcel.eta), "to": time_text(parcel.eta)} if parcel.eta else None
    info = {
        "latest_status": {"status": sub.partition("_")[0], "sub_status": sub},
        "latest_event": events[0],
        "time_metrics": {"estimated_delivery_date": eta},
        "milestone": [],
        "tracking": {
            "providers": [
                {
                    "provider": {"key": 1, "name": parcel.carrier},
                    "latest_sync_time": _utc(parcel.scans[-1].at),
                    "events": events,
                }
            ]
        },
    }
    data = {"number": parcel.number, "carrier": 1, "tag": str(order.number), "track_info": info}
    return Letter("17track", order.shop.key, json_bytes({"event": "TRACKING_UPDATED", "data": data}))


def _event(scan: SimScan) -> dict[str, Any]:
    return {
        "time_iso": time_text(scan.at),
        "time_utc": _utc(scan.at),
        "description": scan.text,
        "location": scan.location,
        "stage": None,
        "sub_status": _WORDS[scan.code].seventeen,
    }


def _kuaidi100(order: SimOrder, parcel: SimParcel) -> Letter:
    """The trace comes whole and newest first, in Beijing time; the body is the text of `param`."""
    newest = parcel.scans[-1]
    code = _WORDS[newest.code].kuaidi
    result = {
        "message": "ok",
        "nu": parcel.number,
        "ischeck": "1" if newest.code == "delivered" else "0",
        "com": parcel.carrier.lower(),
        "status": "200",
        "state": _STATES.get(code, code),
        "data": [_entry(scan) for scan in reversed(parcel.scans)],
        **({"arrivalTime": f"{parcel.eta.astimezone(BEIJING):%Y-%m-%d %H}"} if parcel.eta else {}),
    }
    return Letter("kuaidi100", order.shop.key, json_bytes({"status": "polling", "message": "", "lastResult": result}))


def _entry(scan: SimScan) -> dict[str, Any]:
    at = beijing(scan.at)
    return {
        "time": at,
        "ftime": at,
        "context": scan.text,
        "status": scan.text,
        "statusCode": _WORDS[scan.code].kuaidi,
        "areaName": scan.location,
    }


def _easypost(order: SimOrder, parcel: SimParcel) -> Letter:
    newest = parcel.scans[-1]
    tracker = {
        "object": "Tracker",
        "id": f"trk_{name_of(parcel.number)}",
        "tracking_code": parcel.number,
        "carrier": parcel.carrier,
        "status": _WORDS[newest.code].easypost,
        "signed_by": parcel.signed_by or None,
        "est_delivery_date": time_text(parcel.eta),
        "public_url": parcel.url,
        "updated_at": _utc(newest.at),
        "tracking_details": [
            {
                "object": "TrackingDetail",
                "datetime": _utc(scan.at),
                "status": _WORDS[scan.code].easypost,
                "message": scan.text,
                "tracking_location": {"city": scan.location},
            }
            for scan in parcel.scans
        ],
    }
    event = f"evt_{name_of('easypost', order.shop.key, parcel.number, len(parcel.scans))}"
    body = {"object": "Event", "id": event, "description": "tracker.updated", "created_at": _utc(newest.at)}
    return Letter("easypost", order.shop.key, json_bytes({**body, "result": tracker}))


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


_PUSHES: Mapping[str, Callable[[SimOrder, SimParcel], Letter]] = {
    "aftership": _aftership,
    "17track": _seventeen_track,
    "kuaidi100": _kuaidi100,
    "easypost": _easypost,
}
TRACKERS = tuple(_PUSHES)
