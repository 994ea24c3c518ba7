"""The decision whether a company has a work account, one question at a time (S-014, N-06)."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Answer:
    """One way to go on: to the next question or to the outcome of this name."""

    label: str | Promise
    leads_to: str


@dataclass(frozen=True, slots=True)
class Question:
    """Something that the reader can find out alone."""

    title: str | Promise
    text: str | Promise
    answers: tuple[Answer, ...]
    has_sign_in: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to do now."""

    title: str | Promise
    text: str | Promise
    may_enrol: bool = True
    tone: str = "success"


FIRST = "domain"
QUESTIONS: Mapping[str, Question] = {
    "domain": Question(
        _("Does your company have a domain of its own?"),
        _(
            "That is the part after the @ in your company's email addresses, like example.com. "
            "Addresses of free mail services do not count."
        ),
        (
            Answer(_("Yes, we have our own domain"), "sign-in"),
            Answer(_("No, we use a free mail service"), "no-domain"),
        ),
    ),
    "sign-in": Question(
        _("Can you sign in here with a user name in that domain?"),
        _(
            "Try it: open the sign-in page in a new tab and enter the user name and password with "
            "which you sign in to your cloud services. If it works, you have a work account."
        ),
        (
            Answer(_("Yes, it works"), "whose"),
            Answer(_("No, it does not work"), "colleague"),
        ),
        has_sign_in=True,
    ),
    "whose": Question(
        _("Whose domain do you see?"),
        _(
            "After signing in, open the menu with your name at the top right. The part of your "
            "user name after the @ is the domain of the work account."
        ),
        (
            Answer(_("My company's"), "use"),
            Answer(_("Another organization's, for example a customer's"), "create"),
        ),
    ),
    "colleague": Question(
        _("Does a colleague manage cloud services for your company?"),
        _(
            "Ask the person who creates user accounts in your company. A domain can belong to one "
            "work account only, so it is worth asking before you make a new one."
        ),
        (
            Answer(_("Yes, somebody does"), "ask"),
            Answer(_("No, nobody does"), "create"),
        ),
    ),
    "use": Question(
        _("Is this the organization whose people will work in the dashboard?"),
        _(
            "Everybody in a work account can be given access to the Partner Dashboard. If many "
            "people in it never need that, a separate work account keeps the two apart."
        ),
        (
            Answer(_("Yes, or most of them"), "existing"),
            Answer(_("No, many people need no access to the dashboard"), "separate"),
        ),
    ),
}
OUTCOMES: Mapping[str, Outcome] = {
    "existing": Outcome(
        _("You have a work account: use it"),
        _(
            "Start the enrollment and sign in with this account. You need to be a global "
            "administrator; if you are not, the page tells you who is."
        ),
    ),
    "separate": Outcome(
        _("Make a new work account for the partner business"),
        _(
            "Start the enrollment and choose “Create one”. Use a domain that no work account holds "
            "yet, for example a sub-domain like partners.example.com. Your present work account "
            "stays as it is."
        ),
    ),
    "create": Outcome(
        _("You have no work account yet: make one on the way"),
        _(
            "Start the enrollment and choose “Create one”. You give your domain and your country "
            "or region, and become the first global administrator."
        ),
    ),
    "ask": Outcome(
        _("Ask your colleague"),
        _(
            "A global administrator of your company can enroll it, or give you that role so that "
            "you can do it yourself."
        ),
        may_enrol=False,
        tone="note",
    ),
    "no-domain": Outcome(
        _("Get a domain first"),
        _(
            "A work account needs a domain that belongs to your company, and the primary contact "
            "needs an email address in it. Once you have one, come back and make the work account on "
            "the way."
        ),
        may_enrol=False,
        tone="note",
    ),
}
