"""Why something was not done, in the agent's words."""

from collections.abc import Mapping
from typing import Any

from app.i18n import gettext
from core.errors import WismoError


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


REASONS = {
    "stale": _("The customer has written since you began. Read it, then send again."),
    "order_changed": _("The order has changed since you looked. Read what is new, then send again."),
    "already_sent": _("Too late: it is sent."),
    "already_back": _("These words are back in the composer."),
    "draft_moved": _("You have changed this draft on another device."),
    "handled_by_other": _("%(name)s has the conversation."),
    "not_your_team": _("%(name)s has the conversation. Their team or a supervisor may take it over."),
    "already_assigned": _("%(name)s was faster."),
    "link_confirmed": _("A colleague has confirmed this order."),
    "empty_text": _("Write something first."),
    "attachment_gone": _("A file is not there any more. Please add it again."),
    "no_files_by_mail": _("Files cannot be sent by mail yet."),
    "answer_too_long": _("That is too long: 1,500 characters at most."),
    "text_too_long": _("That is too long: 8,000 characters at most."),
    "bad_time": _("A time that is still ahead, within a year."),
    "promise_settled": _("This promise is settled already."),
    "against_policy": _("The policy refuses this. Only a supervisor may grant it anyway."),
    "bad_step": _("The case has moved on: that step is not possible any more."),
    "case_waits": _("An after-sales case waits for the desk. Decide, inspect or refund first."),
    "case_open": _("An after-sales case is open: goods or money still come to this ticket."),
    "ticket_closed": _("The ticket is closed. Open it again, or use another one."),
    "case_changed": _("Somebody was faster: the case has changed. Look at it again."),
    "units_taken": _("Another open case is about these units."),
    "too_many_units": _("That is more units than there are."),
    "wrong_stage": _("This kind does not fit how far the goods have come."),
    "no_lines": _("Choose at least one unit."),
    "stale_order": _("The order has changed since you looked. Look at it again."),
    "being_decided": _("Somebody decides about these items already: see beside the order."),
    "claim_settled": _("There is an answer already: see beside the order."),
    "bad_units": _("These numbers of units cannot be right."),
    "bad_inspection": _("Say for each line what came."),
    "bad_tracking": _("A parcel has a tracking number."),
    "too_often": _("It was amended too often already."),
    "kind_changed": _("For something else, open another case."),
    "difference_open": _("The customer has not paid the difference yet."),
    "bad_transition": _("This has moved on: that step is not possible any more."),
    "not_your_step": _("Only a supervisor may do that."),
    "not_found": _("It is not there, or not yours."),
    "ticket_changed": _("%(name)s has changed this ticket meanwhile. Look again, then decide."),
    "cases_open": _("It has open cases. Say what becomes of them."),
    "evidence_missing": _("Something is missing: see “What it needs”. Ask the customer, or say that it is not needed."),
    "has_case": _("It has a complaint or an after-sales case of its own. Merge the other ticket into this one."),
    "nothing_chosen": _("Select tickets first."),
    "too_many_chosen": _("500 tickets at most at once."),
    "bad_view_name": _("A view has a name of 1 to 60 characters."),
    "bad_conditions": _("These conditions cannot be read."),
    "too_many_views": _("Twenty views at most. Delete one first."),
    "ticket_merged": _("This ticket goes on in ticket %(number)s."),
    "different_customers": _("These are the tickets of two customers. Only what one customer asked is merged."),
    "merge_itself": _("A ticket is not merged into itself."),
    "merge_into_closed": _("The other ticket is closed. Open it first."),
    "has_children": _("It has cases below it. Take them out first."),
    "merge_undone": _("They are parted already."),
    "merge_too_old": _("A merge can be undone for 30 days."),
    "merged_further": _("It was merged again since. Undo the later merge first."),
    "no_subject": _("The new ticket needs a subject."),
    "split_everything": _("Something has to stay with this ticket."),
    "no_parent": _("A problem has cases, and a case has none: one level only."),
    "bad_rule_title": _("A rule has a name of 1 to 80 characters."),
    "bad_trigger": _("Choose when the rule is asked."),
    "bad_wait": _("Say after how long: one minute to 90 days."),
    "bad_questions": _("One of the questions has no value that fits it."),
    "too_many_rules": _("A shop has a hundred rules at most."),
    "missing_value": _("The answer has a blank that nothing stands in. Fill it or take it out."),
    "bad_macro_name": _("A macro has a name of 1 to 80 characters."),
    "no_words": _("Write what it says in at least one language."),
    "unknown_blank": _("There is no such blank: %(name)s"),
    "bad_shortcut": _("A shortcut has letters, digits, - and _, thirty at most."),
    "shortcut_taken": _("Another macro has this shortcut."),
    "not_your_macro": _("Macros for everybody are written by supervisors."),
    "bad_action": _("Say what is to be done; one of the actions has no value that fits it."),
    "bad_tag": _("A tag has 1 to 40 characters and no comma."),
    "too_many_tags": _("A ticket has twenty tags at most."),
    "bad_capacity": _("A whole number from 0 to 100."),
    "bad_amount": _("Not a sum of money."),
    "bad_total": _("Not a sum of money."),
    "bad_name": _("A team needs a name."),
    "name_taken": _("Another team has this name."),
    "already_settled": _("Somebody has seen to it."),
    "proof_gone": _("The customer has to prove the order anew. Open the conversation and write to them."),
    "bad_rule": _("This rule cannot be read."),
    "bad_rule_name": _("A rule's name has small letters, digits and _."),
    "draft_changed": _("Somebody else has changed the draft. Load the page again."),
    "draft_exists": _("Somebody has begun a draft already. Here it is."),
    "bad_policy": _("This cannot be kept."),
    "nothing_new": _("Not published: it says what is in force already."),
    "no_rows": _("Not published: without rows it would decide nothing. Withdraw the policy instead."),
    "rehearsal_failed": _("Not published: examples or conversations would go wrong."),
    "name_retired": _("A retired team has this name. Bring it back, or choose another name."),
    "cause_and_remedy_missing": _("A complaint ends with a cause and a remedy. Decide it first, or dismiss it."),
    "customer_not_informed": _("The customer does not know the decision yet. Tell them first."),
    "options_not_told": _("Tell the customer where else they may turn to, and tick that you did."),
    "complaint_changed": _("Somebody has changed the complaint meanwhile. Look at it again."),
    "correction_missing": _("Say what is put right for the customer."),
    "bad_severity": _("Choose a severity."),
    "not_decided": _("First decide that the customer is right."),
    "not_our_fault": _("Nothing is given for what is not our fault."),
    "note_missing": _("Say why."),
    "already_offered": _("This was offered already."),
    "above_cap": _("That is more than may be given for this order, to this customer or in a day."),
    "not_approved": _("It is not approved, or not any more."),
    "not_waiting": _("Nobody waits for an answer to it any more."),
    "reference_missing": _("Say which transfer or coupon it is."),
    "bad_cause": _("Choose a cause from the list."),
    "bad_remedy": _("Choose a remedy."),
    "bad_outcome": _("Say whether the customer is right."),
    "weak_password": _("A password has 10 to 200 characters."),
    "wrong_password": _("That is not your password."),
}


def refusal(error: WismoError, language: str) -> dict[str, Any]:
    """The sentence, its tone, whether taking over would help, and which orders have changed (`order_changes`)."""
    return {
        "text": reason_in_words(error.code, error.data, language),
        "tone": "warn" if error.status == 409 else "bad",
        "take_over": error.code == "handled_by_other",
        "orders": error.data.get("orders", []) if error.code == "order_changed" else [],
    }


def reason_in_words(code: str, data: Mapping[str, Any], language: str) -> str:
    """The sentence for an error's code and data."""
    names = {**data, "name": data.get("name") or gettext(_("A colleague"), language)}
    text = gettext(REASONS.get(code, _("That did not work. Please try again.")), language)
    return text % names if "%(" in text else text
