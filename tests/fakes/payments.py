"""What the twins of payment services share: a ledger of payments and refunds that pays each key once, and its lies."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from core.clock import now
from tests.fakes.http import Asked, FakeShop, Reply

_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
MERCHANT_PRIVATE = _KEY.private_bytes(  # PKCS #8, as the services' tools write it
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
MERCHANT_PUBLIC = base64.b64encode(
    _KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()
CAPTURED = 10_000  # minor units of the one payment that each twin knows


@dataclass
class Back:
    """One refund in the ledger. Amounts are minor units."""

    key: str
    amount: int
    state: str  # the service's own word
    number: int = 0
    more: dict[str, Any] = field(default_factory=dict)


class Ledger(FakeShop):
    """A payment service. `state` is what a new refund is in, `wrong` is added to amounts that it tells, `refuse` is the
    code with which it refuses the next refunds.
    """

    currency = "USD"
    state = ""

    def __init__(self) -> None:
        super().__init__()
        self.backs: list[Back] = []
        self.calls = 0  # requests that would move money, repetitions included
        self.captured = CAPTURED
        self.wrong = 0
        self.refuse = ""
        self.booked: Callable[[], datetime] = now  # when money moved, in bills and lists
        self.unsigned = False  # answers without a signature that fits, where the service signs

    @property
    def paid(self) -> int:
        """What has left, or is about to."""
        return sum(back.amount for back in self.backs if back.state not in self.dead)

    dead: frozenset[str] = frozenset()

    def of(self, key: str) -> Back | None:
        return next((back for back in self.backs if back.key == key), None)

    def enter(self, key: str, amount: int, **more: Any) -> Back:
        back = Back(key, amount, self.state, len(self.backs) + 1, more)
        self.backs.append(back)
        return back

    def moves_money(self, asked: Asked) -> bool:
        """Whether a request asks for a refund; troubles may be kept for those."""
        raise NotImplementedError

    def spoil(self, trouble: Reply, *, paid: bool) -> None:
        """The next request for a refund is answered by `trouble`: after it was carried out (`paid`), or unheard."""
        self._spoilt = trouble, paid

    _spoilt: tuple[Reply, bool] | None = None

    def answer(self, asked: Asked) -> Reply:
        if self._spoilt is None or not self.moves_money(asked):
            return self.reply(asked)
        (trouble, paid), self._spoilt = self._spoilt, None
        if paid:
            self.reply(asked)
        return trouble

    def reply(self, asked: Asked) -> Reply:
        raise NotImplementedError


def json_of(asked: Asked) -> dict[str, Any]:
    found = json.loads(asked.body or b"{}")
    return found if isinstance(found, dict) else {}


def form_of(asked: Asked) -> dict[str, str]:
    return dict(parse_qsl(asked.body.decode(), keep_blank_values=True))
