"""How a work account signs in."""

from allauth.account.auth_backends import AuthenticationBackend


class WorkAccountBackend(AuthenticationBackend):
    """Sign-in by user name and password."""
