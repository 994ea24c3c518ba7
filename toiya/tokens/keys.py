"""The installation's keys for signed tokens: made once, kept encrypted, replaced without ending what runs."""

import datetime as dt
import functools
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from django.db import IntegrityError, transaction

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import By
from toiya.core.cipher import decrypt, encrypt
from toiya.core.clock import real_now
from toiya.tokens.models import SigningKey

BITS = 2048
EXPONENT = 65537
USE = "token signing key"
KEPT_AFTER_RETIREMENT = dt.timedelta(days=1)


def signing_key() -> SigningKey:
    """The key that signs now; made when the first program is registered."""
    found = SigningKey.objects.filter(is_signing=True).first()
    return found or _made()


def _made() -> SigningKey:
    try:
        with transaction.atomic():
            return SigningKey.objects.create(**_pair(), created_at=real_now())
    except IntegrityError:  # somebody else registered the first program at the same time
        return SigningKey.objects.get(is_signing=True)


def _pair() -> dict[str, str]:
    private = rsa.generate_private_key(public_exponent=EXPONENT, key_size=BITS)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return {"private": encrypt(pem, use=USE), "public": public}


@transaction.atomic
def rotate_signing_key(by: By) -> SigningKey:
    """A new key signs from now on. The old one checks what it signed until that has expired."""
    now = real_now()
    SigningKey.objects.filter(is_signing=True).update(is_signing=False, retired_at=now)
    key = SigningKey.objects.create(**_pair(), created_at=now)
    record(by, AuditAction.ROTATE_SIGNING_KEY, key, tenant_id=by.tenant_id, after={"key": key.pk})
    return key


def published_keys() -> Sequence[SigningKey]:
    """The keys with which somebody may still have to check a token."""
    return list(SigningKey.objects.order_by("-is_signing", "-retired_at"))


def forget_retired_keys() -> int:
    """Keys whose last token has expired."""
    old = SigningKey.objects.filter(retired_at__lt=real_now() - KEPT_AFTER_RETIREMENT)
    return old.delete()[0]


@functools.lru_cache(maxsize=8)
def private_part(encrypted: str) -> rsa.RSAPrivateKey:
    """The key that signs, read once a process."""
    key = load_pem_private_key(decrypt(encrypted, use=USE).encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101  (we made it)
    return key


@functools.lru_cache(maxsize=8)
def public_part(pem: str) -> rsa.RSAPublicKey:
    """The key that checks, read once a process."""
    key = load_pem_public_key(pem.encode())
    assert isinstance(key, rsa.RSAPublicKey)  # noqa: S101  (we made it)
    return key
