"""Keys of this installation, one for each purpose; what is sealed for one purpose says nothing for another."""

import functools
import hashlib
import hmac

from django.conf import settings


def mac_of(purpose: str, content: bytes) -> bytes:
    """What only this installation can write beside the content (SHA-256, 32 bytes)."""
    return hmac.digest(_key(purpose, settings.SECRET_KEY), content, "sha256")


@functools.lru_cache(maxsize=16)
def _key(purpose: str, secret: str) -> bytes:
    return hashlib.sha256(f"toiya {purpose} {secret}".encode()).digest()
