"""Secrets that must be used again are stored encrypted, each use under a key of its own (G-13)."""

import base64
from functools import cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

KEY_BYTES = 32


class Unreadable(Exception):
    """The stored text was altered, or belongs to another secret key."""


@cache
def _cipher(secret_key: str, use: str) -> Fernet:
    key = HKDF(SHA256(), KEY_BYTES, salt=None, info=f"toiya {use} 1".encode()).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(key))


def encrypt(text: str, *, use: str) -> str:
    """The text, unreadable without the installation's secret key."""
    return _cipher(settings.SECRET_KEY, use).encrypt(text.encode()).decode()


def decrypt(text: str, *, use: str) -> str:
    """The text again. Raises Unreadable."""
    try:
        return _cipher(settings.SECRET_KEY, use).decrypt(text.encode()).decode()
    except InvalidToken as error:
        raise Unreadable from error
