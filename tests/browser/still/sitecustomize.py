"""Loaded by every process of a demo that is photographed: the same day and the same ids in every run, at the address
that pages show.

TOIYA_STILL holds two instants: what the clock shows, and when it began to show it.
"""

import os
import random
import secrets
import socket
import sys
import time
import uuid
from typing import Any
from urllib.parse import urlsplit

import time_machine

if "TOIYA_STILL" in os.environ:
    shown, since = (float(part) for part in os.environ["TOIYA_STILL"].split())
    time_machine.travel(shown + time.time() - since, tick=True).start()
    chance = random.Random(" ".join(sys.argv[1:]))  # noqa: S311 (pictures need no secrets)
    uuid.uuid4 = lambda: uuid.UUID(int=chance.getrandbits(128), version=4)
    secrets.token_hex = lambda nbytes=None: f"{chance.getrandbits(8 * (nbytes or 32)):0{2 * (nbytes or 32)}x}"

    # As the browser of the pictures does: whoever calls the shown address reaches the server where it listens.
    connect, shown_port = socket.create_connection, urlsplit(os.environ["TOIYA_ORIGIN"]).port

    def connect_to_it(address: Any, *args: Any, **kwargs: Any) -> socket.socket:  # noqa: ANN401
        host, port = address
        there = int(os.environ["PORT"]) if port == shown_port and host == "127.0.0.1" else port
        return connect((host, there), *args, **kwargs)

    socket.create_connection = connect_to_it
