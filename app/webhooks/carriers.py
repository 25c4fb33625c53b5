"""The doors of tracking services: `POST /webhooks/{aftership,17track,easypost,kuaidi100}/{shop_key}`."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from orders.receiving import Incoming, accept
from orders.sources import aftership, easypost, kuaidi100, seventeen_track


async def receive_aftership(request: Request) -> Response:
    """Store what AfterShip tells of a parcel; a job finds its orders."""
    return await _taken(request, aftership.NAME)


async def receive_17track(request: Request) -> Response:
    """Store what 17TRACK tells of a parcel; a job finds its orders."""
    return await _taken(request, seventeen_track.NAME)


async def receive_easypost(request: Request) -> Response:
    """Store what EasyPost tells of a parcel; a job finds its orders."""
    return await _taken(request, easypost.NAME)


async def receive_kuaidi100(request: Request) -> Response:
    """Store what 快递100 tells of a parcel. Without its own form of answer it would push again."""
    await _taken(request, kuaidi100.NAME)
    return JSONResponse(kuaidi100.ACCEPTED)


async def _taken(request: Request, source: str) -> Response:
    body, shop_key = await request.body(), request.path_params["shop_key"]
    await accept(Incoming(source=source, shop_key=shop_key, headers=request.headers, body=body))
    return Response(status_code=200)


routes = [
    Route("/webhooks/aftership/{shop_key}", receive_aftership, methods=["POST"]),
    Route("/webhooks/17track/{shop_key}", receive_17track, methods=["POST"]),
    Route("/webhooks/easypost/{shop_key}", receive_easypost, methods=["POST"]),
    Route("/webhooks/kuaidi100/{shop_key}", receive_kuaidi100, methods=["POST"]),
]
