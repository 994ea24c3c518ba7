"""The WSGI entry for granian, with one line in the log for each request."""

import gc
import os
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from wsgiref.types import StartResponse, WSGIEnvironment

import structlog
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "toiya.settings")
_django = get_wsgi_application()
# What is loaded by now stays for good. Left among what the collector walks through, it would hold up a request for a
# tenth of a second now and then.
gc.collect()
gc.freeze()
# A page makes some ten thousand objects and drops them again. To look for circles among them at every 700th, as Python
# does unless told otherwise, took a twelfth of its time.
gc.set_threshold(10_000)
_log = structlog.get_logger("toiya.access")
ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] | None


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Serve the request. The server's own access log stays off: it would write the tokens of mailed links."""
    begun, answered = time.perf_counter(), ""

    def start(
        status: str, headers: list[tuple[str, str]], exc_info: ExceptionInfo = None, /
    ) -> Callable[[bytes], object]:
        nonlocal answered
        answered = status.split(" ", 1)[0]
        return start_response(status, headers, exc_info)

    body: Iterable[bytes] = _django(environ, start)
    _log.info(
        "request",
        method=environ.get("REQUEST_METHOD", ""),
        path=environ.get("PATH_INFO", ""),
        status=answered,
        milliseconds=round((time.perf_counter() - begun) * 1000, 1),
    )
    return body
