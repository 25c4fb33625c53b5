"""The handler lock: whatever bot, queue, agents and customer do, in whatever order, at most one speaks for the shop."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from app.database import open_database
from conversations.events import HandlerChanged
from conversations.handover import claim_waiting, give_to, hand_back, hand_to_queue, take
from conversations.models import Conversation
from conversations.posting import post
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.people import BOT, Actor, Agent, ShopMember
from tests.heard import Heard
from tests.people import World, chat, make_agent, make_world

GRABS = 50
AGENTS = st.integers(0, 2)


class OneSpeaker(RuleBasedStateMachine):
    """A model of the lock, two values long, beside the real verbs on a real database."""

    runner: asyncio.Runner
    world: World

    def __init__(self) -> None:
        super().__init__()
        self.agents = [self.world.omar, self.world.mei, self.world.sue]
        self.talk = self.runner.run(chat(self.world.lumen, self.world.ines))
        self.handler: str = "bot"
        self.holder: Agent | None = None

    def act(self, verb: Any, allowed: bool, handler: str, holder: Agent | None) -> None:
        """Do it: it succeeds when the model allows it, else it is refused and says who has the conversation."""
        try:
            self.runner.run(verb)
        except Conflict as error:
            refused = error
        else:
            assert allowed, "done although somebody else has it"
            self.handler, self.holder = handler, holder
            return
        assert not allowed, f"{refused.code} although allowed"
        told = {"handled_by_other": self.holder and self.holder.name, "not_your_turn": self.handler}
        assert refused.data.get("name", refused.data.get("handler")) == told[refused.code]

    async def reread(self) -> Conversation:
        return await Conversation.get(id=self.talk.id).select_related("agent")

    def free_for(self, agent: Agent) -> bool:
        return self.holder in (None, agent)

    @rule()
    def bot_speaks(self) -> None:
        words = post(self.talk.id, BOT, "On its way.", client_id=new_id("msg"))
        self.act(words, self.handler == "bot", self.handler, self.holder)

    @rule()
    def bot_asks_for_a_person(self) -> None:
        self.act(hand_to_queue(self.talk.id, BOT, "asked"), self.handler != "agent", "queue", None)

    @rule()
    def customer_asks_for_a_person(self) -> None:
        after = (self.handler, self.holder) if self.handler == "agent" else ("queue", None)
        self.act(hand_to_queue(self.talk.id, Actor.of(self.world.ines), "asked"), True, *after)

    @rule()
    def customer_writes(self) -> None:
        words = post(self.talk.id, Actor.of(self.world.ines), "Hello?", client_id=new_id("msg"))
        self.act(words, True, self.handler, self.holder)

    @rule(who=AGENTS, take_over=st.booleans())
    def agent_speaks(self, who: int, take_over: bool) -> None:
        agent = self.agents[who]
        words = post(self.talk.id, Actor.of(agent), "Hi!", client_id=new_id("msg"), take_over=take_over)
        self.act(words, take_over or self.free_for(agent), "agent", agent)

    @rule(who=AGENTS, take_over=st.booleans(), seen=st.one_of(st.none(), AGENTS))
    def agent_takes(self, who: int, take_over: bool, seen: int | None) -> None:
        agent = self.agents[who]
        shown = None if seen is None else self.agents[seen]
        meant = take_over and shown == self.holder
        verb = take(self.talk.id, agent, take_over=take_over, holder=shown.id if shown else None)
        self.act(verb, meant or self.free_for(agent), "agent", agent)

    @rule(who=AGENTS)
    def agent_hands_back(self, who: int) -> None:
        agent = self.agents[who]
        allowed = self.free_for(agent) or agent.role == "supervisor"
        self.act(hand_back(self.talk.id, agent), allowed, "bot", None)

    @rule(who=AGENTS)
    def agent_gives_to_the_queue(self, who: int) -> None:
        agent = self.agents[who]
        allowed = self.free_for(agent) or agent.role == "supervisor"
        self.act(hand_to_queue(self.talk.id, Actor.of(agent), "lunch"), allowed, "queue", None)

    @rule(who=AGENTS, to=AGENTS)
    def agent_gives_to_a_colleague(self, who: int, to: int) -> None:
        agent, colleague = self.agents[who], self.agents[to]
        allowed = self.free_for(agent) or agent.role == "supervisor"
        self.act(give_to(self.talk.id, colleague, Actor.of(agent)), allowed, "agent", colleague)

    @rule(who=AGENTS)
    def the_queue_is_drained(self, who: int) -> None:
        claimed = self.runner.run(claim_waiting(self.talk.id, self.agents[who].id))
        assert claimed == (self.handler == "queue")
        if claimed:
            self.handler, self.holder = "agent", self.agents[who]

    @rule(order=st.permutations([0, 1, 2]))
    def all_grab_at_once(self, order: list[int]) -> None:
        async def grab() -> list[Any]:
            grabs = [take(self.talk.id, self.agents[who]) for who in order]
            return await asyncio.gather(*grabs, return_exceptions=True)

        lost = [outcome for outcome in self.runner.run(grab()) if outcome is not None]
        talk = self.runner.run(self.reread())
        assert self.holder in (None, talk.agent)
        self.handler, self.holder = "agent", talk.agent
        assert talk.agent is not None
        assert [refused.data["name"] for refused in lost] == [talk.agent.name] * 2

    @invariant()
    def one_speaks(self) -> None:
        talk = self.runner.run(self.reread())
        assert (talk.handler, talk.agent_id) == (self.handler, self.holder.id if self.holder else None)


@pytest.mark.usefixtures("both_databases")
def test_at_every_moment_one_speaks(database_url: str) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        runner.run(stack.enter_async_context(open_database(database_url)))
        try:
            world = runner.run(make_world())
            machine = type("Machine", (OneSpeaker,), {"runner": runner, "world": world})
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=25,
                    stateful_step_count=25,
                    deadline=None,
                    derandomize=True,
                    database=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(stack.aclose())


@pytest.mark.anyio
@pytest.mark.usefixtures("both_databases")
async def test_of_fifty_who_grab_at_once_one_gets_it(world: World, heard: Heard) -> None:
    crowd = [await make_agent(f"Agent{number}") for number in range(GRABS)]
    for agent in crowd:
        await ShopMember.create(agent=agent, shop=world.lumen)
    talk = await chat(world.lumen, world.ines)
    await hand_to_queue(talk.id, BOT, "asked")
    heard.clear()
    takes = [take(talk.id, agent) for agent in crowd[::2]]
    claims = [claim_waiting(talk.id, agent.id) for agent in crowd[1::2]]
    outcomes = await asyncio.gather(*takes, *claims, return_exceptions=True)
    await talk.refresh_from_db()
    [winner] = [agent for agent in crowd if agent.id == talk.agent_id]
    told = Counter(type(outcome).__name__ if isinstance(outcome, Exception) else outcome for outcome in outcomes)
    won_by_taking = winner in crowd[::2]
    assert told["Conflict"] == GRABS // 2 - won_by_taking
    assert (told[None], told[True]) == (int(won_by_taking), int(not won_by_taking))
    names = {outcome.data["name"] for outcome in outcomes if isinstance(outcome, Conflict)}
    assert names == {winner.name}
    assert [event.agent_id for event in heard.of(HandlerChanged)] == [winner.id]


@pytest.mark.anyio
async def test_who_lost_it_and_who_did_it_is_on_record(world: World, heard: Heard) -> None:
    talk = await chat(world.lumen, world.ines)
    await take(talk.id, world.omar)
    await take(talk.id, world.sue, take_over=True, holder=world.omar.id)
    [_, taken] = heard.of(HandlerChanged)
    assert (taken.reason, taken.before, taken.before_agent_id) == ("taken_over", "agent", world.omar.id)
    assert (taken.agent_id, taken.by_agent_id) == (world.sue.id, world.sue.id)
    with pytest.raises(Conflict) as refused:  # Mei's page still shows Omar: she does not take it from Sue unknowingly
        await take(talk.id, world.mei, take_over=True, holder=world.omar.id)
    assert refused.value.data["name"] == "Sue"


@pytest.mark.anyio
async def test_it_is_given_only_to_people_of_the_shop(world: World) -> None:
    talk = await chat(world.lumen, world.ines)
    await hand_to_queue(talk.id, BOT, "asked")
    assert not await claim_waiting(talk.id, world.wei.id)
    with pytest.raises(NotFound):
        await give_to(talk.id, world.wei, Actor.of(world.omar))
    with pytest.raises(NotFound):
        await give_to(talk.id, world.omar, Actor.of(world.wei))
    await Agent.filter(id=world.omar.id).update(active=False)
    assert not await claim_waiting(talk.id, world.omar.id)
