"""`wismo simulate`: a shop, a carrier and a payment service that send a desk what real ones would, faults included."""

import asyncio
import json
import re
import secrets
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

import click
import httpx2

from app.database import open_database
from app.gateways.simulators.checking import Finding, check, waiting
from app.gateways.simulators.faults import Faults, Plan, parse_faults, plan
from app.gateways.simulators.keys import demo_secrets
from app.gateways.simulators.payments import METHODS
from app.gateways.simulators.plots import FAULTY, PLOTS, possible
from app.gateways.simulators.sending import Pace, Report, carry, over_http
from app.gateways.simulators.shop import SIMULATED
from app.gateways.simulators.signing import sealed
from app.gateways.simulators.trackers import TRACKERS
from app.gateways.simulators.world import Scene, Story, play
from app.logs import configure_logs
from app.migrating import require_migrated
from app.settings import read_settings
from app.simulation_text import table, unexplained, verdict
from core.clock import now
from core.money import exponent
from core.shops import Shop
from orders.receiving import lower
from orders.sources import SOURCES

MOST_RATE = 500.0
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_OUTSIDE = {"en": "stripe", "zh": "alipay"}  # who takes the payments of a demo shop


@click.command()
@click.option("--shop", "shop_key", default="lumen", show_default=True, help="Key of the shop.")
@click.option("--to", "address", default="http://127.0.0.1:8000", show_default=True, help="The desk's address.")
@click.option("--orders", default=50, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--over", default="2m", show_default=True, help="How long it takes: 90s, 2m, 1h; 0: as fast as may be.")
@click.option("--seed", type=int, help="The same seed and --at give the same deliveries; else a new one each time.")
@click.option("--at", "moment", help="When the last of it happens (ISO 8601); else now.")
@click.option(
    "--fault", "fault_words", multiple=True, help="late, doubled, shuffled, lost, forged, timeouts (=0.2); all."
)
@click.option("--plot", "plot_words", multiple=True, help="What happens to orders (=weight); faulty: the bad ones.")
@click.option("--carrier", type=click.Choice(["shop", *TRACKERS]), help="Who tells of scans.")
@click.option("--gateway", type=click.Choice(["none", *METHODS]), help="Who takes the money.")
@click.option("--rate", default=50.0, show_default=True, type=click.FloatRange(0.1, MOST_RATE), help="Most per second.")
@click.option("--check", "checked", is_flag=True, help="Compare the desk's record with the truth; status 1 if wrong.")
@click.option("--settle", default="2m", show_default=True, help="How long --check waits for the desk's worker.")
@click.option("--dry-run", is_flag=True, help="Print the deliveries, one JSON object a line; send nothing.")
@click.option("--platform", type=click.Choice(SIMULATED), help="Of the shop of a dry run, which needs no database.")
@click.option("--allow-remote", is_flag=True, help="Send to another machine: this is a load test.")
@click.option("--allow-real-shop", is_flag=True, help="Send to a shop that is no demo: its record is never the same.")
def simulate(
    shop_key: str,
    address: str,
    orders: int,
    over: str,
    seed: int | None,
    moment: str | None,
    fault_words: Sequence[str],
    plot_words: Sequence[str],
    carrier: str | None,
    gateway: str | None,
    rate: float,
    checked: bool,
    settle: str,
    dry_run: bool,
    platform: str | None,
    allow_remote: bool,
    allow_real_shop: bool,
) -> None:
    """Send a desk what a shop, its carrier and its payment service would tell of many orders, with faults on request.

    Signed as the real ones sign, with the shop's own secrets. docs/simulators.md shows how to rehearse a bad day.
    """
    faults, pace = _faults(fault_words), Pace(over=_duration(over, "--over"), rate=rate)
    if not dry_run:
        _require_near(address, allow_remote)
    shop = _stand_in(shop_key, platform) if dry_run else asyncio.run(_stored_shop(shop_key, allow_real_shop))
    scene = _scene(shop, orders, seed, moment, plot_words, carrier, gateway)
    story = _story(scene)
    drawn = plan(story, faults, scene.seed)
    if dry_run:
        for line in _lines(drawn, scene):
            click.echo(line)
        return
    click.echo(f"{orders} orders, {len(drawn.sendings)} deliveries, seed {scene.seed}", err=True)
    report = asyncio.run(_send(address, drawn, shop, pace))
    click.echo("\n".join(table(drawn, report)))
    trouble = report.taken_forgeries > 0
    if checked:
        findings = asyncio.run(_findings(story, shop, _duration(settle, "--settle")))
        strange = unexplained(drawn, report, findings)
        click.echo("\n".join(verdict(story, findings, strange)))
        trouble = trouble or bool(strange)
    if trouble:
        sys.exit(1)


def _scene(
    shop: Shop,
    orders: int,
    seed: int | None,
    moment: str | None,
    plot_words: Sequence[str],
    carrier: str | None,
    gateway: str | None,
) -> Scene:
    tracker = {"shop": "", None: "aftership" if shop.platform == "woocommerce" else ""}.get(carrier, carrier)
    usual = _OUTSIDE.get(shop.language, "stripe")
    service = gateway or (usual if shop.demo and shop.secrets.get(usual) else "none")
    scene = Scene(
        shop=shop,
        seed=secrets.randbelow(1_000_000) if seed is None else seed,
        clock=_moment(moment),
        orders=orders,
        plots=_plots(plot_words),
        tracker=tracker or "",
        service="" if service == "none" else service,
    )
    _require_secrets(scene)
    return scene


def _story(scene: Scene) -> Story:
    try:
        return play(scene)
    except ValueError as error:
        names = ", ".join(possible(scene.shop.platform, tracker=scene.tracker, service=scene.service))
        raise click.BadParameter(f"cannot be told here: {error}; what can: {names}", param_hint="--plot") from None


def _require_secrets(scene: Scene) -> None:
    """Alipay and WeChat Pay sign with a key that the shop only has the public half of: ours, or we cannot.

    Both take the money of China only.
    """
    shop, ours = scene.shop, demo_secrets(scene.shop.key)
    for source in filter(None, (shop.platform, scene.tracker, scene.service)):
        kind = SOURCES[source].SECRETS
        theirs = shop.secrets.get(kind, [])
        if not theirs:
            raise click.ClickException(f"shop {shop.key} has no secret of the kind {kind}: see wismo shops secret")
        if kind in {"alipay", "wechatpay"} and theirs[0] != ours[kind][0]:
            raise click.ClickException(f"shop {shop.key} trusts the real {kind} only, whose key nobody else has")
        if kind in {"alipay", "wechatpay"} and shop.currency != "CNY":
            raise click.ClickException(f"{kind} takes CNY; shop {shop.key} sells in {shop.currency}")
    if exponent(shop.currency) != 2:
        raise click.ClickException("simulated prices have two decimals; the shop's currency has not")


def _faults(words: Sequence[str]) -> Faults:
    try:
        return parse_faults(words)
    except ValueError as error:
        raise click.BadParameter(
            f"{error}: a name and a share from 0 to 1, like late=0.2", param_hint="--fault"
        ) from None


def _plots(words: Iterable[str]) -> Mapping[str, float]:
    chosen: dict[str, float] = {}
    for word in words:
        name, _, weight = word.partition("=")
        if name != "faulty" and name not in PLOTS:
            raise click.BadParameter(f"{name}; there are: {', '.join(PLOTS)}", param_hint="--plot")
        try:
            chosen |= dict.fromkeys(FAULTY if name == "faulty" else [name], float(weight or 1))
        except ValueError:
            raise click.BadParameter(f"{word}: a weight is a number", param_hint="--plot") from None
    return chosen


def _duration(words: str, option: str) -> timedelta:
    found = _DURATION.fullmatch(words.strip())
    if found is None:
        raise click.BadParameter("a time is like 90s, 2m or 1h", param_hint=option)
    return timedelta(seconds=float(found[1]) * _UNITS[found[2] or "s"])


def _moment(words: str | None) -> datetime:
    if words is None:
        return now().replace(microsecond=0)
    try:
        at = datetime.fromisoformat(words)
    except ValueError:
        raise click.BadParameter("a moment is like 2026-03-02T12:00:00+00:00", param_hint="--at") from None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _require_near(address: str, allow_remote: bool) -> None:
    host = urlsplit(address).hostname or ""
    try:
        is_near = ip_address(host).is_loopback
    except ValueError:
        is_near = host == "localhost"
    if not is_near and not allow_remote:
        raise click.BadParameter("another machine; --allow-remote if it is yours and expects it", param_hint="--to")


def _stand_in(key: str, platform: str | None) -> Shop:
    """A shop that is in no database, as the demo's of this name."""
    chinese = key == "chaye"
    return Shop(
        id=2 if chinese else 1,
        key=key,
        name=key,
        platform=platform or ("generic" if chinese else "shopify"),
        language="zh" if chinese else "en",
        currency="CNY" if chinese else "USD",
        page_url=f"https://{key}.example",
        secrets=demo_secrets(key),
        demo=True,
        created_at=now(),
    )


async def _stored_shop(key: str, allow_real: bool) -> Shop:
    settings = read_settings()
    settings.prepare()
    configure_logs(settings.log_format, "error")
    await require_migrated(settings.database)
    async with open_database(settings.database):
        shop = await Shop.get_or_none(key=key)
    if shop is None:
        raise click.BadParameter("no shop has this key", param_hint="--shop")
    if shop.platform not in SIMULATED:
        raise click.ClickException(f"a shop of {shop.platform} cannot be simulated; {', '.join(SIMULATED)} can")
    if not shop.demo and not allow_real:
        raise click.ClickException(
            f"shop {key} is no demo: invented orders would stand among its own. --allow-real-shop if it is for tests"
        )
    return shop


def _lines(drawn: Plan, scene: Scene) -> Iterator[str]:
    for sending in drawn.sendings:
        wire = sealed(sending.letter, scene.shop.secrets, scene.clock, forged=sending.forged)
        said = sending.said
        line = {
            "due": sending.due.total_seconds(),
            "fault": sending.fault,
            "source": wire.source,
            "topic": SOURCES[wire.source].topic(lower(wire.headers)),
            "path": wire.path,
            "headers": wire.headers,
            "body": wire.body.decode(),
            "order": said.order,
            "truth": said.truth.fields,
        }
        yield json.dumps(line, ensure_ascii=False, separators=(",", ":"))


async def _send(address: str, drawn: Plan, shop: Shop, pace: Pace) -> Report:
    limits = httpx2.Limits(max_connections=pace.at_once)
    async with httpx2.AsyncClient(base_url=address, limits=limits, trust_env=False) as client:
        try:
            await client.get("/livez")
        except httpx2.TransportError:
            raise click.ClickException(f"nobody answers at {address}") from None
        with click.progressbar(length=len(drawn.sendings), label="Deliveries", file=sys.stderr) as bar:
            return await carry(drawn, shop.secrets, over_http(client), pace, on_done=lambda: bar.update(1))


async def _findings(story: Story, shop: Shop, within: timedelta) -> list[Finding]:
    """Look into the desk's database once it has folded what it took."""
    deadline = time.monotonic() + within.total_seconds()
    async with open_database(read_settings().database):
        while await waiting(shop):
            if time.monotonic() > deadline:
                click.echo("The desk has not folded everything yet: does a worker run?", err=True)
                break
            await asyncio.sleep(0.2)
        return await check(list(story.truths.values()), shop)
