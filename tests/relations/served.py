"""Settings of the servers that test_revocation.py starts: each answer names the process that gave it.

``REVOCATION_FAULTS`` loads the planted faults as well (faults.py).
"""

import os

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as TOIYA_S
from tests.settings import MIDDLEWARE as OUTER

LOGGING_CONFIG = "toiya.core.log.configure_logging"
LOGGING = {"as_json": False, "level": "ERROR"}
INSTALLED_APPS = [*TOIYA_S, "tests.relations.faults.Loaded"]
MIDDLEWARE = ["tests.relations.faults.NamesItsProcess", *OUTER]
HAS_FAULTS = bool(os.environ.get("REVOCATION_FAULTS"))
