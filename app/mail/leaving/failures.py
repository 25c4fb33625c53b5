"""Why a mail could not be delivered: a mail server's words as one of a few codes, and those in people's words. Pure.

By the enhanced status codes of RFC 3463 and the basic ones of RFC 5321, and by what large providers write.
"""

import re

from app.i18n import gettext

_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_BASIC = re.compile(r"(?:^|: |\s)([45]\d\d)(?=[ -])")
_BY_CODE = {
    "1.1": "unknown_address", "1.2": "unknown_domain", "1.3": "unknown_address", "1.6": "unknown_address",
    "1.10": "unknown_domain", "2.1": "mailbox_closed", "2.2": "mailbox_full", "2.3": "too_large", "3.4": "too_large",
    "4.1": "unreachable", "4.2": "unreachable", "4.3": "unreachable", "4.4": "unknown_domain", "4.7": "unreachable",
    "5.3": "too_many", "7.0": "refused", "7.1": "refused", "7.8": "our_login", "7.9": "our_login", "7.26": "our_proof",
    "7.27": "unknown_sender", "7.28": "too_many",
}  # fmt: skip
_BY_WORDS = (
    ("our_login", r"SMTPAuthenticationError|authentication (?:failed|required|unsuccessful)|授权码|"
                  r"oauth_refused|cannot_unseal"),
    ("unreachable", r"oauth_unreachable|"
                    r"SMTPConnect|Timeout|SMTPServerDisconnected|ConnectionRefused|ConnectionReset|gaierror|OSError"),
    ("our_tls", r"certificate|\bssl\b|starttls|\btls\b"),
    ("mailbox_full", r"quota|mailbox (?:is )?full|over ?quota|storage|信箱已满|邮箱已满|容量"),
    ("too_large", r"too (?:large|big)|size (?:limit|exceed)|exceeds? .{0,20}size|超过.{0,10}大小"),
    ("our_proof", r"\b(?:dmarc|spf|dkim)\b"),
    ("refused", r"spam|blocked|black ?list|reputation|policy|content rejected|垃圾|拒绝"),
    ("too_many", r"too many|rate limit|throttl|try again later|greylist|frequency|频率|过于频繁"),
    ("unknown_address", r"user unknown|no such (?:user|address|mailbox)|does ?n[o']t exist|unknown (?:user|recipient)|"
                        r"mailbox (?:not found|unavailable)|invalid recipient|recipient rejected|不存在"),
    ("unknown_domain", r"domain not found|host (?:unknown|not found)|no mx|nxdomain"),
)  # fmt: skip
_COMPILED = [(code, re.compile(words, re.IGNORECASE)) for code, words in _BY_WORDS]
_BY_BASIC = {"552": "mailbox_full", "550": "unknown_address", "553": "unknown_address", "535": "our_login"}


def failure_of(words: str) -> str:
    """The code for what a server (or our connection to it) said; `other` when nobody can tell."""
    enhanced = _ENHANCED.search(words)
    by_code = _BY_CODE.get(f"{enhanced[2]}.{enhanced[3]}", "") if enhanced else ""
    if by_code and by_code != "refused":
        return by_code
    for code, pattern in _COMPILED:
        if pattern.search(words):
            return code
    basic = _BASIC.search(words)
    return by_code or (_BY_BASIC.get(basic[1], "") if basic else "") or "other"


def words_of(failure: str, language: str) -> str:
    """What it means and what to do, for the desk."""
    return gettext(FAILURES.get(failure, FAILURES["other"]), language)


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


FAILURES = {
    "unknown_address": _("This address does not exist. Check how it is spelled, or reach them another way."),
    "unknown_domain": _("There’s no mail server for this address. Check the spelling."),
    "mailbox_full": _("The recipient’s mailbox is full. Try again later, or reach them another way."),
    "mailbox_closed": _("The recipient’s mailbox doesn’t accept mail."),
    "too_large": _("The email is too large for the recipient’s server. Send fewer or smaller files."),
    "refused": _("The recipient’s server considers this spam, or accepts no mail from us."),
    "too_many": _("The recipient’s server is limiting how much mail we send. We’ll try again."),
    "unknown_sender": _("The recipient’s server doesn’t know the domain we send from."),
    "our_proof": _(
        "The recipient’s server found no proof that we may send from this address: check SPF, DKIM and DMARC."
    ),
    "our_login": _("Our mail server rejected our user name and password. An administrator needs to look at it."),
    "our_tls": _("The connection to our mail server isn’t secure. An administrator needs to look at it."),
    "unreachable": _("The mail server couldn’t be reached. We’ll try again."),
    "other": _("The mail server didn’t accept it."),
}
