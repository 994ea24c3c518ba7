"""Forms that change something: refusals beside their field, and what to show when somebody else was quicker."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from django import forms
from django.http import HttpResponse, QueryDict

from toiya.core.errors import ChangedMeanwhile, NotVisible, Refusal
from toiya.web.http import PersonRequest


class Row(Protocol):
    """Something that can be chosen."""

    pk: Any


class RowField(forms.ChoiceField):
    """One of some rows; cleaned, it is the row. ``offer`` says which rows."""

    def __init__(self, *, empty: Any = "", **kwargs: Any) -> None:  # noqa: ANN401  (a text, translated when shown)
        super().__init__(**kwargs)
        self.empty_label = empty
        self.rows: dict[str, Any] = {}

    def offer(
        self,
        rows: Iterable[Row],
        label: Callable[[Any], str] = str,
        group: Callable[[Any], str] | None = None,
    ) -> None:
        """The rows, in their order; of one ``group`` together, under its name."""
        self.rows = {str(row.pk): row for row in rows}
        listed: list[Any] = [(key, label(row)) for key, row in self.rows.items()]
        if group is not None:
            groups: dict[str, list[tuple[str, str]]] = {}
            for key, row in self.rows.items():
                groups.setdefault(group(row), []).append((key, label(row)))
            listed = list(groups.items())
        self.choices = [("", self.empty_label), *listed] if self.empty_label or not self.required else listed

    def clean(self, value: Any) -> Any:  # noqa: ANN401  (the row, or None)
        return self.rows.get(str(super().clean(value)))


class RowsField(forms.MultipleChoiceField):
    """Some of some rows."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rows: dict[str, Any] = {}

    def offer(self, rows: Iterable[Row], label: Callable[[Any], str] = str) -> None:
        """The rows, in their order."""
        self.rows = {str(row.pk): row for row in rows}
        self.choices = [(key, label(row)) for key, row in self.rows.items()]

    def clean(self, value: Any) -> list[Any]:  # noqa: ANN401  (what the browser sent)
        return [self.rows[key] for key in super().clean(value)]


def failed(form: forms.Form, refusal: Refusal) -> int:
    """The refusal beside its field, so that nothing typed is lost; a missing right is a page of its own."""
    if refusal.status in {NotVisible.status, 403}:
        raise refusal
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    return refusal.status


MakeForm = Callable[[QueryDict | None, Mapping[str, object]], forms.Form]


class Edit:
    """A form's way through one request: ``answer`` when it was saved, else ``form``, ``status`` and ``stale``."""

    def __init__(
        self,
        request: PersonRequest,
        make: MakeForm,
        present: Callable[[], Mapping[str, object]],
        save: Callable[[Any], HttpResponse],
    ) -> None:
        self.stale: Sequence[Mapping[str, object]] = ()
        self.status = 200
        self.answer: HttpResponse | None = None
        self.form = make(request.POST if request.method == "POST" else None, present())
        if request.method != "POST":
            return
        self.status = 400
        if not self.form.is_valid():
            return
        try:
            self.answer = save(self.form)
        except ChangedMeanwhile as changed:
            now = present()
            typed = request.POST.copy()
            typed["version"] = str(now["version"])
            self.form = make(typed, now)
            self.stale = differences(self.form, make(None, now))
            self.status = changed.status
        except Refusal as refusal:
            self.status = failed(self.form, refusal)

    @property
    def context(self) -> dict[str, object]:
        """For the template."""
        return {"form": self.form, "stale": self.stale, "is_stale": self.status == ChangedMeanwhile.status}


def differences(typed: forms.Form, now: forms.Form) -> list[dict[str, object]]:
    """Fields in which what was typed is not what is there now."""
    rows: list[dict[str, object]] = []
    for bound in now:
        if bound.is_hidden:
            continue
        there, mine = shown(now, bound.name), shown(typed, bound.name)
        if there != mine:
            rows.append({"label": bound.label, "before": there, "after": mine})
    return rows


def shown(form: forms.Form, name: str) -> str:
    """The value of a field as its reader knows it."""
    value = form[name].value()
    values = value if isinstance(value, list | tuple | set) else [value]
    texts = [str(one) for one in values if one not in {None, "", False}]
    field = form.fields[name]
    if isinstance(field, forms.ChoiceField):
        labels = _labels(field.choices)
        texts = [labels.get(text, text) for text in texts]
    return ", ".join(sorted(texts)).replace("\r\n", "\n")


def _labels(choices: Any) -> dict[str, str]:  # noqa: ANN401  (flat or in groups)
    found: dict[str, str] = {}
    for value, label in choices:
        if isinstance(label, list | tuple):
            found |= _labels(label)
        else:
            found[str(value)] = str(label)
    return found
