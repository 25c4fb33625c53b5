"""The widget: the launcher script for shops' pages, and the page in its frame that only those shops may embed."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from app.guards import PAGE_POLICY
from app.i18n import LANGUAGES, choose, gettext
from app.rendering import STATIC, render
from app.web.file_words import FILE_WORDS
from app.web.withdrawal import PATH as WITHDRAW
from core.errors import NotFound
from core.shops import Shop, shop_named
from orders.policies.jurisdictions import law_of
from orders.refunds.case import Jurisdiction

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")


async def loader(request: Request) -> Response:
    """GET /widget.js: what a shop's script tag loads."""
    headers = {
        "Cache-Control": "public, max-age=300",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return FileResponse(STATIC / "widget/loader.js", media_type="text/javascript", headers=headers)


async def page(request: Request) -> Response:
    """GET /widget?site=KEY&lang=auto&origin=…: the conversation. Raises NotFound for an unknown site."""
    shop = await shop_named(request.query_params.get("site", ""))
    if shop is None:
        raise NotFound("no such shop")
    origins = embedders(request, shop)
    parent = request.query_params.get("origin", "")
    request.state.language = _language(request, shop)
    boot = {
        "site": shop.key,
        "origin": parent if parent in origins else "",
        "language": request.state.language,
        "words": {language: {word: gettext(word, language) for word in WORDS} for language in LANGUAGES},
        "suggestions": SUGGESTIONS,
        "shop": shop.name,
        "files": FILE_WORDS,
        "file_bytes": request.app.state.settings.file_bytes,
        "privacy": shop.privacy or {},
    }
    ancestors = " ".join(origins) or "'none'"
    policy = PAGE_POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {ancestors}")
    law = law_of(shop.country)  # the button is owed by shops of the EU (2011/83/EU, art. 11a)
    withdraw = WITHDRAW.format(shop=shop.key) if law is Jurisdiction.EU else ""
    context: dict[str, Any] = {"shop": shop, "boot": boot, "withdraw": withdraw}
    return render(request, "widget/page.html", context, headers={"Content-Security-Policy": policy})


def embedders(request: Request, shop: Shop) -> list[str]:
    """The origins that may show the widget of `shop`: its own list, and the demo shops of this desk in a demo."""
    origins = [origin for origin in shop.origins if isinstance(origin, str) and _ORIGIN.fullmatch(origin)]
    if request.app.state.demo:
        origins += [f"{request.url.scheme}://{request.url.netloc}", request.app.state.settings.public_url]
    return sorted({origin for origin in origins if _ORIGIN.fullmatch(origin)})


def _language(request: Request, shop: Shop) -> str:
    wish = request.query_params.get("lang", "auto")
    if wish == "auto":
        wish = request.headers.get("accept-language") or shop.language
    return choose(wish)


def _(message: str) -> str:
    """Mark a message for the catalogue."""
    return message


SUGGESTIONS = (
    _("Where is my order?"),
    _("Can I still change my address?"),
    _("I would like to talk to a person"),
)
# Everything that the widget's page and scripts say; they look it up in the language that is spoken at the moment.
WORDS = (
    *SUGGESTIONS,
    *FILE_WORDS.values(),
    _("A file is no longer there. Please add it again."),
    _("Add photos or files"),
    _("All {count} updates"),
    _("as of {time}"),
    _(
        "Ask about an order, a delivery or a return. You’ll get an answer right away, and a person can take over "
        "whenever you like."
    ),
    _("Assistant"),
    _("Assistant · answers right away"),
    _("Check"),
    _("Close"),
    _("Connecting…"),
    _("Conversation"),
    _("Delete"),
    _("delivered"),
    _("done"),
    _("Download {name}"),
    _("Drop files here"),
    _("Earlier messages"),
    _("End the chat"),
    _("End the chat?"),
    _("End the chat on this device"),
    _("Expected {time}"),
    _("Keep chatting"),
    _("Files to send"),
    _("happening now"),
    _("held up"),
    _("How can we help?"),
    _("How was our help?"),
    _("Language"),
    _("Menu"),
    _("New messages"),
    _("Not now"),
    _("Not sent."),
    _("Order {number}"),
    _("read"),
    _("Photo {name}"),
    _("Save"),
    _("Send"),
    _("sent"),
    _("Sending…"),
    _("Six-digit code"),
    _("still to come"),
    _("Suggested answers"),
    _("Thanks, got it."),
    _("The chat has ended."),
    _("The conversation will be removed from this device. The shop keeps its copy."),
    _("The file couldn’t be loaded."),
    _("This chat can’t be opened here."),
    _("Ticket {number}"),
    _("Today"),
    _("Too long: the limit is 8,000 characters."),
    _("Too many messages at once. Please wait a moment."),
    _("Try again"),
    _("Waiting for a person"),
    _("You’re next"),
    _("Number {number} in the queue"),
    _("usually about {minutes} min more"),
    _("A person will answer by about {time}"),
    _("A person will answer by about {time}."),
    _("Email or phone"),
    _("Leave a message for a person"),
    _("Nobody is here right now. We’ll be back {time}."),
    _("Order number, if you have one"),
    _("People are here until {time}."),
    _("Privacy"),
    _("That’s neither an email address nor a phone number."),
    _("We’ve received your message: ticket {number}."),
    _("We’ve received your message: ticket {number}. A person will answer by about {time}."),
    _("What is it about?"),
    _("Your name"),
    _("{time} ({zone})"),
    _("Withdraw from contract here"),
    _("What could be better?"),
    _("Write a message…"),
    _("Yesterday"),
    _("Email me the conversation"),
    _("Send by email"),
    _("Cancel"),
    _("Start a new chat"),
    _("The conversation has been removed from this device."),
    _("One moment…"),
    _("That code doesn’t match. Tries left: {count}."),
    _("This code has expired. Please ask for a new one."),
    _("You’re offline. Please try again in a moment."),
    _("We’ll send a code there first, so that nobody else can read your conversation."),
    _("Email address"),
    _("Send the code"),
    _("A six-digit code is on its way to {address}."),
    _("Another address"),
    _("The conversation is on its way to {address}."),
    _("Done"),
    _("That isn’t an email address."),
    _("Too many tries. Please try again in an hour."),
    _("That didn’t work. Please try again."),
    _("All {count} orders"),
    _("Your orders"),
    _("Which order is it about?"),
    _("Choose an order"),
    _("You’re offline. Your messages are kept and sent later."),
    _("We use your messages to help you, and for nothing else."),
    _("{count} items"),
    _("{score} of 5"),
    _("New message"),
    _("Notify me about replies"),
    _("Sound"),
    _("The browser doesn’t allow notifications here."),
    _("{name} has replied"),
    _("{name} is here for you"),
    _("{name} is away right now and will answer here"),
    _("{name} is writing"),
)

routes = [
    Route("/widget.js", loader, name="widget_loader"),
    Route("/widget", page, name="widget"),
]
