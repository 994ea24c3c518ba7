"""Seeds of second factors are stored encrypted under a key derived from TOIYA_SECRET_KEY (G-13)."""

import base64
from functools import cache
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from toiya.directory.models import Person

KEY_BYTES = 32


@cache
def _cipher(secret_key: str) -> Fernet:
    key = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"toiya second factors 1").derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(key))


def encrypt(text: str) -> str:
    """The text, unreadable without the installation's secret key."""
    return _cipher(settings.SECRET_KEY).encrypt(text.encode()).decode()


def decrypt(text: str, *, seconds: int | None = None) -> str:
    """The text again; raises InvalidToken when it was altered, or is older than ``seconds``."""
    return _cipher(settings.SECRET_KEY).decrypt(text.encode(), ttl=seconds).decode()


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """How allauth keeps the secrets of second factors, and names this site to passkeys."""

    def encrypt(self, text: str) -> str:
        """As it is written to the database."""
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """As it is used."""
        return decrypt(encrypted_text)

    def get_totp_label(self, user: Person) -> str:
        """What the authenticator app shows below the issuer."""
        return user.user_name

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to the configured origin, whatever address the request named."""
        return {"id": urlsplit(settings.ORIGIN).hostname or "", "name": settings.MFA_TOTP_ISSUER}

    def get_public_key_credential_user_entity(self, user: Person) -> dict[str, object]:
        """Who the passkey is for."""
        return {"id": user.pk.bytes, "display_name": user.name, "name": user.user_name}
