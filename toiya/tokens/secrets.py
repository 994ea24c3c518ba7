"""Random texts that open something: shown or sent once, kept only as hashes (reliability.md section 7, rule 11)."""

import hashlib
import secrets

BYTES = 32


def new_secret() -> str:
    """256 random bits that survive every form, header and shell."""
    return secrets.token_urlsafe(BYTES)


def hash_of(text: str) -> str:
    """What stays of it. The text is random and long, so that a plain hash cannot be reversed."""
    return hashlib.sha256(text.encode()).hexdigest()
