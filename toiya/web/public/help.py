"""Help topics that the directory's search finds beside the providers; one topic has all its names (S-004)."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from toiya.core.text import fold
from toiya.membership.provider_entry import MEANS_PROVIDER


@dataclass(frozen=True, slots=True)
class Topic:
    """A page that explains something, and the words by which people look for it."""

    title: str | Promise
    url_name: str
    anchor: str
    words: frozenset[str]

    @property
    def url(self) -> str:
        """Where it is explained."""
        return reverse(self.url_name) + (f"#{self.anchor}" if self.anchor else "")


TOPICS = (
    Topic(
        _("What an indirect provider (distributor) is, and what it does for you"),
        "public:become_reseller",
        "provider",
        MEANS_PROVIDER,
    ),
    Topic(
        _("How to become an indirect reseller"),
        "public:become_reseller",
        "",
        frozenset(
            map(
                fold, ("reseller", "indirect reseller", "リセラー", "間接リセラー", "インダイレクト リセラー")
            )
        ),
    ),
    Topic(
        _("Do we have a work account?"),
        "public:work_account_help",
        "",
        frozenset(map(fold, ("work account", "tenant", "職場アカウント", "作業アカウント", "テナント"))),
    ),
)


def topics_about(text: str) -> list[Topic]:
    """The topics that go by this name."""
    return [topic for topic in TOPICS if fold(text) in topic.words]
