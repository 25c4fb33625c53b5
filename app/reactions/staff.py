"""After the commit: what changes of the staff and of the queue mean to those who wait and to those who work."""

from app.reactions.gathering import Gathered
from app.realtime import rendering
from app.realtime.frames import Work
from app.realtime.hub import Hub
from app.realtime.inbox import InboxNews
from app.realtime.topics import agent_topic, conversation_topic
from conversations.events import HandlerChanged
from conversations.models import AGENT, CHAT, QUEUE, Conversation
from core.people import Agent, shop_ids_of
from tickets.capacity import Weights, loads
from tickets.events import StaffChanged, TicketChanged, TicketOpened
from tickets.models import Ticket

PAUSE_SECONDS = 1.0
MOST_TOLD = 100  # customers who hear of one change
MOVES = frozenset({"priority", "status", "merge"})  # changes of a ticket that move others in the queue
EASES = frozenset({"assignment", "status", "merge"})  # and that change how much somebody has to do


class StaffNews:
    """Pushes places in the queue, presence to customers, and how much each agent has to do."""

    def __init__(self, hub: Hub, inbox: InboxNews, weights: Weights) -> None:
        self.hub, self.inbox, self.weights = hub, inbox, weights
        self.places = Gathered(self._tell_places, PAUSE_SECONDS)
        self.work = Gathered(self._tell_work, PAUSE_SECONDS)

    async def handler_changed(self, event: HandlerChanged) -> None:
        """Somebody entered or left the queue; whoever has it now or had it has another load."""
        if QUEUE in (event.handler, event.before):
            await self.places.ask(event.shop_id)
        await self._weigh(event.agent_id, event.before_agent_id)

    async def ticket_changed(self, event: TicketOpened | TicketChanged) -> None:
        """Another order of the queue, or another load."""
        what = "status" if isinstance(event, TicketOpened) else event.what
        if what in MOVES:
            await self.places.ask(event.shop_id)
        if what in EASES:
            ticket = await Ticket.get(id=event.ticket_id).select_related("conversation")
            await self._weigh(ticket.assignee_id, ticket.conversation.agent_id)

    async def staff_changed(self, event: StaffChanged) -> None:
        """Customers hear whether who answers them is there; those who wait hear what that means for them."""
        agent = await Agent.get(id=event.agent_id)
        if event.what in ("came", "gone"):
            talks = Conversation.filter(agent_id=agent.id, handler=AGENT, channel=CHAT).order_by("-last_message_at")
            for public_id in await talks.limit(MOST_TOLD).values_list("public_id", flat=True):
                frame = rendering.agent_presence(str(public_id), agent.name, on=event.what == "came")
                self.hub.publish(conversation_topic(str(public_id)), frame)
        for shop_id in await shop_ids_of(agent):
            self.inbox.tell(shop_id, "", what="people")
            await self.places.ask(shop_id)
        await self._weigh(agent.id)

    async def _weigh(self, *agent_ids: int | None) -> None:
        for agent_id in {one for one in agent_ids if one is not None}:
            await self.work.ask(agent_id)

    async def _tell_places(self, shop_id: int) -> None:
        """Everybody who waits in a chat hears where they stand now; those behind a long queue hear it later."""
        places, online = await self.hub.places.read(shop_id)
        if not places:
            return
        first = sorted(places, key=lambda conversation_id: places[conversation_id].number)[:MOST_TOLD]
        for talk in await Conversation.filter(id__in=first, channel=CHAT):
            place = places[talk.id]
            frame = rendering.queue_frame(talk.public_id, online=online, by=place.due, place=place)
            self.hub.publish(conversation_topic(talk.public_id), frame)

    async def _tell_work(self, agent_id: int) -> None:
        """The head of the agent's own pages."""
        agent = await Agent.get_or_none(id=agent_id)
        if agent is None:
            return
        load = (await loads([agent_id], self.weights))[agent_id]
        frame = Work(load=load, capacity=agent.capacity, availability=agent.availability)
        self.hub.publish(agent_topic(agent_id), frame.model_dump())
