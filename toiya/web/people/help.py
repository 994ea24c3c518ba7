"""What each role can do, and how best to assign roles (S-052, S-057); open to everybody."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from toiya.core.permissions import Capacity, RoleCategory
from toiya.web.people.notes import matrix

PARTNERS = (Capacity.PROVIDER, Capacity.RESELLER)


def roles(request: HttpRequest) -> HttpResponse:
    """The matrix, derived from the table that also checks every request."""
    matrices = (
        matrix(_("Administrators and agents"), (RoleCategory.ADMIN, RoleCategory.AGENT), PARTNERS),
        matrix(_("Incentives and referrals"), (RoleCategory.INCENTIVES, RoleCategory.REFERRALS), PARTNERS),
        matrix(
            _("Staff of the programme operator"),
            (RoleCategory.ADMIN, RoleCategory.PROGRAMME),
            (Capacity.OPERATOR,),
        ),
    )
    return render(request, "people/roles.html", {"matrices": matrices})


def role_guide(request: HttpRequest) -> HttpResponse:
    """Advice on who should hold what."""
    return render(request, "people/role_guide.html")
