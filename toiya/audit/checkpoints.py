"""Checkpoints: signatures over the heads of the chains. A copy kept elsewhere shows a truncated log
(beyond.md C-10).
"""

import datetime as dt
import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max

from toiya.audit.models import ChainLink, Checkpoint
from toiya.audit.seal import seal_records
from toiya.core.clock import real_now

KEY_BYTES = 32
KEY_ID_LENGTH = 16


@dataclass(frozen=True, slots=True)
class SignedHead:
    """The head of a tenant's chain at an instant, signed. One line of a checkpoint file."""

    tenant: str
    position: int
    hash: str
    signed_at: str
    key: str
    signature: str

    @property
    def content(self) -> bytes:
        """What the signature covers."""
        return _content(self.tenant, self.position, self.hash, self.signed_at, self.key)


class UnreadableCheckpoint(Exception):
    """A line of a checkpoint file is none."""


def _content(tenant: str, position: int, head: str, signed_at: str, key: str) -> bytes:
    return f"toiya checkpoint\n{tenant}\n{position}\n{head}\n{signed_at}\n{key}".encode()


@cache
def _private_key(secret: str, key_file: str) -> Ed25519PrivateKey:
    if key_file:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(Path(key_file).read_text().strip()))
    kdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"toiya audit checkpoints")
    return Ed25519PrivateKey.from_private_bytes(kdf.derive(secret.encode()))


def _key() -> Ed25519PrivateKey:
    return _private_key(settings.SECRET_KEY, settings.AUDIT_KEY_FILE)


def public_key() -> str:
    """The key that checks the signatures, in hexadecimal; not a secret."""
    return _key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def key_id(public: str) -> str:
    """The short name of a key."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()[:KEY_ID_LENGTH]


def sign_checkpoints() -> int:
    """Seal what is open, then sign the head of each chain that has grown. Says how many were signed."""
    seal_records(everywhere=True)
    signed = dict(Checkpoint.objects.values_list("tenant_id").annotate(Max("position")))
    heads = ChainLink.objects.values_list("tenant_id").annotate(Max("position"))
    grown = [(tenant_id, position) for tenant_id, position in heads if position > signed.get(tenant_id, 0)]
    for tenant_id, position in grown:
        _sign(ChainLink.objects.get(tenant_id=tenant_id, position=position))
    return len(grown)


def _sign(head: ChainLink) -> None:
    now, key = real_now(), key_id(public_key())
    tenant = str(head.tenant_id)
    signature = _key().sign(_content(tenant, head.position, head.hash, now.isoformat(), key)).hex()
    line = SignedHead(tenant, head.position, head.hash, now.isoformat(), key, signature)
    _append(settings.CHECKPOINT_FOLDER, line, now)
    try:
        with transaction.atomic():
            Checkpoint.objects.create(
                tenant_id=head.tenant_id,
                position=head.position,
                hash=head.hash,
                signed_at=now,
                key_id=key,
                signature=signature,
            )
    except IntegrityError:
        return  # another worker signed the same head; both signatures are good


def _append(folder: Path, line: SignedHead, now: dt.datetime) -> None:
    """The copy that is kept elsewhere: mount or copy this folder to another machine."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{now:%Y-%m}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(line)) + "\n")
        file.flush()
        os.fsync(file.fileno())


# ---------------------------------------------------------------- reading them again
def is_genuine(head: SignedHead, public: str) -> bool:
    """Whether this installation signed exactly this."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(head.signature), head.content)
    except (InvalidSignature, ValueError):
        return False
    return head.key == key_id(public)


def stored_checkpoints(tenant_id: uuid.UUID) -> Iterator[SignedHead]:
    """Those in the database."""
    for row in Checkpoint.objects.filter(tenant_id=tenant_id).order_by("position"):
        yield signed_head(row)


def signed_head(row: Checkpoint) -> SignedHead:
    """The checkpoint with everything that its signature covers."""
    return SignedHead(
        str(row.tenant_id), row.position, row.hash, row.signed_at.isoformat(), row.key_id, row.signature
    )


def kept_checkpoints(place: Path) -> Iterator[SignedHead]:
    """Those of a file, or of all files of a folder. Raises UnreadableCheckpoint with file and line."""
    files = sorted(place.glob("*.jsonl")) if place.is_dir() else [place]
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                head = SignedHead(**json.loads(line))
                uuid.UUID(head.tenant)
            except (ValueError, TypeError, AttributeError) as error:
                raise UnreadableCheckpoint(f"{file.name}:{number}") from error
            yield head
