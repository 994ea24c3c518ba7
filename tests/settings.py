"""The demo's settings: a fixed origin, the mailbox on, nothing from the machine's environment."""

import os
from typing import Any, cast

os.environ.setdefault("TOIYA_MODE", "demo")
os.environ.setdefault("TOIYA_ORIGIN", "http://localhost:8000")

from toiya.settings import *  # noqa: F403
from toiya.settings import DATABASES, VAR

for _folder in ("test", "static"):
    (VAR / _folder).mkdir(parents=True, exist_ok=True)
# A test database does not outlive the machine: nobody waits for the disk.
_options = cast("dict[str, Any]", DATABASES["default"])["OPTIONS"]
if "init_command" in _options:
    _options["init_command"] = _options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
LOGGING_CONFIG = ""  # nothing is configured: pytest shows what a failing test logged
# Each test browser builds its own chain of middlewares; the two thousand icons need not be read for each of them.
WHITENOISE_AUTOREFRESH = True

# Stories count statements; that of the shared counter comes only where a story sets a limit (tests/api/test_limits.py).
API_CALLS_PER_MINUTE = 10**6
