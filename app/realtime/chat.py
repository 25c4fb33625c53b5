"""A customer's side of the socket: frames in, verbs called, frames out. It knows one shop and one conversation."""

import time
from collections.abc import Sequence
from typing import Any

from app.auth import visitors
from app.auth.identifying import identify, is_identified
from app.auth.identities import read_identity
from app.limits import Limiter
from app.realtime import rendering
from app.realtime.channel import Channel
from app.realtime.client_frames import (
    ClientFrame,
    Enquire,
    Fetch,
    Hello,
    Identify,
    Leave,
    Ping,
    Post,
    Prove,
    Rate,
    Read,
    Received,
    Show,
    Speak,
    Transcript,
    Typing,
)
from app.realtime.frames import Bye, Enquired, Error, History, Pong, TypingNow, Welcome
from app.realtime.polls import Place, stamp_of
from app.realtime.requests import chosen_order, orders_frame, prove, transcript
from app.realtime.topics import conversation_topic, desk_topic, visitor_topic
from conversations.languages import speak
from conversations.models import CHAT, QUEUE, Conversation, Message
from conversations.opening import chat_with
from conversations.posting import post
from conversations.proofs import withdraw_token_proofs
from conversations.queries import messages_after, messages_before
from conversations.rating import is_rated, rate
from conversations.reading import CUSTOMER, mark_read, mark_received
from core.errors import Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from core.people import Actor, Customer, anyone_online
from core.shops import Shop
from tickets.enquiries import Enquiry, enquire
from tickets.models import Ticket
from tickets.statuses import Status

PAGE = 50
TYPING_SECONDS = 2.0


class ChatSession:
    """One open widget. The conversation begins with the first message."""

    def __init__(self, connection: Channel, shop: Shop, limiter: Limiter, secret: bytes, address: str) -> None:
        self.connection, self.shop, self.limiter, self.address = connection, shop, limiter, address
        self._secret = secret
        self._token = ""
        self._language = shop.language
        self._customer: Customer | None = None
        self._conversation: Conversation | None = None
        self._typed_at = 0.0
        self._kept: bool | None = None  # whether the identity that was just read left the visitor who they were
        self._is_open = True

    async def start(self, hello: Hello) -> None:
        """Subscribe first, then catch up: what happens in between comes behind the welcome, perhaps twice, and is
        merged by its number."""
        self._language, self._is_open = hello.language or self._language, hello.shown
        with self.connection.hub.held(self.connection):
            await self._begin(hello)

    async def _begin(self, hello: Hello) -> None:
        fresh = not visitors.is_genuine(self._secret, self.shop.key, hello.token) or await visitors.is_dead(hello.token)
        self._token = visitors.issue(self._secret, self.shop.key) if fresh else hello.token
        self.connection.hub.subscribe(visitor_topic(visitors.digest(self._token)), self.connection)
        if not fresh:
            await self._find()
        began_with = self._token
        if hello.identity:
            await self._try_identity(hello.identity)
        moved = self._token != began_with
        await self._welcome(0 if moved else hello.last, self._token if fresh or moved else None, epoch=hello.epoch)

    async def resume(self, hello: Hello) -> bool:
        """Go on where an earlier request left off. False when the token stands for nobody any more."""
        self._language, self._is_open = hello.language or self._language, hello.shown
        if not visitors.is_genuine(self._secret, self.shop.key, hello.token) or await visitors.is_dead(hello.token):
            return False
        self._token = hello.token
        self.connection.hub.subscribe(visitor_topic(visitors.digest(self._token)), self.connection)
        await self._find()
        return True

    async def look(self, places: Sequence[Place], *, tell: bool) -> dict[str, str]:
        """The stamp of the conversation; with `tell`, what has happened since the stamp that the client has."""
        if self._conversation is None:
            return {}
        await self._conversation.refresh_from_db()  # it was found before its topic was subscribed
        known = {place.conversation: place for place in places}.get(self._conversation.public_id)
        stamp = stamp_of(self._conversation, (await rendering.speaking(self._conversation))["here"])
        if tell and known is None:
            self.connection.send(rendering.hint_frame(self._conversation, changed=True))
        elif tell and known is not None and known.stamp != stamp:
            self.connection.send(await history(self._conversation, Fetch(after=known.last)))
        return {self._conversation.public_id: stamp}

    async def handle(self, frame: ClientFrame) -> None:
        """Do what a frame asks. Raises the errors of the verbs."""
        match frame:
            case Post():
                await self._post(frame)
            case Typing():
                await self._typing(frame)
            case Read() | Received():
                await self._mark(frame)
            case Fetch():
                await self._fetch(frame)
            case Speak():
                await self._speak(frame)
            case Ping():
                self.connection.send(Pong().model_dump())
            case _:
                await self._handle_wish(frame)

    async def _handle_wish(self, frame: ClientFrame) -> None:
        match frame:
            case Identify():
                await self._identify(frame.token)
                await self._welcome(0, self._token)
            case Rate():
                await self._rate(frame)
            case Enquire():
                await self._enquire(frame)
            case Prove():
                await self._prove(frame)
            case Transcript():
                await self._transcript(frame)
            case Show():
                self._show(frame)
            case Leave():
                await self._leave()
            case _:
                raise Forbidden(f"{frame.type} is not for customers", code="not_for_you")

    async def _post(self, frame: Post) -> None:
        await self.limiter.hit("chat.post.person", visitors.digest(self._token))
        await self.limiter.hit("chat.post.address", self.address)
        found = await self._find()
        began = found is None or found.last_number == 0  # a file may have come before the first word
        if found is None:
            customer = await visitors.admit(self._token, self.shop, language=self._language)
            self._follow(customer, await chat_with(self.shop, customer, language=self._language))
        conversation = await self._own(frame.conversation)
        assert self._customer is not None
        order = await chosen_order(conversation, frame.order) if frame.order else None
        message = await post(
            conversation.id,
            Actor.of(self._customer),
            frame.text,
            client_id=frame.client_id,
            channel=CHAT,
            language=frame.language,
            attachments=frame.attachments,
            order_id=order.id if order else None,
        )
        self.connection.send(ack(conversation, message))
        if began:  # other tabs of the same visitor
            await conversation.refresh_from_db(fields=["last_number"])
            hint = rendering.hint_frame(conversation, changed=True)
            self.connection.hub.publish(visitor_topic(visitors.digest(self._token)), hint)

    async def _rate(self, frame: Rate) -> None:
        await self.limiter.hit("chat.post.person", visitors.digest(self._token))
        await self._find()
        conversation = await self._own(None)
        assert self._customer is not None
        await rate(conversation.id, Actor.of(self._customer), frame.score, frame.text)

    async def _enquire(self, frame: Enquire) -> None:
        await self.limiter.hit("chat.enquire.address", self.address)
        ticket = await enquire(
            self.shop,
            Enquiry(
                name=frame.name,
                contact=frame.contact,
                text=frame.text,
                order_number=frame.order,
                language=frame.language or self._language,
                client_id=frame.client_id,
            ),
        )
        by = rendering.stamp(ticket.first_reply_due_at) if ticket.first_reply_due_at else None
        self.connection.send(Enquired(client_id=frame.client_id, number=ticket.number, by=by).model_dump())

    async def _prove(self, frame: Prove) -> None:
        await self.limiter.hit("chat.prove.person", visitors.digest(self._token))
        await self.limiter.hit("chat.prove.address", self.address)
        await self._find()
        self.connection.send(await prove(await self._own(None), frame))

    async def _transcript(self, frame: Transcript) -> None:
        await self.limiter.hit("chat.transcript.person", visitors.digest(self._token))
        await self._find()
        conversation = await self._own(None)
        assert self._customer is not None
        self.connection.send(await transcript(conversation, Actor.of(self._customer), frame))

    async def _typing(self, frame: Typing) -> None:
        conversation = await self._own(frame.conversation)
        if frame.on and time.monotonic() - self._typed_at < TYPING_SECONDS:
            return
        self._typed_at = time.monotonic() if frame.on else 0.0
        typing = TypingNow(conversation=conversation.public_id, who="customer", on=frame.on)
        self.connection.hub.publish(desk_topic(conversation.public_id), typing.model_dump())

    async def _mark(self, frame: Read | Received) -> None:
        conversation = await self._own(frame.conversation)
        mark = mark_read if isinstance(frame, Read) else mark_received
        await mark(conversation.id, CUSTOMER, frame.number)

    def _show(self, frame: Show) -> None:
        self._is_open = frame.on
        if self._conversation is not None:
            self._attend(self._conversation)

    async def _fetch(self, frame: Fetch) -> None:
        await self._find()
        conversation = await self._own(frame.conversation)
        await conversation.refresh_from_db()
        self.connection.send(await history(conversation, frame))

    async def _speak(self, frame: Speak) -> None:
        """Everything that is on the screen comes anew, in the other language."""
        self._language = frame.language
        conversation = await self._find()
        if conversation is not None:
            await speak(conversation.id, frame.language)
        await self._welcome(0)

    async def _try_identity(self, token: str) -> None:
        """Somebody whom the shop's page cannot identify is a guest, not a stranger to be sent away."""
        try:
            await self._identify(token)
        except (Unauthenticated, TooMany) as error:
            self.connection.send(Error(code=error.code, detail=error.detail).model_dump())

    async def _identify(self, token: str) -> None:
        """Take the shop's word for who this is. The visitor's token changes, unless it was this customer's already."""
        await self.limiter.hit("chat.identify.address", self.address)
        identity = read_identity(token, self.shop)
        visitor = await visitors.find(self._token, self.shop)
        was_theirs = visitor is not None and await is_identified(visitor.id)
        customer, conversation = await identify(identity, self.shop, visitor=visitor, language=self._language)
        self._kept = visitor is not None and visitor.id == customer.id
        if not was_theirs or visitor is None or visitor.id != customer.id:
            fresh = visitors.issue(self._secret, self.shop.key)
            await visitors.replace(self._token, fresh, customer)
            self._unfollow()
            moved = Bye(reason="moved").model_dump()  # who else has the old token, hears nothing more
            self.connection.hub.publish(visitor_topic(visitors.digest(self._token)), moved)
            self._token = fresh
            self.connection.hub.subscribe(visitor_topic(visitors.digest(fresh)), self.connection)
        self._follow(customer, conversation)

    async def _leave(self) -> None:
        if await self._find() is not None:
            assert self._conversation is not None
            await withdraw_token_proofs(self._conversation.id)
        await visitors.end(self._token)
        bye = Bye(reason="left").model_dump()
        self.connection.hub.publish(visitor_topic(visitors.digest(self._token)), bye)

    async def _welcome(self, last: int, token: str | None = None, *, epoch: int | None = None) -> None:
        online = await anyone_online(self.shop.id)
        welcome = Welcome(
            visitor_token=token,
            shop=self.shop.name,
            language=self._language,
            online=online,
            hours=rendering.hours_of(self.shop, online),
            kept=self._kept,
        ).model_dump()
        if self._conversation is not None:
            welcome |= await _state(self._conversation, last, epoch)
        self._kept = None  # said once
        self.connection.send(welcome)
        if self._conversation is None:
            return
        if welcome["handler"] == QUEUE:
            standing = await self.connection.hub.places.read(self.shop.id)
            self.connection.send(rendering.place_frame(self._conversation, standing))
        if (orders := await orders_frame(self._conversation)) is not None:
            self.connection.send(orders)

    async def _own(self, public_id: str | None) -> Conversation:
        if self._conversation is None or public_id not in (None, self._conversation.public_id):
            raise NotFound("no such conversation")
        return self._conversation

    async def _find(self) -> Conversation | None:
        """The visitor's conversation, as soon as there is one."""
        if self._conversation is None:
            customer = await visitors.find(self._token, self.shop)
            if customer is not None:
                self._follow(customer, await chat_with(self.shop, customer, language=self._language))
        return self._conversation

    def _follow(self, customer: Customer, conversation: Conversation) -> None:
        self._customer, self._conversation = customer, conversation
        self.connection.hub.subscribe(conversation_topic(conversation.public_id), self.connection)
        self._attend(conversation)

    def _attend(self, conversation: Conversation) -> None:
        """The desk sees that the customer is there."""
        attendance = self.connection.hub.attendance
        attendance.enter(conversation.public_id, self.connection, self.shop.id, is_open=self._is_open)

    def _unfollow(self) -> None:
        hub = self.connection.hub
        hub.unsubscribe(visitor_topic(visitors.digest(self._token)), self.connection)
        if self._conversation is not None:
            hub.unsubscribe(conversation_topic(self._conversation.public_id), self.connection)
            hub.attendance.leave(self.connection)


def ack(conversation: Conversation, message: Message) -> dict[str, Any]:
    """The post is stored for good. Never sent before the commit."""
    return rendering.ack_frame(conversation.public_id, message)


async def history(conversation: Conversation, frame: Fetch) -> dict[str, Any]:
    """The page of messages that `frame` asks for, and who speaks now. Raises Invalid when it asks for neither side."""
    if (frame.after is None) == (frame.before is None):
        raise Invalid("fetch either after or before a number", code="bad_fetch")
    if frame.after is not None:
        messages = await messages_after(conversation.id, frame.after, PAGE + 1)
        more, messages = len(messages) > PAGE, messages[:PAGE]
    else:
        messages = await messages_before(conversation.id, frame.before, PAGE + 1)
        more, messages = len(messages) > PAGE, messages[-PAGE:]
    page = History(
        conversation=conversation.public_id,
        messages=[],
        more=more,
        handler=conversation.handler,
        **await rendering.speaking(conversation),
        order=await rendering.shown_card(conversation),
        marks=rendering.marks(conversation),
        epoch=conversation.epoch,
    ).model_dump()
    page["messages"] = await rendering.message_frames(conversation, messages)
    return page


async def _state(conversation: Conversation, last: int, epoch: int | None) -> dict[str, Any]:
    """What a welcome says about the conversation. Read anew: it was found before its topic was subscribed."""
    await conversation.refresh_from_db()
    void = epoch is not None and epoch != conversation.epoch  # the client's numbers are of another history
    messages, truncated = await _missed(conversation, 0 if void else last)
    return {
        "conversation": conversation.public_id,
        "handler": conversation.handler,
        **await rendering.speaking(conversation),
        "messages": await rendering.message_frames(conversation, messages),
        "truncated": truncated or void,
        "order": await rendering.shown_card(conversation),
        "read": conversation.desk_read,
        **await _work(conversation),
        "marks": rendering.marks(conversation).model_dump(),
        "epoch": conversation.epoch,
    }


async def _work(conversation: Conversation) -> dict[str, Any]:
    """Where the newest ticket stands, and whether it is time to ask how the help was."""
    ticket = await Ticket.filter(conversation_id=conversation.id).order_by("-id").first()
    if ticket is None:
        return {}
    if ticket.merged_into_id is not None:  # its work goes on in another one, of which they see the number only
        ticket = await Ticket.get(id=ticket.merged_into_id)
    frame = rendering.ticket_frame(conversation.public_id, ticket.number, ticket.kind, ticket.status)
    done = ticket.status in (Status.RESOLVED, Status.CLOSED)
    by = ticket.first_reply_due_at if conversation.handler == QUEUE else None
    return {
        "ticket": frame,
        "by": rendering.stamp(by) if by else None,
        "rate": done and not await is_rated(conversation),
    }


async def _missed(conversation: Conversation, last: int) -> tuple[list[Message], bool]:
    """The messages after `last`, or the newest page when that is too many (or `last` never was)."""
    if 0 < last <= conversation.last_number:
        missed = await messages_after(conversation.id, last, PAGE + 1)
        if len(missed) <= PAGE:
            return missed, False
    newest = await messages_before(conversation.id, None, PAGE)
    return newest, last > conversation.last_number or bool(newest and newest[0].number > 1)
