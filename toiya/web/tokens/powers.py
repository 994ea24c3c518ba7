"""What a program may do once it is let in, in words."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from toiya.tokens.scopes import OWN


def powers_of(scopes: Iterable[str]) -> list[str]:
    """One sentence for each thing."""
    asked = set(scopes)
    powers = []
    if OWN in asked:
        powers.append(_("act for you, with the rights that you have at that moment"))
    if asked & {"openid", "profile", "email"}:
        powers.append(_("see your name and your user name"))
    powers.append(_("go on while you are away, until you or an administrator ends it"))
    return powers
