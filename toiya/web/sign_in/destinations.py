"""Where somebody goes after signing in, and where ``next`` may lead."""

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from toiya.core.permissions import Capacity
from toiya.directory.models import Person

FIRST_PRINTABLE = 0x20
CARRIED = "carried-"
NEVER_CARRIED = ("csrfmiddlewaretoken", "password")


def is_own_path(url: str) -> bool:
    """A path on this site: no scheme, no host, nothing that a browser would read as one (T-30)."""
    return (
        url.startswith("/")
        and "\\" not in url
        and all(ord(char) > FIRST_PRINTABLE for char in url)
        and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    )


def next_of(request: HttpRequest) -> str:
    """The page that was asked for before signing in; empty when none, or when it is not ours."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    return target if is_own_path(target) else ""


def home_of(person: object) -> str:
    """The site where this person works."""
    names = ["organization:home"]
    if isinstance(person, Person) and person.roles:
        held = {row.capacity for row in person.tenant.tenant_capacities.all()}
        if held & {Capacity.PROVIDER, Capacity.RESELLER}:
            names.insert(0, "dashboard:home")
        if Capacity.OPERATOR in held:
            names.insert(0, "operator:home")
    for name in names:
        try:
            return reverse(name)
        except NoReverseMatch:
            continue
    return "/"


def typed_in(request: HttpRequest) -> list[tuple[str, str]]:
    """What a refused form had typed, without secrets: it comes along while its sender confirms."""
    return [
        (CARRIED + key, value)
        for key, values in request.POST.lists()
        if not any(word in key for word in NEVER_CARRIED)
        for value in values
    ]


def carried_by(request: HttpRequest) -> list[tuple[str, str]]:
    """The fields that came along, still under names that meet no field of this page."""
    return [
        (key, value) for key, values in request.POST.lists() if key.startswith(CARRIED) for value in values
    ]
