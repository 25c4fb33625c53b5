"""One form for the contacts on orders, so that a typed address or number can be compared with a stored one."""

import phonenumbers

from core.text import clean


def normal_email(text: str | None) -> str | None:
    """Lower case and trimmed, or None when it is no address."""
    address = clean(text or "", limit=254).lower()
    local, at, domain = address.rpartition("@")
    return address if at and local and "." in domain and " " not in address else None


def normal_phone(text: str | None, region: str) -> str | None:
    """E.164 (`+4930123456`) or None if unreadable; `region` (ISO 3166) is the country of numbers without a prefix."""
    if not text:
        return None
    try:
        number = phonenumbers.parse(text, region.upper() or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
