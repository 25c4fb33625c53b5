"""Sharing out whole numbers so that the parts always sum exactly to the whole. Pure; knows nothing of refunds."""

from collections.abc import Sequence


def half_up(numerator: int, denominator: int) -> int:
    """The quotient of two numbers that are not negative, rounded half up."""
    return (2 * numerator + denominator) // (2 * denominator)


def on_grid(amount: int, grid: int) -> int:
    """`amount` rounded half up to a multiple of `grid`."""
    return half_up(amount, grid) * grid


def share_out(amount: int, bases: Sequence[int]) -> list[int]:
    """Parts of `amount` in proportion to `bases`, by largest remainder.

    What rounding down leaves over goes, one by one, to the larger fraction, then the larger base, then the earlier one.
    So no part of an `amount` that is at most the sum of `bases` is above its base. All zero bases: all parts are zero.
    """
    whole = sum(bases)
    if not whole:
        return [0] * len(bases)
    parts, fractions = [], []
    for base in bases:
        part, fraction = divmod(amount * base, whole)
        parts.append(part)
        fractions.append(fraction)
    turns = sorted(range(len(bases)), key=lambda index: (-fractions[index], -bases[index], index))
    for index in turns[: amount - sum(parts)]:
        parts[index] += 1
    return parts


def pour(amount: int, rooms: Sequence[int]) -> list[int]:
    """Parts of `amount` that fill `rooms` one after the other; what finds no room is left out."""
    parts = []
    for room in rooms:
        part = min(amount, room)
        parts.append(part)
        amount -= part
    return parts


def units_between(whole: int, quantity: int, first: int, last: int) -> int:
    """What units `first` to `last` (counted from 1) of `quantity` make up of `whole`.

    Units are differences of a running total that is rounded half up, so all of them together are `whole` exactly.
    """
    return half_up(whole * last, quantity) - half_up(whole * (first - 1), quantity)
