"""Durable work: which job kind calls what. A handler calls one verb or one gateway and may run twice."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from app.demo.tick import tick_demo
from app.jobs.aftersales import follow_case, follow_told_case, look_at_cases
from app.jobs.answering import answer, give_up
from app.jobs.arriving import give_up_mail, receive_mail, reread_mail
from app.jobs.auditing import seal_audit
from app.jobs.automation import answer_by_rule, ask_about_occasion, ask_about_time
from app.jobs.bulk import change_tickets
from app.jobs.case_news import remind_of_case, tell_of_case
from app.jobs.claim_news import tell_of_claim
from app.jobs.claims import act_on_claim, conclude_claim
from app.jobs.clocks import look_at_tickets
from app.jobs.complaints import acknowledge_complaint, read_complaint
from app.jobs.context import JobContext
from app.jobs.folding import fold_order, fold_orders
from app.jobs.housekeeping import close_tickets, keep_house
from app.jobs.mailing import (
    forward_by_mail,
    give_up_forwarded,
    give_up_held_forward,
    give_up_reply,
    give_up_sent,
    release_held_forward,
    reply_by_mail,
    send_code,
    send_mail,
    send_transcript,
)
from app.jobs.notices import send_notice
from app.jobs.promises import judge_promise
from app.jobs.reconciling import compare_with_shop, plan_comparisons
from app.jobs.refunding import find_lost, look_up, pay_back, record_refund, tell_ticket
from app.jobs.releasing import give_back_reply, release_reply
from app.jobs.reviewing import review_answers
from app.jobs.routing import drain_queue, look_after_queue
from app.jobs.statements import compare_with_statement, plan_statements
from app.jobs.stock import share_out_stock, tell_short_orders
from app.jobs.suggesting import suggest_order
from app.jobs.withdrawals import acknowledge_withdrawal, place_withdrawal

Handler = Callable[[dict[str, Any], JobContext], Awaitable[None]]
Together = Callable[[Sequence[dict[str, Any]], JobContext], Awaitable[Sequence[Exception | None]]]

HANDLERS: dict[str, Handler] = {
    "orders.fold": fold_order,
    "orders.reconcile": plan_comparisons,
    "orders.compare": compare_with_shop,
    "orders.stock.intake": share_out_stock,
    "orders.short": tell_short_orders,
    "claim.act": act_on_claim,
    "claim.conclude": conclude_claim,
    "claim.tell": tell_of_claim,
    "aftersale.tell": tell_of_case,
    "bot.answer": answer,
    "reply.release": release_reply,
    "ticket.suggest": suggest_order,
    "answers.review": review_answers,
    "code.send": send_code,
    "transcript.send": send_transcript,
    "mail.receive": receive_mail,
    "mail.reread": reread_mail,
    "mail.send": send_mail,
    "mail.reply": reply_by_mail,
    "mail.forward": forward_by_mail,
    "mail.forward.release": release_held_forward,
    "notice.send": send_notice,
    "refund.pay": pay_back,
    "refund.look": look_up,
    "refund.sweep": find_lost,
    "refund.tell": tell_ticket,
    "refund.record": record_refund,
    "refund.reconcile": plan_statements,
    "refund.compare": compare_with_statement,
    "promise.judge": judge_promise,
    "audit.seal": seal_audit,
    "routing.drain": drain_queue,
    "routing.tick": look_after_queue,
    "housekeeping.daily": keep_house,
    "tickets.close": close_tickets,
    "tickets.clocks": look_at_tickets,
    "rules.run": ask_about_occasion,
    "rules.tick": ask_about_time,
    "rules.reply": answer_by_rule,
    "tickets.bulk": change_tickets,
    "complaint.acknowledge": acknowledge_complaint,
    "complaint.read": read_complaint,
    "aftersales.timers": look_at_cases,
    "aftersales.follow": follow_case,
    "aftersales.told": follow_told_case,
    "aftersales.remind": remind_of_case,
    "withdrawal.acknowledge": acknowledge_withdrawal,
    "withdrawal.place": place_withdrawal,
    "demo.tick": tick_demo,
}

# Kinds whose waiting jobs are done many at once; a job that was tried before is done by its handler above.
TOGETHER: dict[str, Together] = {"orders.fold": fold_orders}

# Kinds that may come by the thousand, from outside: they take half of the places at most.
BULK = frozenset({"mail.receive", "mail.reread"})

# What is done when a job of this kind is given up.
LAST_RESORTS: dict[str, Handler] = {
    "bot.answer": give_up,
    "reply.release": give_back_reply,
    "mail.receive": give_up_mail,
    "mail.reply": give_up_reply,
    "mail.forward": give_up_forwarded,
    "mail.forward.release": give_up_held_forward,
    "mail.send": give_up_sent,
}
