"""Form bodies (`a=1&b=2`) as some services push them. Pure."""

from urllib.parse import parse_qsl

from core.errors import Malformed

MOST_FIELDS = 200


def fields_of(body: bytes, encoding: str = "utf-8") -> dict[str, str]:
    """The decoded fields, empty ones too. Raises Malformed: a field that comes twice could mean two things."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            encoding=encoding,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except (ValueError, LookupError) as error:  # a UnicodeError is a ValueError
        raise Malformed("the body is not a form", code="bad_form") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Malformed("a field comes twice", code="bad_form")
    return fields
