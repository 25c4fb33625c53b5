"""Structured logs through the standard library, with request ids and without secrets."""

import logging
import logging.config
import re
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

import structlog

_SECRET = re.compile(r"(?i)(token|secret|password|authorization|cookie|signature|code)$")
_URL_PASSWORD = re.compile(r"(\w+://[^:/@\s]*):[^@/\s]+@")


def configure_logs(style: str, level: str) -> None:
    """Send every log line to standard error, for people (`console`) or for machines (`json`)."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        mask,
    ]
    last: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if style == "console":
        last = structlog.dev.ConsoleRenderer(
            colors=False, pad_event_to=24, exception_formatter=structlog.dev.plain_traceback
        )
    else:
        shared.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"wismo": formatter},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "wismo"}},
            "root": {"handlers": ["stderr"], "level": level.upper()},
            # Uvicorn writes the query strings of sockets at INFO, and a line for each request that says less than ours.
            "loggers": {
                "uvicorn.error": {"level": "WARNING"},
                "uvicorn.access": {"level": "WARNING"},
                "mail.log": {"level": "WARNING"},
            },
        }
    )


def mask(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide the values of names that sound like secrets, and passwords inside addresses."""
    for name, value in entry.items():
        if isinstance(value, str):
            if name != "code" and _sounds_secret(name):
                entry[name] = "***"
            elif "://" in value:
                entry[name] = _URL_PASSWORD.sub(r"\1:***@", value)
    return entry


@lru_cache(maxsize=1024)
def _sounds_secret(name: str) -> bool:
    return _SECRET.search(name) is not None
