"""One-time codes: asked for blindly, sent sparingly, guessed in vain."""

import asyncio
from datetime import timedelta

import pytest

from conversations.codes import CodeToSend, fulfil_code_request
from conversations.events import CodeRequested, ContactProved
from conversations.models import CodeRequest, Conversation, Proof
from conversations.proofs import (
    check_code,
    proven_contacts,
    request_address_code,
    request_code,
    tries_left,
)
from core.clock import FrozenClock
from core.errors import Invalid, NotFound, TooMany
from tests.heard import Heard, counted
from tests.people import World, chat, make_order

pytestmark = pytest.mark.anyio


@pytest.fixture
async def talk(world: World, clock: FrozenClock) -> Conversation:
    await make_order(world.lumen, "#1001", email="ines@example.com")
    return await chat(world.lumen, world.ines)


async def ask(talk: Conversation, number: str = "1001") -> CodeToSend | None:
    """The one code that is sent, if any."""
    await request_code(talk.id, number)
    request = await CodeRequest.filter(conversation_id=talk.id).order_by("-id").first()
    assert request is not None
    sent = await fulfil_code_request(request.id)
    assert len(sent) <= 1
    return sent[0] if sent else None


async def code_for(talk: Conversation, number: str = "1001") -> str:
    sent = await ask(talk, number)
    assert sent is not None
    return sent.code


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


async def test_a_code_proves_the_contact(world: World, talk: Conversation, heard: Heard, clock: FrozenClock) -> None:
    sent = await ask(talk, "# 1001")
    assert sent is not None
    assert (sent.contact, sent.language, sent.shop.id) == ("ines@example.com", "en", world.lumen.id)
    assert len(sent.code) == 6
    assert sent.code.isdigit()
    assert await proven_contacts(talk.id) == ()
    assert await check_code(talk.id, f" {sent.code[:3]} {sent.code[3:]}\n")
    assert await proven_contacts(talk.id) == ("ines@example.com",)
    assert [event.contact for event in heard.of(ContactProved)] == ["ines@example.com"]
    assert len(heard.of(CodeRequested)) == 1
    clock.advance(timedelta(hours=12, seconds=1))
    assert await proven_contacts(talk.id) == ()


async def test_full_width_digits_are_digits(talk: Conversation) -> None:
    code = await code_for(talk)
    assert await check_code(talk.id, "".join(chr(ord(digit) + 0xFEE0) for digit in code))


async def test_the_store_keeps_no_code(talk: Conversation) -> None:
    code = await code_for(talk)
    row = (await CodeRequest.filter(conversation_id=talk.id).values())[0]
    assert code not in str({name: value for name, value in row.items() if name not in ("created_at", "expires_at")})


async def test_known_and_unknown_numbers_cannot_be_told_apart(talk: Conversation, heard: Heard) -> None:
    rows = []
    for number in ("1001", "1002"):
        with counted() as statements:
            await request_code(talk.id, number)
        request = await CodeRequest.filter(conversation_id=talk.id).order_by("-id").first()
        assert request is not None
        rows.append((len(statements), len(request.code_hash), request.contact, request.attempts))
    assert rows[0] == rows[1]
    assert len(heard.of(CodeRequested)) == 2


async def test_an_unknown_number_sends_nothing_and_fits_nothing(talk: Conversation) -> None:
    assert await ask(talk, "1002") is None
    assert await tries_left(talk.id) == 5
    for _ in range(5):
        assert not await check_code(talk.id, "000000")
    assert await tries_left(talk.id) == 0
    assert await proven_contacts(talk.id) == ()


async def test_other_shops_orders_are_unknown(world: World, talk: Conversation) -> None:
    await make_order(world.chaye, "#2001", email="lin@example.com")
    assert await ask(talk, "2001") is None


async def test_a_phone_is_the_contact_of_an_order_without_address(world: World, talk: Conversation) -> None:
    await make_order(world.lumen, "#3001", phone="+493012345678")
    await make_order(world.lumen, "#3002")
    sent = await ask(talk, "3001")
    assert sent is not None
    assert sent.contact == "+493012345678"
    assert await ask(talk, "3002") is None


async def test_five_tries_and_no_more(talk: Conversation) -> None:
    code = await code_for(talk)
    for left in (4, 3, 2, 1, 0):
        assert not await check_code(talk.id, other_than(code))
        assert await tries_left(talk.id) == left
    assert not await check_code(talk.id, code)
    assert await proven_contacts(talk.id) == ()


async def test_what_cannot_be_a_code_costs_no_try(talk: Conversation) -> None:
    code = await code_for(talk)
    for text in ("", "12345", "1234567", "abcdef", "12e456", "٣٤٥٦٧٨", code + "0"):
        assert not await check_code(talk.id, text)
    assert await tries_left(talk.id) == 5


async def test_a_hundred_parallel_tries_have_five(talk: Conversation) -> None:
    code = await code_for(talk)
    guesses = [other_than(code)] * 100
    assert not any(await asyncio.gather(*(check_code(talk.id, guess) for guess in guesses)))
    assert (await CodeRequest.get(conversation_id=talk.id)).attempts == 5
    assert not await check_code(talk.id, code)


async def test_parallel_right_tries_prove_once(talk: Conversation, heard: Heard) -> None:
    code = await code_for(talk)
    await asyncio.gather(*(check_code(talk.id, code) for _ in range(10)))
    assert await Proof.all().count() == len(heard.of(ContactProved)) == 1


async def test_a_code_fits_once_but_a_repeated_job_comes_to_the_same_end(
    talk: Conversation, clock: FrozenClock
) -> None:
    code = await code_for(talk)
    assert await check_code(talk.id, code)
    assert await check_code(talk.id, code)
    assert not await check_code(talk.id, other_than(code))
    assert await Proof.all().count() == 1
    await Proof.all().delete()  # the proof is gone: the code does not bring it back
    assert not await check_code(talk.id, code)


async def test_a_code_lives_for_ten_minutes(talk: Conversation, clock: FrozenClock) -> None:
    code = await code_for(talk)
    clock.advance(timedelta(minutes=10))
    assert await tries_left(talk.id) == 0
    assert not await check_code(talk.id, code)


async def test_a_new_request_ends_the_old_code(world: World, talk: Conversation) -> None:
    await make_order(world.lumen, "#1002", email="eve@example.com")
    code = await code_for(talk, "1001")
    await request_code(talk.id, "1002")  # verify one order, then name another
    assert not await check_code(talk.id, code)
    assert await proven_contacts(talk.id) == ()


async def test_a_code_fits_only_where_it_was_asked_for(world: World, talk: Conversation) -> None:
    code = await code_for(talk)
    other = await chat(world.lumen, world.ines)
    assert not await check_code(other.id, code)
    await request_code(other.id, "1001")
    assert not await check_code(other.id, code)


async def test_of_a_repeated_job_the_last_code_fits(talk: Conversation) -> None:
    first = await code_for(talk)
    request = await CodeRequest.get(conversation_id=talk.id)
    [second] = await fulfil_code_request(request.id)
    if first != second.code:
        assert not await check_code(talk.id, first)
    assert await check_code(talk.id, second.code)
    assert await fulfil_code_request(request.id) == []  # used: nothing more is sent
    assert await fulfil_code_request(request.id + 99) == []


async def test_a_job_that_comes_too_late_sends_nothing(talk: Conversation, clock: FrozenClock) -> None:
    await request_code(talk.id, "1001")
    clock.advance(timedelta(minutes=11))
    assert await fulfil_code_request((await CodeRequest.get()).id) == []


async def test_two_orders_with_one_number_get_a_code_each_and_each_proves_its_own_contact(
    world: World, talk: Conversation, clock: FrozenClock
) -> None:
    await make_order(world.lumen, "1001", email="bob@example.com")
    await request_code(talk.id, "1001")
    request = await CodeRequest.get(twin_of=None)
    await fulfil_code_request(request.id)
    codes = {code.contact: code.code for code in await fulfil_code_request(request.id)}  # and a repeat changes nothing
    assert set(codes) == {"ines@example.com", "bob@example.com"}
    assert await CodeRequest.all().count() == 2
    assert await check_code(talk.id, codes["bob@example.com"])
    assert await proven_contacts(talk.id) == ("bob@example.com",)
    if codes["ines@example.com"] != codes["bob@example.com"]:
        assert not await check_code(talk.id, codes["ines@example.com"])
    assert await proven_contacts(talk.id) == ("bob@example.com",)


async def test_five_requests_an_hour(talk: Conversation, clock: FrozenClock) -> None:
    for _ in range(5):
        await request_code(talk.id, "9999")
        clock.advance(timedelta(minutes=1))
    with pytest.raises(TooMany) as refused:
        await request_code(talk.id, "1001")
    assert refused.value.data == {"retry_after": 55 * 60 + 1}
    clock.advance(timedelta(minutes=55, seconds=1))
    await request_code(talk.id, "1001")


async def test_parallel_requests_stay_within_the_limit(talk: Conversation) -> None:
    outcome = await asyncio.gather(*(request_code(talk.id, "1001") for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(result, TooMany) for result in outcome) == 15
    assert await CodeRequest.all().count() == 5


async def test_one_mailbox_gets_three_an_hour_and_the_requester_cannot_tell(
    world: World, talk: Conversation, clock: FrozenClock
) -> None:
    await make_order(world.lumen, "#1002", email="ines@example.com")
    talks = [await chat(world.lumen, world.ines) for _ in range(8)]
    for number, other in enumerate(talks):
        await request_code(other.id, "1001" if number % 2 else "1002")
    requests = await CodeRequest.all().order_by("id")
    sent = await asyncio.gather(*(fulfil_code_request(request.id) for request in requests))
    assert sum(len(codes) for codes in sent) == 3
    clock.advance(timedelta(hours=1, seconds=1))
    assert await ask(talk) is not None


async def test_a_conversation_that_is_not_there(world: World) -> None:
    with pytest.raises(NotFound):
        await request_code(4711, "1001")
    assert not await check_code(4711, "123456")
    assert await tries_left(4711) == 0


async def address_code(talk: Conversation, address: str) -> str:
    """The code that goes to a typed address."""
    await request_address_code(talk.id, address)
    request = await CodeRequest.filter(conversation_id=talk.id).order_by("-id").first()
    assert request is not None
    [sent] = await fulfil_code_request(request.id)
    assert (sent.contact, sent.by_address) == (address.strip().lower(), True)
    return sent.code


async def test_a_typed_address_is_proved_by_a_code_whoever_has_it(talk: Conversation) -> None:
    for address in ("Ines@Example.com ", "nobody@example.net"):  # one has an order, the other is unknown
        assert await check_code(talk.id, await address_code(talk, address), by_address=True)
    assert await proven_contacts(talk.id) == ("ines@example.com", "nobody@example.net")


async def test_codes_for_orders_and_for_addresses_leave_each_other_alone(talk: Conversation) -> None:
    order_code = await code_for(talk)
    typed = await address_code(talk, "else@example.com")
    assert not await check_code(talk.id, order_code if order_code != typed else "x", by_address=True)
    assert await tries_left(talk.id, by_address=True) == 4
    assert await check_code(talk.id, order_code)
    assert await check_code(talk.id, typed, by_address=True)


async def test_codes_to_addresses_are_as_few_as_to_orders(world: World, talk: Conversation) -> None:
    with pytest.raises(Invalid):
        await request_address_code(talk.id, "nobody")
    for _ in range(3):
        await address_code(talk, "full@example.com")
    other = await chat(world.lumen, world.ines)
    await request_address_code(other.id, "full@example.com")  # it looks the same
    request = await CodeRequest.filter(conversation_id=other.id).get()
    assert await fulfil_code_request(request.id) == []
    for _ in range(2):
        await request_address_code(talk.id, "else@example.com")
    with pytest.raises(TooMany):
        await request_address_code(talk.id, "else@example.com")
    with pytest.raises(TooMany):
        await request_code(talk.id, "1001")
