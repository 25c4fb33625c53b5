"""How mail programs mark the mail that is answered, and signatures, in their HTML."""

import re
from collections.abc import Mapping
from enum import Enum


class Mark(Enum):
    """What an element with a mark holds."""

    QUOTE = "quote"
    INTRODUCTION = "introduction"  # quote, up to the first blockquote: answers may stand between those
    REST = "rest"  # all that follows, too, is quote
    SIGNATURE = "signature"


_MARKS: dict[str, dict[str, Mark]] = {
    "tag": {"includetail": Mark.QUOTE},  # QQ Mail
    "type": {"cite": Mark.QUOTE},
    "class": {
        "gmail_quote": Mark.INTRODUCTION,
        "gmail_quote_container": Mark.INTRODUCTION,
        "gmail_attr": Mark.QUOTE,
        "gmail_signature": Mark.SIGNATURE,
        "gmail_signature_prefix": Mark.SIGNATURE,
        "moz-cite-prefix": Mark.QUOTE,
        "moz-forward-container": Mark.QUOTE,
        "moz-signature": Mark.SIGNATURE,
        "yahoo_quoted": Mark.QUOTE,
        "yahoo-quoted-begin": Mark.REST,
        "protonmail_quote": Mark.INTRODUCTION,
        "protonmail_signature_block": Mark.SIGNATURE,
        "tutanota_quote": Mark.QUOTE,
        "zmail_extra": Mark.QUOTE,
        "airmail_on": Mark.QUOTE,
        "front-blockquote": Mark.QUOTE,
        "outlookmessageheader": Mark.REST,
        "applemailsignature": Mark.SIGNATURE,
        "qmbox": Mark.QUOTE,
        "xm_mail_oringinal_describe": Mark.REST,
        "ntes-quote": Mark.QUOTE,
        "ntes-mailmaster-quote": Mark.QUOTE,
        "j-reply": Mark.QUOTE,
        "j-forward": Mark.QUOTE,
        "ali-mail-quote": Mark.QUOTE,
        "alimail-quote": Mark.QUOTE,
        "__aliyun_previous_email_wrap": Mark.QUOTE,
        "__aliyun_previous_history_wrap": Mark.QUOTE,
        "__aliyun_signature_wrap": Mark.SIGNATURE,
        "foxmail_quote": Mark.QUOTE,
        "history-quote-wrapper": Mark.QUOTE,  # Lark
        "adit-html-block--collapsed": Mark.QUOTE,
        "lark-mail-signature": Mark.SIGNATURE,
    },
    "id": {
        "divrplyfwdmsg": Mark.REST,
        "appendonsend": Mark.REST,
        "ms-outlook-mobile-body-separator-line": Mark.REST,
        "ms-outlook-mobile-signature": Mark.SIGNATURE,
        "mail-editor-reference-message-container": Mark.REST,
        "olk_src_body_section": Mark.QUOTE,
        "signature": Mark.SIGNATURE,
        "x_signature": Mark.SIGNATURE,
        "applemailsignature": Mark.SIGNATURE,
        "ymail_android_signature": Mark.SIGNATURE,
        "composer_signature": Mark.SIGNATURE,
        "reply-intro": Mark.QUOTE,  # Roundcube
        "zwchr": Mark.REST,  # Zimbra
        "isforwardcontent": Mark.QUOTE,  # NetEase
        "isreplycontent": Mark.QUOTE,
        "ntes-quote": Mark.QUOTE,
        "ntes-pcmac-signature": Mark.SIGNATURE,
        "spneditorsign": Mark.SIGNATURE,
        "edo-original": Mark.QUOTE,
        "edo-signature": Mark.SIGNATURE,
        "origbody": Mark.QUOTE,  # Sina
        "x_origin_mail": Mark.QUOTE,
    },
    "name": {
        "quote": Mark.QUOTE,
        "messagereplysection": Mark.QUOTE,
        "messagesignaturesection": Mark.SIGNATURE,
    },  # Spark
    "data-marker": {"__divider__": Mark.REST, "__quoted_text__": Mark.QUOTE, "__sig_post__": Mark.SIGNATURE},  # Zimbra
}
_ENDINGS = ("yahoo_quoted",)  # of classes that carry a random beginning
_BEGINNINGS = ("lark-mail-quote", "__aliyun_previous")
_HIDES = re.compile(
    r"(?:^|[;\s])(?:display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden|opacity\s{0,9}:\s{0,9}0(?:\.0{0,9})?\s{0,9}(?:[;!]|$)|"
    r"max-height\s{0,9}:\s{0,9}0(?:px)?\s{0,9}(?:[;!]|$))",
    re.IGNORECASE,
)
_RULE = "border-top:solid"  # Outlook and Foxmail draw one above the copied header lines …
_RULE_PADDING = "padding:3.0pt0"  # … and always leave so much room below it


def is_hidden(attributes: Mapping[str, str]) -> bool:
    """Whether no reader sees the element: the words that newsletters hide to show them in lists of mails."""
    style = attributes.get("style")
    return style is not None and _HIDES.search(style) is not None


def mark_of(tag: str, attributes: Mapping[str, str]) -> Mark | None:
    """The mark of the element `tag` (lower case)."""
    if (mark := _MARKS["tag"].get(tag)) is not None:
        return mark
    for name, value in attributes.items():
        if name == "style":
            style = value.lower().replace(" ", "").replace("\n", "")
            if _RULE in style and _RULE_PADDING in style:
                return Mark.REST
        elif name in _MARKS:
            for word in value.lower().split()[:20]:
                if (mark := _MARKS[name].get(word.removeprefix("x_"))) is not None:
                    return mark
                if word.endswith(_ENDINGS) or word.startswith(_BEGINNINGS):
                    return Mark.QUOTE
    return None
