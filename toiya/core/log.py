"""What the processes write to standard error: JSON lines in production, plain lines in the demo, never a link
token.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

SECRET_PATHS = re.compile(r"(/(?:invitations|verify)/[a-z-]+/)[^/\s\"'?#]+")
SECRET_KEYS = ("password", "secret", "token", "cookie", "authorization")
TAKEN_OUT = "***"


def without_secrets(text: str) -> str:
    """The text with the tokens of mailed links taken out (G-13)."""
    return SECRET_PATHS.sub(rf"\1{TAKEN_OUT}", text)


def _take_out(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {
        key: TAKEN_OUT if any(word in key.lower() for word in SECRET_KEYS) else _clean(value)
        for key, value in event.items()
    }


def _clean(value: object) -> object:
    return without_secrets(value) if isinstance(value, str) else value


class Formatter(structlog.stdlib.ProcessorFormatter):
    """One line for each entry, whoever wrote it; the last word on secrets, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        """The finished line."""
        return without_secrets(super().format(record))


def configure_logging(options: Mapping[str, Any]) -> None:
    """Django calls this with ``settings.LOGGING`` when a process starts."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _take_out,
    ]
    last: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if options["as_json"]
        else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        Formatter(
            foreign_pre_chain=[*shared[:-1], structlog.stdlib.PositionalArgumentsFormatter(), _take_out],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [entry for entry in root.handlers if not isinstance(entry.formatter, Formatter)]
    root.addHandler(handler)
    root.setLevel(options["level"])
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
