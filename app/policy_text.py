"""Return policies in words, English or Chinese: rows, decisions, timers and what the check of a draft found."""

from collections.abc import Iterable
from datetime import timedelta

from app.i18n import gettext, ngettext
from app.policy_words import (
    CATEGORIES,
    EXPIRIES,
    FINDINGS,
    JURISDICTIONS,
    OUTCOMES,
    POLICIES,
    STAGES,
    TIMERS,
    WAYS,
)
from app.refund_text import WORDS as REASONS
from orders.policies.checking import Finding, FindingKind
from orders.policies.deciding import Category, Outcome, Row, Stage, Wish, terms_of
from orders.policies.terms import Terms
from orders.policies.timers import Timer
from orders.refunds.rules import SELLER_FAULT

APART = " · "


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


def policy_name(policy: str, version: int, language: str) -> str:
    """`The shop's own policy, version 4`, or `Draft`; "" where no policy has spoken."""
    if policy and not version:
        return gettext(_("Draft"), language)
    name = gettext(POLICIES.get(policy, policy), language) if policy else ""
    return gettext(_("%(name)s, version %(number)s"), language) % {"name": name, "number": version} if name else ""


def row_sentence(row: Row, language: str) -> str:
    """`Grant: within 14 days of delivery · any reason · goods back, the customer pays the way · 2011/83/EU`."""
    parts = [*conditions(row, language), *(terms(row, language) if row.outcome is not Outcome.REFUSE else [])]
    told = {"outcome": outcome(row.outcome, language), "row": APART.join([*parts, gettext(row.source, language)])}
    return gettext(_("%(outcome)s: %(row)s"), language) % told


def outcome(value: Outcome, language: str) -> str:
    return gettext(OUTCOMES[value], language)


def conditions(row: Row, language: str) -> list[str]:
    """What has to be so for the row to speak, each in a few words; what matches everything is not said."""
    parts = [_listed(JURISDICTIONS, row.jurisdictions, language)] if row.jurisdictions else []
    if row.within is not None:
        parts.append(_time(row, language))
    parts += [_stages(row, language)] if row.stages else []
    parts.append(_reasons(row, language))
    parts += [_categories(row, language)] if row.categories else []
    if row.informed is not None:
        told = _("was told of the right") if row.informed else _("was not told of the right")
        parts.append(gettext(told, language))
    return parts


def conditions_of(wish: Wish, language: str) -> list[str]:
    """A wish in the words of rows: law, reason, goods, and how many days after the receipt it was asked."""
    parts = [gettext(JURISDICTIONS[wish.jurisdiction], language), gettext(REASONS[wish.reason], language)]
    if wish.category is not Category.STANDARD:
        parts.append(gettext(CATEGORIES[wish.category], language))
    if wish.received is None:
        parts.append(gettext(STAGES[wish.stage], language))
    else:
        days = (wish.asked - wish.received).days
        parts.append(
            ngettext("%(num)s day after delivery", "%(num)s days after delivery", days, language) % {"num": days}
        )
    return parts


def terms(row: Row, language: str) -> list[str]:
    """What holds for goods and money when the row grants."""
    said = terms_words(terms_of(row), language)
    if not row.goods_back and row.stages == {Stage.UNSHIPPED}:
        said = said[1:]  # nothing was sent
    if row.counts_as is not None:
        reason = gettext(REASONS[row.counts_as.value], language)
        said.append(gettext(_("money as for: %(reason)s"), language) % {"reason": reason})
    return said


def terms_words(terms: Terms, language: str) -> list[str]:
    """The same for what is granted in the end."""
    way = terms.way_back_by if terms.goods_back else "nobody"
    said = [gettext(WAYS[way], language)]
    if terms.send_back_within is not None:
        days = terms.send_back_within
        said.append(ngettext("sent back within %(num)s day", "sent back within %(num)s days", days, language))
        said[-1] %= {"num": days}
    if terms.refund_within is not None:
        days = terms.refund_within
        text = (
            ngettext(
                "refund within %(num)s day of the request", "refund within %(num)s days of the request", days, language
            )
            if terms.refund_from == "notice"
            else ngettext(
                "refund within %(num)s day of the return", "refund within %(num)s days of the return", days, language
            )
        )
        said.append(text % {"num": days})
    return said


def timer_sentence(timer: Timer, language: str) -> str:
    """`Decide on a return: 2 days, then it is granted`."""
    told = {
        "what": gettext(TIMERS[timer.kind], language),
        "time": _length(timer, language),
        "then": gettext(EXPIRIES[timer.on_expiry], language),
    }
    return gettext(_("%(what)s: %(time)s, then %(then)s"), language) % told


def finding_sentence(finding: Finding, language: str) -> str:
    """What the check of a draft found, and what it means."""
    about, by = finding.about, _joined(finding.by, language)
    if finding.kind is FindingKind.NOT_COVERED:
        about = gettext(REASONS[about], language)
    if finding.kind is FindingKind.LAW_IS_SHORTER:
        about = gettext(TIMERS[about], language)
    if finding.kind is FindingKind.LAW_GRANTS:
        by = _joined((_cited(each, language) for each in finding.by), language)
    return gettext(FINDINGS[finding.kind], language) % {"about": about, "by": by}


def _cited(name: str, language: str) -> str:
    policy, _slash, row = name.partition("/")
    told = {"policy": gettext(POLICIES.get(policy, policy), language), "row": row}
    return gettext(_("%(policy)s (%(row)s)"), language) % told


def _time(row: Row, language: str) -> str:
    days, years = row.within or 0, row.uninformed_years
    said = ngettext("within %(num)s day of delivery", "within %(num)s days of delivery", days, language) % {"num": days}
    if years and row.informed is not True:
        more = ngettext(
            "%(num)s year more if not told of the right", "%(num)s years more if not told of the right", years, language
        )
        said = _joined([said, more % {"num": years}], language)
    if row.to_working_day:
        said = _joined([said, gettext(_("a weekend moves the end to Monday"), language)], language)
    return said


def _stages(row: Row, language: str) -> str:
    if row.stages == {Stage.SHIPPED, Stage.DELIVERED}:
        return gettext(_("after sending"), language)
    return _listed(STAGES, row.stages, language)


def _reasons(row: Row, language: str) -> str:
    if not row.reasons:
        return gettext(_("any reason"), language)
    if row.reasons == SELLER_FAULT:
        return gettext(_("anything that is the seller’s fault"), language)
    return _listed(REASONS, row.reasons, language)


def _categories(row: Row, language: str) -> str:
    if row.categories == frozenset(Category) - {Category.STANDARD}:
        return gettext(_("all but ordinary goods"), language)
    return _listed(CATEGORIES, row.categories, language)


def _length(timer: Timer, language: str) -> str:
    days, rest = divmod(timer.lasts, timedelta(days=1))
    if timer.working_days:
        number = timer.working_days
        return ngettext("%(num)s working day", "%(num)s working days", number, language) % {"num": number}
    if days and not rest:
        return ngettext("%(num)s day", "%(num)s days", days, language) % {"num": days}
    hours = int(timer.lasts.total_seconds() // 3600)
    return ngettext("%(num)s hour", "%(num)s hours", hours, language) % {"num": hours}


def _listed(words: dict[str, str], values: Iterable[str], language: str) -> str:
    """The words of these codes, in the order of the table."""
    chosen = set(values)
    return _joined([gettext(word, language) for code, word in words.items() if code in chosen], language)


def _joined(words: Iterable[str], language: str) -> str:
    return ("、" if language == "zh" else ", ").join(words)
