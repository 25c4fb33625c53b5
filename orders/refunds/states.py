"""The states of money that goes back."""

from enum import StrEnum


class IntentState(StrEnum):
    """How far a decision to give money back has come."""

    AWAITING_APPROVAL = "awaiting_approval"
    CREATED = "created"  # allowed, and nothing was sent yet
    PENDING = "pending"  # the gateway was asked
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # by the gateway's own word, asked twice
    FROZEN = "frozen"  # the gateway speaks of another amount or currency: a person decides
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class PartState(StrEnum):
    """How far the part for one payment has come."""

    CREATED = "created"
    SENT = "sent"  # the call was made, or was about to be: nobody knows yet what became of it
    PENDING = "pending"  # the gateway has accepted it
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    FROZEN = "frozen"
    DROPPED = "dropped"  # its intent was refused or withdrawn: nothing was ever sent


HOLDING = frozenset(PartState) - {PartState.FAILED, PartState.DROPPED}  # their money counts against the caps
UNDER_WAY = (PartState.CREATED, PartState.SENT, PartState.PENDING)
OPEN_INTENTS = (IntentState.AWAITING_APPROVAL, IntentState.CREATED, IntentState.PENDING, IntentState.FROZEN)
