"""One family of errors: each has a stable machine code, an HTTP status and plain data.

Doors turn them into RFC 9457 problem documents, error frames or pages. `code` and `data` are part of the
public interface; `detail` is English for logs and developers, people see the translation of `code`.
"""


class WismoError(Exception):
    """Base of everything we raise on purpose."""

    status = 500
    code = "internal"

    def __init__(self, detail: str = "", *, code: str | None = None, **data: object) -> None:
        super().__init__(detail or code or self.code)
        self.detail = detail
        self.code = code or self.code
        self.data = data


class Invalid(WismoError):
    """The input cannot be understood or breaks a rule of form."""

    status = 422
    code = "invalid"


class Malformed(Invalid):
    """The bytes are not what the protocol says (bad JSON, bad frame)."""

    status = 400
    code = "malformed"


class Unauthenticated(WismoError):
    """Nobody is known to be asking: no session, a dead token or a wrong signature."""

    status = 401
    code = "unauthenticated"


class Forbidden(WismoError):
    """The person is known and may see the thing, but not do this to it."""

    status = 403
    code = "forbidden"


class NotFound(WismoError):
    """Not there, not yours, or not proved: deliberately the same."""

    status = 404
    code = "not_found"


class Conflict(WismoError):
    """The request is fine, but the world has moved on; `data` says how."""

    status = 409
    code = "conflict"


class TooLarge(WismoError):
    """More bytes than the stated limit."""

    status = 413
    code = "too_large"


class TooMany(WismoError):
    """A rate or attempt limit was reached; `data["retry_after"]` in seconds when known."""

    status = 429
    code = "too_many"


class Unavailable(WismoError):
    """A part we depend on does not answer now; repeating later is safe."""

    status = 503
    code = "unavailable"
