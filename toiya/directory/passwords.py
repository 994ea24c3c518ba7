"""How passwords are hashed: Argon2id with 19 MiB, two passes, one lane (stack.md: 0.04 s a check)."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Django's Argon2 with the memory that OWASP names as the minimum."""

    memory_cost = 19456
    time_cost = 2
    parallelism = 1
