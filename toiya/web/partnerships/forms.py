"""What people enter about partnerships."""

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from toiya.core.permissions import DIRECTORY_ROLE_POWERS, DirectoryRole
from toiya.directory.models import Language
from toiya.programme.models import Programme

LONGEST_TEXT = 5000
LONGEST_REASON = 1000
NOT_AN_ADDRESS = _("“%(value)s” is not an email address. Enter one like name@example.com.")
TOO_LONG = _("At most %(limit_value)d characters can be kept; these are %(show_value)d.")
DOMAIN = r"^(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$"
ROLE_POWERS = {role.value: power for role, power in DIRECTORY_ROLE_POWERS.items()}


class InvitationForm(forms.Form):
    """What a provider asks of a reseller, before there is a draft."""

    language = forms.ChoiceField(
        label=_("Language of the message"), choices=Language.choices, widget=forms.RadioSelect
    )
    email = forms.EmailField(
        label=_("Recipient's email address"),
        required=False,
        max_length=254,
        help_text=_("Needed only if the system is to send the message. You can also add it later."),
        error_messages={"invalid": NOT_AN_ADDRESS, "max_length": TOO_LONG},
    )
    named_domain = forms.CharField(
        label=_("Domain of the reseller's work account"),
        required=False,
        help_text=_(
            "If you enter it, only that organization can accept. Otherwise whoever holds the link can, "
            "and you confirm afterwards."
        ),
        validators=[
            RegexValidator(DOMAIN, _("“%(value)s” is not a domain. Enter one like reseller.example.com."))
        ],
    )
    roles = forms.MultipleChoiceField(
        label=_("Administrator access to ask for"),
        choices=DirectoryRole.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Ask for as little as you need, or for nothing. The reseller can leave out each role."),
    )
    grant_days = forms.IntegerField(label=_("Days that the access lasts"), min_value=1)

    def __init__(self, *args: Any, programme: Programme, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        days = forms.IntegerField(
            label=self.fields["grant_days"].label,
            min_value=1,
            max_value=programme.grant_days,
            help_text=_("At most %(limit)d days. The access ends by itself and is never extended.")
            % {"limit": programme.grant_days},
            error_messages={
                "min_value": _("The access lasts at least %(limit_value)s day; you entered %(show_value)s."),
                "max_value": _("The access lasts at most %(limit_value)s days; you entered %(show_value)s."),
            },
        )
        self.fields["grant_days"] = days


class SendingForm(forms.Form):
    """The mail as the system is to send it."""

    email = forms.EmailField(
        label=_("Recipient's email address"),
        max_length=254,
        error_messages={"invalid": NOT_AN_ADDRESS, "max_length": TOO_LONG},
    )
    text = forms.CharField(
        label=_("Message"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 16}),
        help_text=_("You may change the text. Keep the link as it is."),
        error_messages={"max_length": TOO_LONG},
    )


class AnswerForm(forms.Form):
    """A reseller's consent: the roles it agrees to, and the tick."""

    roles = forms.MultipleChoiceField(
        label=_("Administrator access to your work account"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    agree = forms.BooleanField(
        error_messages={"required": _("Tick the box to consent. Without it the provider is not authorized.")}
    )

    def __init__(self, *args: Any, offered: list[DirectoryRole], consent: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles, agree = self.fields["roles"], self.fields["agree"]
        assert isinstance(roles, forms.MultipleChoiceField)  # noqa: S101 (for the type checker)
        roles.choices = [(role.value, role.label) for role in offered]
        agree.label = consent


class ReasonForm(forms.Form):
    """Why somebody declines."""

    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": TOO_LONG},
    )


class EndForm(forms.Form):
    """Why a partnership ends, and whether the administrator access ends with it."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The other organization reads it in the mail about the end."),
        error_messages={
            "max_length": TOO_LONG,
            "required": _("Write why the partnership ends; the other organization is told."),
        },
    )
    removes_access = forms.BooleanField(
        label=_("Also remove the administrator access listed above"), required=False
    )
