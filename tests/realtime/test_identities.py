"""A shop's page says who its customer is: what opens orders, and what every kind of forged or old token gets."""

import base64
import hmac
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest

from app.auth.identifying import forget_uses
from app.auth.identities import LONGEST, read_identity
from app.auth.models import CustomerIdentity, IdentityUse, VisitorToken
from conversations.models import Conversation, Proof
from conversations.proofs import proven_contacts
from core.clock import FrozenClock, now
from core.errors import Unauthenticated
from core.ids import new_id
from core.people import Customer
from core.shops import Shop, add_secret
from tests.people import World, make_order
from tests.realtime.clients import visitor
from tests.realtime.serving import Desk

pytestmark = pytest.mark.anyio


@pytest.fixture
async def key(world: World) -> str:
    await add_secret(world.chaye, "identity")
    return await add_secret(world.lumen, "identity")


def claims(**changes: Any) -> dict[str, Any]:
    moment = int(now().timestamp())
    usual = {
        "aud": "lumen",
        "sub": "customer-7",
        "iat": moment,
        "exp": moment + 300,
        "jti": new_id("jti"),
        "email": "Ines@Example.com",
        "email_verified": True,
        "name": "Ines",
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


def signed(key: str, **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm="HS256")


async def test_a_token_proves_its_contacts(desk: Desk, world: World, key: str) -> None:
    order = await make_order(world.lumen, "1042", email="ines@example.com")
    async with visitor(desk) as ines:
        first = ines.welcome["visitor_token"]
        await ines.send("identify", token=signed(key, orders=["9999", "1042"]))
        welcome = await ines.wait("welcome")
    conversation = await Conversation.get(public_id=welcome["conversation"]).select_related("customer")
    assert await proven_contacts(conversation.id) == ("ines@example.com",)
    assert (conversation.customer.name, conversation.customer.email) == ("Ines", "ines@example.com")
    assert conversation.order_id == order.id
    assert welcome["order"]["number"] == "1042"
    assert welcome["visitor_token"] not in (None, first)


async def test_in_the_greeting_and_on_another_device_it_is_the_same_conversation(desk: Desk, key: str) -> None:
    async with visitor(desk) as phone:
        await phone.send("identify", token=signed(key))
        there = (await phone.wait("welcome"))["conversation"]
        await phone.post("Hello")
    async with visitor(desk) as laptop:
        await laptop.send("hello", site="lumen")  # only the first is a greeting
        await laptop.wait("error", code="not_for_you")
        await laptop.send("identify", token=signed(key))
        welcome = await laptop.wait("welcome")
    assert welcome["conversation"] == there
    assert [message["text"] for message in welcome["messages"]] == ["Hello"]
    assert await CustomerIdentity.all().count() == 1


async def test_a_guest_keeps_the_conversation_but_not_the_token(desk: Desk, key: str) -> None:
    async with visitor(desk) as ines, visitor(desk, token=ines.welcome["visitor_token"]) as stranger:
        token = ines.welcome["visitor_token"]
        said = await ines.post("Where is my lamp?")
        await ines.send("identify", token=signed(key))
        welcome = await ines.wait("welcome")
        assert welcome["conversation"] == said["conversation"]
        assert await stranger.closed() == 4401
    async with visitor(desk, token=token) as stranger:
        assert stranger.welcome["conversation"] is None


async def test_whoever_proved_something_else_before_stays_apart(desk: Desk, world: World, key: str) -> None:
    async with visitor(desk) as guest:
        said = await guest.post("I am somebody else")
        conversation = await Conversation.get(public_id=said["conversation"])
        await Proof.create(
            conversation=conversation, kind="code", contact="else@example.com", proved_at=now(), expires_at=now()
        )
        await guest.send("identify", token=signed(key))
        welcome = await guest.wait("welcome")
    assert welcome["conversation"] != said["conversation"]
    assert welcome["messages"] == []


async def test_two_customers_on_one_device_do_not_meet(desk: Desk, key: str) -> None:
    async with visitor(desk) as device:
        await device.send("identify", token=signed(key))
        ines = await device.wait("welcome")
        await device.post("My secret")
        await device.send("identify", token=signed(key, sub="customer-8", email="lin@example.com"))
        lin = await device.wait("welcome")
    assert lin["conversation"] != ines["conversation"]
    assert lin["messages"] == []
    mine = await Conversation.get(public_id=lin["conversation"])
    assert await proven_contacts(mine.id) == ("lin@example.com",)


async def test_signing_out_ends_what_the_shop_vouched_for(desk: Desk, key: str) -> None:
    async with visitor(desk) as ines:
        await ines.send("identify", token=signed(key))
        welcome = await ines.wait("welcome")
        await ines.send("leave")
        assert await ines.closed() == 4401
    conversation = await Conversation.get(public_id=welcome["conversation"])
    assert await proven_contacts(conversation.id) == ()
    assert not await VisitorToken.filter(expires_at__gt=now()).exists()


async def test_contacts_that_the_shop_has_not_verified_prove_nothing(desk: Desk, key: str) -> None:
    async with visitor(desk) as ines:
        token = signed(key, email_verified="true", phone_number="+4930123456", phone_number_verified=False)
        await ines.send("identify", token=token)
        await ines.wait("welcome")
    assert not await Proof.exists()
    assert await Customer.filter(name="Ines", email=None).exists()


async def test_a_token_identifies_once(desk: Desk, key: str) -> None:
    token = signed(key)
    async with visitor(desk) as ines:
        await ines.send("identify", token=token)
        await ines.wait("welcome")
    async with visitor(desk) as thief:
        await thief.send("identify", token=token)
        await thief.wait("error", code="identity_used")
        await thief.send("fetch", after=0)
        await thief.wait("error", code="not_found")


async def test_a_refused_token_in_the_greeting_leaves_a_guest(desk: Desk, world: World, key: str) -> None:
    async with visitor(desk) as ines:
        token = (await ines.post("Hello"))["conversation"]
    assert token
    from_elsewhere = signed(world.chaye.secrets["identity"][0])
    async with visitor(desk, identity=from_elsewhere) as ines:
        assert ines.welcome["conversation"] is None
        assert [frame["code"] for frame in ines.heard if frame["type"] == "error"] == ["bad_identity"]
    async with visitor(desk, identity=signed(key)) as ines:
        assert ines.welcome["conversation"]


async def test_forged_old_and_foreign_tokens_are_refused(world: World, key: str, clock: FrozenClock) -> None:
    moment = int(now().timestamp())
    chaye = (await Shop.get(key="chaye")).secrets["identity"][0]
    header = {"alg": "none", "typ": "JWT"}
    unsigned = ".".join([*(encoded(part) for part in (header, claims())), ""])
    bad = {
        "no signature": unsigned,
        "another algorithm": forged("HS512", key, "sha512"),
        "RSA confusion": forged("RS256", key, "sha256"),
        "another shop's key": signed(chaye),
        "another shop's token": signed(chaye, aud="chaye"),
        "another audience": signed(key, aud="chaye"),
        "several audiences": signed(key, aud=["lumen", "chaye"]),
        "no audience": signed(key, aud=None),
        "expired": signed(key, iat=moment - 400, exp=moment - 60),
        "from the future": signed(key, iat=moment + 61, exp=moment + 300),
        "lives too long": signed(key, exp=moment + 601),
        "ends before it begins": signed(key, iat=moment, exp=moment - 1),
        "no end": signed(key, exp=None),
        "no beginning": signed(key, iat=None),
        "no id": signed(key, jti=None),
        "an id that is a number": signed(key, jti=7),
        "an empty id": signed(key, jti=" "),
        "nobody": signed(key, sub=None),
        "a long name for nobody": signed(key, sub="x" * 201),
        "a time that is none": signed(key, exp="tomorrow"),
        "a time beyond time": signed(key, exp=1e300),
        "not a number": ".".join([encoded({"alg": "HS256"}), encoded("NaN"), "x"]),
        "orders that are no list": signed(key, orders="1042"),
        "too long": signed(key, name="x" * LONGEST),
        "rubbish": "a.b.c",
        "nested": encoded("[" * 1500) + "." + "x.x",
        "empty": "",
        "tampered": signed(key)[:-4] + "AAAA",
    }
    answers = {}
    lumen = await Shop.get(key="lumen")
    for name, token in bad.items():
        try:
            read_identity(token, lumen)
            answers[name] = "accepted"
        except Unauthenticated as error:
            answers[name] = error.code if key not in error.detail else "tells the key"
    assert set(answers.values()) == {"bad_identity"}, answers


def forged(algorithm: str, key: str, digest: str) -> str:
    """What the header claims, signed with the key that both sides know."""
    said = ".".join(encoded(part) for part in ({"alg": algorithm, "typ": "JWT"}, claims()))
    mac = hmac.digest(key.encode(), said.encode(), digest)
    return f"{said}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def encoded(part: Any) -> str:
    raw = part if isinstance(part, str) else json.dumps(part)
    return base64.urlsafe_b64encode(raw.encode()).rstrip(b"=").decode()


async def test_clocks_may_differ_by_a_minute(world: World, key: str, clock: FrozenClock) -> None:
    moment = int(now().timestamp())
    lumen = await Shop.get(key="lumen")
    assert read_identity(signed(key, iat=moment + 60, exp=moment + 660), lumen).subject == "customer-7"
    assert read_identity(signed(key, iat=moment - 600, exp=moment - 59), lumen).contacts == ("ines@example.com",)


async def test_the_key_before_stays_good_while_it_changes(world: World, key: str) -> None:
    await add_secret(await Shop.get(key="lumen"), "identity")
    assert read_identity(signed(key), await Shop.get(key="lumen")).subject == "customer-7"
    await add_secret(await Shop.get(key="lumen"), "identity")
    with pytest.raises(Unauthenticated):
        read_identity(signed(key), await Shop.get(key="lumen"))


async def test_a_shop_without_a_key_identifies_nobody(world: World) -> None:
    with pytest.raises(Unauthenticated):
        read_identity(signed("x" * 32), world.lumen)


async def test_used_tokens_are_forgotten_when_they_are_dead(desk: Desk, key: str) -> None:
    async with visitor(desk, identity=signed(key)):
        pass
    assert await forget_uses() == 0
    await IdentityUse.all().update(expires_at=now() - timedelta(minutes=6))
    assert await forget_uses() == 1
