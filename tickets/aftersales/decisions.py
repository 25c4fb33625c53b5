"""Decisions on after-sales cases: granted, refused, asked back; by a policy, a person, a platform or the time."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from core import audit
from core.clock import now, utc
from core.errors import Conflict, Forbidden, Invalid
from core.people import SYSTEM, Actor
from core.text import clean
from orders.claims.models import LIVE, Claim
from orders.claims.rules import What
from orders.policies.deciding import Outcome
from tickets.aftersales.evidence import photos_of
from tickets.aftersales.fulfilling import fulfil
from tickets.aftersales.models import AfterSale, AfterSaleLine
from tickets.aftersales.money import pay
from tickets.aftersales.moves import Case, take_step
from tickets.aftersales.states import SENIOR, State
from tickets.aftersales.timers import told_by_platform

TEXT_LIMIT = 1000  # characters
BY_POLICY, BY_PERSON, AGAINST_POLICY, BY_TIME, BY_PLATFORM = "policy", "person", "against_policy", "time", "platform"
_RULES = (BY_POLICY, BY_TIME)


async def approve_case(
    public_id: str,
    actor: Actor,
    *,
    amount: int | None = None,
    units: Mapping[int, int] | None = None,
    version: int | None = None,
) -> AfterSale:
    """Grant it: at most `amount` (minor units), and of its lines (by id) no more `units` than these.

    What a policy refuses, only a supervisor grants. Raises NotFound, Invalid (bad_amount, bad_units), Forbidden, and
    Conflict (bad_step, case_changed, what refunds refuse).
    """

    async def step(case: Case) -> None:
        against = case.row.decision.get("outcome") == Outcome.REFUSE and case.row.decision.get("rule") != BY_PLATFORM
        if against and case.role not in SENIOR:
            raise Forbidden("the policy refuses this", code="against_policy")
        if amount is not None and (amount < 0 or (case.row.amount is not None and amount > case.row.amount)):
            raise Invalid("no more than was asked for", code="bad_amount")
        case.row.granted = amount if amount is not None else case.row.amount
        if against:
            await audit.note(actor, "case.granted_against_policy", public_id, kind=case.row.kind)
        await grant(case, AGAINST_POLICY if against else BY_PERSON, actor, units)

    return await take_step(public_id, actor, step, version)


async def reject_case(public_id: str, actor: Actor, why: str, *, version: int | None = None) -> AfterSale:
    """Refuse it, and say why. Raises NotFound, Invalid (empty_text), Conflict, Forbidden."""
    words = _words(why)

    async def step(case: Case) -> None:
        await reject(case, BY_PERSON, actor, words)

    return await take_step(public_id, actor, step, version)


async def ask_for_info(public_id: str, actor: Actor, what: str, *, version: int | None = None) -> AfterSale:
    """The customer has to say or show more. Raises NotFound, Invalid (empty_text), Conflict, Forbidden."""
    words = _words(what)

    async def step(case: Case) -> None:
        case.row.answer = words
        await case.move(State.NEEDS_INFO, "answer", text=words)

    return await take_step(public_id, actor, step, version)


async def give_info(
    public_id: str, actor: Actor, note: str = "", photos: Sequence[str] = (), *, version: int | None = None
) -> AfterSale:
    """What was asked for: words, photos of the conversation. Raises NotFound, Conflict, Forbidden."""

    async def step(case: Case) -> None:
        assert case.ticket is not None
        case.row.evidence += await photos_of(case.ticket.conversation_id, photos, State.NEEDS_INFO)
        case.row.note = "\n".join(part for part in (case.row.note, clean(note, limit=TEXT_LIMIT)) if part)[:TEXT_LIMIT]
        await case.move(State.UNDER_REVIEW, "evidence", "note")

    return await take_step(public_id, actor, step, version)


async def platform_intervenes(
    public_id: str, actor: Actor, reference: str, due_at: datetime | None = None, *, version: int | None = None
) -> AfterSale:
    """The platform decides now: under its own number, and until when (UTC) it wants our word."""

    async def step(case: Case) -> None:
        case.row.platform_ref = clean(reference, limit=120) or case.row.platform_ref
        await case.move(State.PLATFORM_REVIEW, "platform_ref", text=case.row.platform_ref)
        if due_at is not None:
            await told_by_platform(case.row, utc(due_at))

    return await take_step(public_id, actor, step, version)


async def platform_decides(
    public_id: str, actor: Actor, *, granted: bool, why: str = "", version: int | None = None
) -> AfterSale:
    """What the platform has decided holds, whatever a policy says."""

    async def step(case: Case) -> None:
        if case.row.state != State.PLATFORM_REVIEW:
            raise Conflict("the platform has not stepped in", code="bad_step", current=case.row.state)
        if granted:
            await grant(case, BY_PLATFORM, actor)
        else:
            await reject(case, BY_PLATFORM, actor, clean(why, limit=TEXT_LIMIT))

    return await take_step(public_id, actor, step, version)


async def cancel_case(public_id: str, actor: Actor, why: str = "", *, version: int | None = None) -> AfterSale:
    """The customer does not want it any more. Not once the goods are back or the money moves.

    Raises NotFound, Forbidden, Conflict (bad_step; being_decided while the shop is asked to stop the goods).
    """

    async def step(case: Case) -> None:
        if await Claim.exists(case_id=public_id, what=What.CANCEL, state__in=LIVE):
            raise Conflict("the shop is being asked", code="being_decided")
        await case.move(State.CANCELLED, text=clean(why, limit=TEXT_LIMIT))

    return await take_step(public_id, actor, step, version)


async def grant(case: Case, rule: str, actor: Actor, units: Mapping[int, int] | None = None) -> None:
    """Approve a locked case and go on to what follows. `rule` says what allowed it.

    Raises Conflict, Forbidden, Invalid (bad_units).
    """
    await _approve(case, rule, actor, units or {})
    await fulfil(case, by_rule=rule in _RULES)


async def approve_and_pay(case: Case, rule: str) -> None:
    """Approve a locked case and give the money back at once, whatever becomes of the goods. Raises Conflict."""
    await _approve(case, rule, SYSTEM, {})
    await pay(case, by_rule=True)


async def decide_new(case: Case, outcome: Outcome) -> None:
    """Carry out what the policy says to a new case: grant, refuse, or let a person look."""
    if outcome is Outcome.GRANT:
        await grant(case, BY_POLICY, SYSTEM)
    elif outcome is Outcome.REFUSE:
        await reject(case, BY_POLICY, SYSTEM, "")
    else:
        await case.move(State.UNDER_REVIEW, by=SYSTEM)


async def reject(case: Case, rule: str, actor: Actor, words: str) -> None:
    """Refuse a locked case, by `rule`; `words` are for the customer. Raises Conflict, Forbidden."""
    row = case.row
    row.decision, row.decided_at = row.decision | {"rule": rule, "granted": False}, now()
    row.answer = words
    columns = ("decision", "decided_at", "answer")
    await case.move(State.REJECTED, *columns, by=_as_rule(rule), rule=rule, text=words)


async def _approve(case: Case, rule: str, actor: Actor, units: Mapping[int, int]) -> None:
    row = case.row
    row.decision, row.decided_at = row.decision | {"rule": rule, "granted": True}, now()
    await case.move(State.APPROVED, "decision", "decided_at", "granted", by=_as_rule(rule), rule=rule)
    lines = await AfterSaleLine.filter(case_id=row.id)
    wanted = {line.id: units.get(line.id, line.asked) for line in lines}
    if any(not 0 <= wanted[line.id] <= line.asked for line in lines) or (lines and not any(wanted.values())):
        raise Invalid("of what is asked for, all or some", code="bad_units")
    for line in lines:
        line.approved, line.accepted = wanted[line.id], None  # goods that were refused before are looked at anew
        await line.save(update_fields=["approved", "accepted"])


def _as_rule(rule: str) -> Actor | None:
    """A policy and the time act as the desk itself, everybody else in their own role."""
    return SYSTEM if rule in _RULES else None


def _words(text: str) -> str:
    words = clean(text, limit=TEXT_LIMIT)
    if not words:
        raise Invalid("say it in words", code="empty_text")
    return words
