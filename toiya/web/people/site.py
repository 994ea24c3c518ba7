"""The pages about people stand in two sites: the partner dashboard, and every organisation's own portal."""

from dataclasses import dataclass

from django.urls import reverse

NAMES = {"list": "people", "add": "add_person", "person": "person", "deleted": "deleted_people"}


@dataclass(frozen=True, slots=True)
class Site:
    """Where a page stands: its layout and the names of its routes."""

    layout: str
    home: str
    namespace: str
    prefix: str

    def url(self, page: str, *args: object) -> str:
        """The address of a page about people in this site."""
        name = {"list": "people", "add": "add_person", "person": "person", "deleted": "deleted_people"}.get(
            page, f"person_{page}"
        )
        return reverse(f"{self.namespace}:{name if self.prefix else page}", args=args)


DASHBOARD = Site("sites/dashboard.html", "dashboard:home", "people", "")
ORGANIZATION = Site("sites/organization.html", "organization:home", "organization", "person_")
