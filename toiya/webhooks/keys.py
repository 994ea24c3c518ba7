"""The key that signs events, and the certificate by which receivers know it (webhooks.md section 3).

It is the operator's, from two files, or one that Toiya makes once and keeps. Every certificate that was ever used
stays downloadable: a receiver may still be checking what was signed before a change.
"""

import base64
import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction

from toiya.core.cipher import Unreadable, decrypt, encrypt
from toiya.core.clock import real_now
from toiya.webhooks.models import SigningCertificate

USE = "webhook key"
KEY_BITS = 2048
EXPONENT = 65537
VALID_FOR = dt.timedelta(days=3650)
BACKDATED = dt.timedelta(hours=1)  # for receivers whose clocks are behind


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the name of its certificate."""

    thumbprint: str
    key: RSAPrivateKey

    def sign(self, content: bytes) -> str:
        """RSA PKCS#1 v1.5 with SHA-256, in base64."""
        return base64.b64encode(self.key.sign(content, PKCS1v15(), SHA256())).decode()


def signing_key() -> SigningKey:
    """The key of now. Raises ImproperlyConfigured where the operator's files do not fit, or ours cannot be read."""
    if settings.WEBHOOK_KEY_FILE:
        return _key_of_files()
    row = _own_certificate() or _make_own()
    try:
        return SigningKey(row.thumbprint, _own_key(row.thumbprint, row.encrypted_key))
    except Unreadable as error:
        raise ImproperlyConfigured(
            "The key for webhooks was encrypted with another TOIYA_SECRET_KEY. With that one again it can be read; "
            "“toiya webhooks renew” makes a new key, which every receiver must then trust."
        ) from error


def certificate_path(thumbprint: str) -> str:
    """Where anybody can download the certificate."""
    return f"/certificates/{thumbprint}.cer"


def certificate_for(thumbprint: str) -> bytes | None:
    """A certificate that signs or has signed, in DER."""
    found = SigningCertificate.objects.filter(pk=thumbprint).first()
    if found is not None:
        return bytes(found.certificate)
    if not settings.WEBHOOK_KEY_FILE:
        return None
    key, certificate = _files()
    return certificate if key.thumbprint == thumbprint else None


def present_thumbprint() -> str:
    """Of the certificate that signs now; '' before the first registration, and where the operator's files do not fit.
    Reading it writes nothing.
    """
    if settings.WEBHOOK_KEY_FILE:
        try:
            return _files()[0].thumbprint
        except ImproperlyConfigured:
            return ""
    row = _own_certificate()
    return row.thumbprint if row else ""


def prepare_key() -> None:
    """Before the first event there is a certificate already, so that receivers can be told which one to trust."""
    if not settings.WEBHOOK_KEY_FILE and _own_certificate() is None:
        _make_own()


# ---------------------------------------------------------------- the operator's files
def _key_of_files() -> SigningKey:
    key, certificate = _files()
    _keep(key.thumbprint, certificate)
    return key


def _files() -> tuple[SigningKey, bytes]:
    files = (Path(settings.WEBHOOK_KEY_FILE), Path(settings.WEBHOOK_CERTIFICATE_FILE))
    try:
        changed = tuple(file.stat().st_mtime_ns for file in files)
        return _read(*files, changed)
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(
            f"The key or certificate for webhooks cannot be read: {error}. TOIYA_WEBHOOK_KEY_FILE is an RSA key in PEM "
            "without a password, TOIYA_WEBHOOK_CERTIFICATE_FILE its certificate in PEM or DER."
        ) from error


@lru_cache(maxsize=4)
def _read(key_file: Path, certificate_file: Path, changed: tuple[int, ...]) -> tuple[SigningKey, bytes]:
    del changed
    key = load_pem_private_key(key_file.read_bytes(), None)
    text = certificate_file.read_bytes()
    certificate = (
        x509.load_pem_x509_certificates(text)[0]
        if b"-----BEGIN" in text
        else x509.load_der_x509_certificate(text)
    )
    if not isinstance(key, RSAPrivateKey) or key.key_size < KEY_BITS:
        raise ValueError(f"the key is not an RSA key of at least {KEY_BITS} bits")
    if certificate.public_key() != key.public_key():
        raise ValueError("the certificate belongs to another key")
    return SigningKey(_thumbprint(certificate), key), certificate.public_bytes(Encoding.DER)


def _thumbprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(SHA256()).hex()


def _keep(thumbprint: str, certificate: bytes) -> None:
    if not SigningCertificate.objects.filter(pk=thumbprint).exists():
        SigningCertificate.objects.get_or_create(
            thumbprint=thumbprint, defaults={"certificate": certificate, "created_at": real_now()}
        )


# ---------------------------------------------------------------- one of our own
def _own_certificate() -> SigningCertificate | None:
    return SigningCertificate.objects.filter(is_own=True).first()


@lru_cache(maxsize=4)
def _own_key(thumbprint: str, encrypted_key: str) -> RSAPrivateKey:
    del thumbprint
    key = load_der_private_key(base64.b64decode(decrypt(encrypted_key, use=USE)), None)
    assert isinstance(key, RSAPrivateKey)  # noqa: S101  (we made it)
    return key


def _make_own() -> SigningCertificate:
    """A key and its self-signed certificate; of two workers at the same moment the first one's counts."""
    key = generate_private_key(EXPONENT, KEY_BITS)
    host = urlsplit(settings.ORIGIN).hostname or ""
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, host[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"webhooks.{host}"[:64]),
        ]
    )
    now = real_now()
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, **usage), critical=True)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    try:
        with transaction.atomic():
            return SigningCertificate.objects.create(
                thumbprint=_thumbprint(certificate),
                certificate=certificate.public_bytes(Encoding.DER),
                encrypted_key=encrypt(base64.b64encode(private).decode(), use=USE),
                is_own=True,
                created_at=now,
            )
    except IntegrityError:
        return SigningCertificate.objects.get(is_own=True)


@transaction.atomic
def renew_own_key() -> str:
    """A new key of our own from now on; the former certificate stays downloadable, its key goes."""
    SigningCertificate.objects.filter(is_own=True).update(is_own=False, encrypted_key="")
    return _make_own().thumbprint
