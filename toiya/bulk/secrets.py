"""Temporary passwords between their making and their one download, encrypted with the installation's key (G-13)."""

import base64
from functools import cache

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

KEY_BYTES = 32


@cache
def _cipher(secret_key: str) -> Fernet:
    key = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"toiya files 1").derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(key))


def encrypt(text: str) -> str:
    """The text, unreadable without the installation's secret key."""
    return _cipher(settings.SECRET_KEY).encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    """The text again."""
    return _cipher(settings.SECRET_KEY).decrypt(text.encode()).decode()
