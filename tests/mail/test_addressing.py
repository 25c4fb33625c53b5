"""To whom an answer goes: chosen by the agent, never one of ours, never twice, and kept until it is said."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail.leaving.addressing import (
    FORWARD,
    REPLY_ALL,
    Addressing,
    Offer,
    addressing_of,
    check_addressing,
    from_data,
    offer_for,
    read_addressing,
    read_mailboxes,
)
from app.mail.leaving.composing import Mailbox
from app.mail.leaving.replying import reply
from app.mail.models import IncomingMail, OutgoingMail
from app.mail.participants import COPIED, THIRD_PARTY, add_participants, participants_of, role_of
from conversations.composing_models import HeldMessage, WrittenDraft
from conversations.holding import hold, release, take_back
from conversations.models import Conversation, Message
from conversations.posting import post
from core.errors import Invalid
from core.people import Actor
from tests.mail.conftest import Letter
from tests.mail.test_receiving import SECRET, arrive, opened, plain
from tests.people import World

INES, BEN = Mailbox("Ines", "ines@example.com"), Mailbox("Ben, of B & Co", "ben@example.net")
COPIES = "Cc: Ben <ben@example.net>, help@lumen.example, INES@example.com\n"


async def talk(world: World, extra: str = COPIES) -> Conversation:
    await arrive(world.lumen, Letter(extra=extra))
    return await Conversation.get().select_related("customer", "shop")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ben@example.net", [("", "ben@example.net")]),
        ("Ben <ben@example.net>; 林 <lin@例子.cn>，c@d.example", ["Ben", "林", ""]),
        ('"Ben, of B & Co" <ben@example.net>,', [("Ben, of B & Co", "ben@example.net")]),
        ("a@b.example\r\nc@d.example\n", [("", "a@b.example"), ("", "c@d.example")]),
        ("", []),
    ],
)
def test_addresses_as_people_write_them(text: str, found: list[object]) -> None:
    boxes = read_mailboxes(text)
    assert [
        box.name if isinstance(want, str) else (box.name, box.address) for box, want in zip(boxes, found, strict=True)
    ] == found


@pytest.mark.parametrize(
    "text", ["ben", "a@b@c", "Ben <ben>", "<a@b.c> Bcc: d@e.f", "a@b.c d@e.f", '"x" y <z', "a b@c.d"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_mailboxes(text)
    assert refused.value.code == "bad_recipient"


@given(st.text(max_size=40), st.from_regex(r"[a-z0-9.]{1,20}@[a-z0-9]{1,20}\.example", fullmatch=True))
def test_a_mailbox_is_read_as_it_is_written(name: str, address: str) -> None:
    [box] = read_mailboxes(str(Mailbox("", address)))
    assert box.address == address
    clean = " ".join("".join(c for c in name if c.isprintable() and c not in "<>").split())
    [named] = read_mailboxes(str(Mailbox(clean, address)))
    assert named == Mailbox(clean, address)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        boxes = read_mailboxes(text)
    except Invalid:
        return
    assert all(not set(box.name + box.address) & set("\r\n\x00") for box in boxes)


def test_a_choice_survives_its_column() -> None:
    choice = Addressing(mode=REPLY_ALL, to=(INES,), cc=(BEN,), quote=False, identity="idt_1", numbers=(1, 2))
    assert from_data(choice.as_data()) == choice
    assert from_data(None) == Addressing()
    with pytest.raises(Invalid):
        from_data({"to": [["one"]]})
    form = {"mail_mode": "forward", "mail_to": "ben@example.net", "mail_quote": "0", "mail_numbers": "3 4 x"}
    assert read_addressing(form) == Addressing(
        mode=FORWARD, to=(Mailbox("", "ben@example.net"),), quote=False, numbers=(3, 4)
    )


async def test_what_is_offered(world: World) -> None:
    offer = await offer_for(await talk(world, COPIES + "Reply-To: elsewhere@example.org\n"))
    assert offer.reply == Addressing(to=(INES,))
    assert offer.reply_all == Addressing(mode=REPLY_ALL, to=(INES,), cc=(Mailbox("Ben", "ben@example.net"),))
    assert [box.address for box in offer.instead] == ["elsewhere@example.org"]


async def test_only_the_customers_own_mail_says_who_is_written_to(world: World) -> None:
    conversation = await talk(world)
    await IncomingMail.all().update(sender_check="fail")
    assert await offer_for(conversation) == Offer(
        reply=Addressing(to=(INES,)), reply_all=None, instead=(), subject="Where is my lamp?"
    )
    await IncomingMail.all().update(sender_check="")
    await add_participants(conversation.id, [("Ben", "ben@example.net")], THIRD_PARTY, None)
    assert (await offer_for(conversation)).reply_all is None  # what was asked behind the customer's back stays there


async def test_nobody_else_no_reply_to_all(world: World) -> None:
    offer = await offer_for(await talk(world, ""))
    assert (offer.reply_all, offer.instead) == (None, ())


async def test_a_choice_is_checked(world: World) -> None:
    conversation = await talk(world)
    ours, again = Mailbox("", "help+x@lumen.example"), Mailbox("B", "BEN@example.net")
    checked = await check_addressing(conversation, Addressing(to=(INES, ours), cc=(BEN, again, INES)))
    assert (checked.to, checked.cc) == ((INES,), (BEN,))
    usual = await check_addressing(conversation, Addressing(mode=REPLY_ALL))
    assert [box.address for box in (*usual.to, *usual.cc)] == ["ines@example.com", "ben@example.net"]
    crowd = tuple(Mailbox("", f"{n}@example.net") for n in range(21))
    for wanted, code in [
        (Addressing(to=(BEN,)), "customer_missing"),
        (Addressing(mode=FORWARD, to=(BEN, INES)), "customer_in_forward"),
        (Addressing(mode=FORWARD, to=(ours,)), "no_recipient"),
        (Addressing(mode=FORWARD, to=crowd), "too_many_recipients"),
        (Addressing(mode="bcc"), "bad_mode"),
        (Addressing(to=(INES,), cc=(Mailbox("", "x\r\nBcc: y@z.example"),)), "bad_recipient"),
    ]:
        with pytest.raises(Invalid) as refused:
            await check_addressing(conversation, wanted)
        assert refused.value.code == code


async def test_an_answer_goes_to_whom_the_agent_chose(world: World) -> None:
    conversation = await talk(world)
    choice = Addressing(mode=REPLY_ALL, to=(INES,), cc=(BEN,))
    message = await post(
        conversation.id, Actor.of(world.omar), "It left.", client_id="o1", channel="email", addressing=choice.as_data()
    )
    assert addressing_of(await Message.get(id=message.id)) == choice
    mail = await reply(message.id, SECRET)
    assert mail is not None
    assert (mail.kind, mail.to, mail.cc) == (
        "reply", [["Ines", "ines@example.com"]], [["Ben, of B & Co", "ben@example.net"]],
    )  # fmt: skip
    headers = opened(mail)
    assert str(headers["Cc"]) == '"Ben, of B & Co" <ben@example.net>'
    assert "> Hello, where is my order 1001?" in plain(mail)
    assert await role_of(conversation.id, "BEN@example.net") == COPIED
    offer = await offer_for(conversation)
    assert offer.reply_all is not None


async def test_without_a_quote(world: World) -> None:
    conversation = await talk(world)
    message = await post(
        conversation.id,
        Actor.of(world.omar),
        "It left.",
        client_id="o1",
        channel="email",
        addressing=Addressing(to=(INES,), quote=False).as_data(),
    )
    mail = await reply(message.id, SECRET)
    assert mail is not None
    assert "> " not in plain(mail)
    assert await OutgoingMail.filter(kind="reply").count() == 1


async def test_a_held_answer_keeps_its_choice(world: World) -> None:
    conversation = await talk(world)
    choice = Addressing(to=(INES,), cc=(BEN,)).as_data()
    more: dict[str, Any] = {"seconds": 10, "channel": "email", "seen": 1, "addressing": choice}
    held = await hold(conversation.id, world.omar, "It left.", client_id="h1", **more)
    assert isinstance(held, HeldMessage)
    draft = await take_back(world.omar, held.public_id)
    assert (await WrittenDraft.get(id=draft.id)).addressing == choice
    held = await hold(conversation.id, world.omar, "It left.", client_id="h2", **more)
    await release(held.id)
    assert (await Message.get(author_kind="agent")).addressing == choice


async def test_a_third_party_stays_one(world: World) -> None:
    conversation = await talk(world)
    await add_participants(conversation.id, [("Ben", "Ben@example.net")], COPIED, world.omar.id)
    await add_participants(conversation.id, [("Ben", "ben@example.net")], THIRD_PARTY, world.omar.id)
    await add_participants(conversation.id, [("Ben", "ben@example.net")], COPIED, world.omar.id)
    assert {a: p.role for a, p in (await participants_of(conversation.id)).items()} == {"ben@example.net": THIRD_PARTY}


async def test_the_choice_without_recipients_means_the_usual_ones(world: World) -> None:
    conversation = await talk(world)
    assert await check_addressing(conversation, replace(Addressing(), quote=False)) == Addressing(
        to=(INES,), quote=False
    )
