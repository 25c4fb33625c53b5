"""Where the mailboxes of well-known providers are, and what has to be done there first. Pure.

Addresses are those of the providers' own help pages. Fetching takes TLS on port 993 everywhere; sending takes TLS on
port 465 unless it says otherwise.
"""

from dataclasses import dataclass

from app.mail.mailbox_models import OAUTH, PASSWORD, STARTTLS, TLS
from app.mail.reading.authentication import NAMELESS

MICROSOFT_TOKENS = "https://login.microsoftonline.com/common/oauth2/v2.0/token"
GOOGLE_TOKENS = "https://oauth2.googleapis.com/token"


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider: its name, the server, how one signs in, and what to do there before that."""

    name: str
    host: str
    hint: str
    auth: str = PASSWORD
    token_url: str = ""
    domains: tuple[str, ...] = ()
    tags: bool = False  # mail to `name+anything@` arrives at `name@`
    checkers: tuple[str, ...] = ()  # as its servers write Authentication-Results; none: not known for sure
    smtp: str = ""  # the server that takes mail of its accounts
    smtp_port: int = 465
    smtp_security: str = TLS
    own_sender: bool = True  # that server takes nothing but the account itself for an envelope sender


_CODE = _(
    "In the provider’s web mail, turn on IMAP under Settings and create an authorization code (授权码). "
    "Enter that code here instead of the account password."
)
_COREMAIL = ("by:*mx*",)  # each of its servers at the border speaks under its own short name
_APP = _("Create an app password in the account’s settings and enter it here instead of the account password.")

PROVIDERS: dict[str, Provider] = {
    "gmail": Provider(
        "Gmail",
        "imap.gmail.com",
        _(
            "Turn on two-step verification for the Google account, create an app password and enter it here. Google "
            "Workspace may require OAuth instead."
        ),
        token_url=GOOGLE_TOKENS,
        domains=("gmail.com", "googlemail.com"),
        tags=True,
        checkers=("mx.google.com",),
        smtp="smtp.gmail.com",
        own_sender=False,
    ),
    "microsoft": Provider(
        "Outlook, Microsoft 365",
        "outlook.office365.com",
        _(
            "Microsoft takes no passwords here. Register an application in Microsoft Entra with the permissions "
            "IMAP.AccessAsUser.All, SMTP.Send and offline_access, and type its client id and a refresh token."
        ),
        OAUTH,
        MICROSOFT_TOKENS,
        ("outlook.com", "hotmail.com", "live.com", "msn.com"),
        tags=True,
        checkers=(NAMELESS,),
        smtp="smtp.office365.com",
        smtp_port=587,
        smtp_security=STARTTLS,
    ),
    "qq": Provider(
        "QQ 邮箱",
        "imap.qq.com",
        _CODE,
        domains=("qq.com", "vip.qq.com", "foxmail.com"),
        checkers=("mx.qq.com",),
        smtp="smtp.qq.com",
    ),
    "exmail": Provider("腾讯企业邮", "imap.exmail.qq.com", _CODE, smtp="smtp.exmail.qq.com"),
    "163": Provider("163 网易", "imap.163.com", _CODE, domains=("163.com",), checkers=_COREMAIL, smtp="smtp.163.com"),
    "126": Provider("126 网易", "imap.126.com", _CODE, domains=("126.com",), checkers=_COREMAIL, smtp="smtp.126.com"),
    "aliyun": Provider(
        "阿里邮箱",
        "imap.aliyun.com",
        _("In the provider’s web mail, allow IMAP for third-party apps, and create a password for them if asked to."),
        domains=("aliyun.com",),
        smtp="smtp.aliyun.com",
    ),
    "qiye": Provider(
        "阿里企业邮箱",
        "imap.qiye.aliyun.com",
        _("In the provider’s web mail, allow IMAP for third-party apps, and create a password for them if asked to."),
        smtp="smtp.qiye.aliyun.com",
    ),
    "fastmail": Provider(
        "Fastmail",
        "imap.fastmail.com",
        _APP,
        domains=("fastmail.com", "fastmail.fm"),
        tags=True,
        checkers=(".messagingengine.com",),
        smtp="smtp.fastmail.com",
    ),
    "icloud": Provider(
        "iCloud",
        "imap.mail.me.com",
        _APP,
        domains=("icloud.com", "me.com", "mac.com"),
        tags=True,
        checkers=(".icloud.com",),
        smtp="smtp.mail.me.com",
        smtp_port=587,
        smtp_security=STARTTLS,
    ),
    "yahoo": Provider(
        "Yahoo",
        "imap.mail.yahoo.com",
        _APP,
        domains=("yahoo.com", "ymail.com"),
        checkers=(".yahoo.com",),
        smtp="smtp.mail.yahoo.com",
    ),
    "other": Provider("", "", _("Enter the server from your provider’s help page for mail apps.")),
}


def provider_of(address: str, host: str) -> Provider:
    """The provider that a server (either way) or an address belongs to; `other` when it is none of these."""
    domain = address.rpartition("@")[2].lower()
    by_host = (provider for provider in PROVIDERS.values() if host and host.lower() in (provider.host, provider.smtp))
    by_domain = (provider for provider in PROVIDERS.values() if not host and domain in provider.domains)
    return next(by_host, next(by_domain, PROVIDERS["other"]))


def takes_own_sender_only(host: str) -> bool:
    """Whether the server takes only the account that signs in for an envelope sender, without anything after a `+`."""
    provider = provider_of("", host)
    return provider is not PROVIDERS["other"] and provider.own_sender
