"""An agent's side of the socket: every view is checked when it opens, and ends when the right to it does."""

import time
from collections.abc import Sequence

from app.auth.models import Session
from app.auth.sessions import is_alive
from app.limits import Limiter
from app.realtime import rendering
from app.realtime.channel import Channel, Close
from app.realtime.chat import TYPING_SECONDS, ack, history
from app.realtime.client_frames import ClientFrame, Fetch, Hello, Ping, Post, Read, Received, Typing, Unwatch, Watch
from app.realtime.frames import Bye, Inbox, Pong, Presence, TypingNow, Welcome
from app.realtime.polls import Place, stamp_of
from app.realtime.topics import agent_topic, conversation_topic, desk_topic, shop_topic
from conversations.access import conversation_for
from conversations.models import CHAT, Conversation, Note
from conversations.posting import post
from conversations.queries import notes_of
from conversations.reading import DESK, mark_read, mark_received
from core.errors import Forbidden, Invalid, NotFound
from core.people import Actor, shop_ids_of
from orders.sights import Sight
from tickets.staffing import show_presence

SHOW_PRESENCE_SECONDS = 20.0
NOTES = 100


class DeskSession:
    """One open console page. It hears the inboxes of the agent's shops and the conversations it watches."""

    def __init__(self, connection: Channel, session: Session, limiter: Limiter) -> None:
        self.connection, self.session, self.limiter = connection, session, limiter
        self.agent = session.agent
        self._shop_ids: list[int] = []
        self._watched: set[str] = set()
        self._typed_at = 0.0
        self._shown_at = 0.0

    async def start(self, hello: Hello) -> None:
        """Subscribe to what concerns the agent, and greet."""
        await self.resume()
        await self._sign_of_life()
        self._shown_at = time.monotonic()
        welcome = Welcome(language=hello.language or self.agent.language, agent=self.agent.name, online=True)
        self.connection.send(welcome.model_dump())

    async def resume(self) -> None:
        """Subscribe to what concerns the agent."""
        self.connection.hub.departures.came(self.agent.id)
        self._shop_ids = await shop_ids_of(self.agent)
        for topic in (agent_topic(self.agent.id), *map(shop_topic, self._shop_ids)):
            self.connection.hub.subscribe(topic, self.connection)

    async def look(self, places: Sequence[Place], *, tell: bool) -> dict[str, str]:
        """Watch again what an earlier request watched. Returns the stamps; with `tell`, what has happened since."""
        stamps: dict[str, str] = {}
        for place in places:
            try:
                conversation = await self._follow(place.conversation)
            except NotFound:
                self.connection.send(Bye(reason="revoked", conversation=place.conversation).model_dump())
                continue
            newest = await Note.filter(conversation_id=conversation.id).order_by("-id").first()
            level = self.connection.hub.attendance.level(conversation.public_id)
            stamps[place.conversation] = stamp_of(conversation, newest.id if newest else 0, level)
            if tell and stamps[place.conversation] != place.stamp:
                await self._tell(conversation, place.last)
        if tell and time.monotonic() - self._shown_at >= SHOW_PRESENCE_SECONDS:
            self._show(self._watched, on=True)
        return stamps

    def remind(self) -> None:
        """Nothing was heard for a while: between two requests the inbox may have moved unheard."""
        self.connection.send(Inbox(conversation="", what="missed").model_dump())

    async def handle(self, frame: ClientFrame) -> None:
        """Do what a frame asks. Raises the errors of the verbs."""
        match frame:
            case Watch():
                await self._watch(frame)
            case Unwatch():
                self._unwatch(frame.conversation)
            case Post():
                await self._post(frame)
            case Typing():
                self._typing(frame)
            case Read():
                conversation = await conversation_for(self.agent, _named(frame.conversation))
                await mark_read(conversation.id, DESK, frame.number)
            case Received():
                conversation = await conversation_for(self.agent, _named(frame.conversation))
                await mark_received(conversation.id, DESK, frame.number)
            case Fetch():
                conversation = await conversation_for(self.agent, _named(frame.conversation))
                self.connection.send(await history(conversation, frame))
            case Ping():
                self.connection.send(Pong().model_dump())
            case _:
                raise Forbidden(f"{frame.type} is not for the desk", code="not_for_you")

    async def beat(self) -> None:
        """Every few seconds: end with the session or the membership, else show that the agent is there."""
        if not await is_alive(self.session):
            self.connection.close(Close.UNAUTHENTICATED, "signed_out")
        elif await shop_ids_of(self.agent) != self._shop_ids:
            self.connection.close(Close.RESTART, "changed")
        elif time.monotonic() - self._shown_at >= SHOW_PRESENCE_SECONDS:
            self._shown_at = time.monotonic()
            await self._sign_of_life()
            self._show(self._still_watched(), on=True)

    def leave(self) -> None:
        """The page is gone: colleagues see it at once."""
        self._show(self._watched, on=False)
        self.connection.hub.leave(self.connection)
        self.connection.hub.departures.left(self.agent.id)

    async def _sign_of_life(self) -> None:
        await show_presence(self.agent.id)

    async def _watch(self, frame: Watch) -> None:
        conversation = await self._follow(frame.conversation)
        await self._tell(conversation, frame.last)
        self._show({conversation.public_id}, on=True)

    async def _follow(self, public_id: str) -> Conversation:
        conversation = await conversation_for(self.agent, public_id)
        for topic in (conversation_topic(conversation.public_id), desk_topic(conversation.public_id)):
            self.connection.hub.subscribe(topic, self.connection)
        self._watched.add(conversation.public_id)
        await conversation.refresh_from_db()  # it was read before its topics were subscribed
        return conversation

    async def _tell(self, conversation: Conversation, last: int) -> None:
        page = Fetch(after=last, conversation=conversation.public_id)
        self.connection.send(await history(conversation, page))
        level = self.connection.hub.attendance.level(conversation.public_id)
        self.connection.send(rendering.customer_presence(conversation, level))
        for note in await notes_of(conversation.id, NOTES):
            author = note.agent.name if note.agent else ""
            self.connection.send(rendering.note_frame(conversation.public_id, note, author))

    def _unwatch(self, public_id: str) -> None:
        if public_id in self._watched:
            self._show({public_id}, on=False)
            self._watched.discard(public_id)
            self.connection.hub.unsubscribe(conversation_topic(public_id), self.connection)
            self.connection.hub.unsubscribe(desk_topic(public_id), self.connection)

    async def _post(self, frame: Post) -> None:
        await self.limiter.hit("console.post.person", str(self.agent.id))
        conversation = await conversation_for(self.agent, _named(frame.conversation))
        message = await post(
            conversation.id,
            Actor.of(self.agent),
            frame.text,
            client_id=frame.client_id,
            channel=CHAT,
            language=frame.language,
            attachments=frame.attachments,
            seen=frame.seen,
            order_versions={order_id: Sight(version) for order_id, version in frame.orders.items()},
        )
        self.connection.send(ack(conversation, message))

    def _typing(self, frame: Typing) -> None:
        public_id = _named(frame.conversation)
        if public_id not in self._still_watched():
            raise Forbidden("watch the conversation first", code="not_watched")
        if frame.on and time.monotonic() - self._typed_at < TYPING_SECONDS:
            return
        self._typed_at = time.monotonic() if frame.on else 0.0
        typing = TypingNow(conversation=public_id, who="agent", name=self.agent.name, on=frame.on, note=frame.note)
        topic = desk_topic(public_id) if frame.note else conversation_topic(public_id)
        self.connection.hub.publish(topic, typing.model_dump())

    def _still_watched(self) -> set[str]:
        """A revocation cuts the subscription under us."""
        self._watched = {
            public_id
            for public_id in self._watched
            if self.connection.hub.hears(desk_topic(public_id), self.connection)
        }
        return self._watched

    def _show(self, public_ids: set[str], *, on: bool) -> None:
        colleagues = self.connection.hub.colleagues
        for public_id in public_ids:
            if on:
                again = SHOW_PRESENCE_SECONDS / 2
                told = colleagues.shows(public_id, self.agent.id, self.connection, again_after=again)
            else:
                told = colleagues.leaves(public_id, self.agent.id, self.connection)
            if not told:
                continue
            presence = Presence(
                conversation=public_id, who="colleague", agent=self.agent.public_id, name=self.agent.name, on=on
            )
            self.connection.hub.publish(desk_topic(public_id), presence.model_dump())


def _named(public_id: str | None) -> str:
    if public_id is None:
        raise Invalid("name the conversation", code="conversation_missing")
    return public_id
