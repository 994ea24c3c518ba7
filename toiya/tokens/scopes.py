"""What a program asks for. The addresses of the original services are other names for this installation's own."""

from collections.abc import Iterable, Mapping

from django.conf import settings

OWN = "user_impersonation"
OPENID = frozenset({"openid", "profile", "email", "offline_access"})
KNOWN = OPENID | {OWN}
OTHER_NAMES = frozenset(
    {
        "https://graph.windows.net",
        "https://api.partnercenter.microsoft.com",
        "https://api.partner.microsoft.com",
    }
)
RIGHTS = frozenset({".default", "user_impersonation"})


class ForeignAudience(Exception):
    """A token for somebody else is asked for."""


def is_own_audience(resource: str) -> bool:
    """Whether tokens for it are tokens for us, with or without a slash at the end (conventions.md 2)."""
    return resource.strip().rstrip("/").lower() in {settings.ORIGIN.lower(), *OTHER_NAMES}


def own_words(fields: Mapping[str, str], version: int) -> dict[str, str]:
    """A request of either generation in the words of the protocol, with our own names for what it asks for.

    Raises ForeignAudience.
    """
    words = {name: value for name, value in fields.items() if name not in {"resource", "scope"}}
    if "client_id" in words:
        words["client_id"] = words["client_id"].strip().lower()
    resource = fields.get("resource")
    if resource and not is_own_audience(resource):
        raise ForeignAudience(resource)
    words["scope"] = own_scope(fields.get("scope", "")) if version != 1 else _own_scope_v1(fields)
    return words


def _own_scope_v1(fields: Mapping[str, str]) -> str:
    """The first generation names the resource apart; the scope holds words of OpenID, if anything."""
    words = fields.get("scope", "").split()
    return joined({OWN, *(word.lower() for word in words if word.lower() in OPENID)})


def own_scope(scope: str) -> str:
    """The scope of a v2 request in our words. Raises ForeignAudience."""
    return joined({OWN, *(_own(word) for word in scope.split())})


def _own(word: str) -> str:
    if word.lower() in OPENID:
        return word.lower()
    if word == OWN:
        return OWN
    audience, _slash, right = word.rpartition("/")
    if right.lower() in RIGHTS and is_own_audience(audience):
        return OWN
    raise ForeignAudience(word)


def joined(words: Iterable[str]) -> str:
    """In one order, so that the same scope is the same text."""
    return " ".join(sorted(words))
