"""Loaded by every process of a demo that is photographed: the same day and the same ids in every run.

TOIYA_STILL holds two instants: what the clock shows, and when it began to show it.
"""

import os
import random
import sys
import time
import uuid

import time_machine

if "TOIYA_STILL" in os.environ:
    shown, since = (float(part) for part in os.environ["TOIYA_STILL"].split())
    time_machine.travel(shown + time.time() - since, tick=True).start()
    chance = random.Random(" ".join(sys.argv[1:]))  # noqa: S311 (pictures need no secrets)
    uuid.uuid4 = lambda: uuid.UUID(int=chance.getrandbits(128), version=4)
