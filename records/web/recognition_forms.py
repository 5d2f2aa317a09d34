"""Forms of the catalogue of mutual recognition and of who is qualified."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from alliance.auth.errors import AlreadyDone
from alliance.models import Hospital
from records.models import RecognitionItem
from records.recognition.catalogue_table import read_row
from records.web.recognition_lines import QUALITY_WORDS

DAY_INPUT = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
SCOPE_WORDS = {
    "nation": gettext_lazy("nationwide"),
    "province": gettext_lazy("province"),
    "city": gettext_lazy("city"),
    "alliance": gettext_lazy("within the alliance"),
}
FIELD_OF_COLUMN = {
    "loinc": "loincs",
    "window_days": "window",
    "higher_recognises_lower": "upward",
}
YES_NO_COLUMNS = ("higher_recognises_lower", "active")


def submit_to_verb(
    form: forms.BaseForm, verb: Callable[..., Any], *things: Any, **values: Any
) -> None:
    """What the verb finds wrong stands in the form, which is no longer valid."""
    try:
        verb(*things, **values)
    except ValidationError as error:
        if not hasattr(error, "error_dict"):
            form.add_error(None, error)
            return
        for field, faults in error.message_dict.items():
            form.add_error(field if field in form.fields else None, faults)
    except AlreadyDone as refusal:
        form.add_error(None, gettext(str(refusal)))


class ItemForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = RecognitionItem
        fields = [
            "code",
            "name_zh",
            "name_en",
            "list_code",
            "loincs",
            "window",
            "upward",
            "scope",
            "place",
            "specimens",
            "methods",
            "price",
            "source",
            "active",
        ]
        labels = {
            "code": gettext_lazy("Code"),
            "name_zh": gettext_lazy("Name in Chinese"),
            "name_en": gettext_lazy("Name in English"),
            "list_code": gettext_lazy("Code of the national or provincial list"),
            "loincs": gettext_lazy("Codes of LOINC"),
            "window": gettext_lazy("Days for which a result counts"),
            "upward": gettext_lazy("A higher hospital recognises a lower one"),
            "scope": gettext_lazy("Recognised"),
            "place": gettext_lazy("Province or city, as its marks name it"),
            "specimens": gettext_lazy("Specimens"),
            "methods": gettext_lazy("Methods"),
            "price": gettext_lazy("Price (yuan)"),
            "source": gettext_lazy("Where the days are from"),
            "active": gettext_lazy("In use"),
        }
        help_texts = {
            "window": gettext_lazy("Empty: none is set, and no result counts."),
            "specimens": gettext_lazy("Parted by |; empty: any."),
            "methods": gettext_lazy("Parted by |; empty: any."),
            "loincs": gettext_lazy("Parted by blanks."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scope"].choices = list(SCOPE_WORDS.items())  # type: ignore[attr-defined]
        if self.instance.pk:
            self.fields["code"].disabled = True

    def read_values(self) -> dict[str, Any]:
        """As a row of a table would be read; its faults are the form's."""
        said = self.cleaned_data
        row = {f: "" if said[f] is None else str(said[f]) for f in said}
        row |= {column: row[field] for column, field in FIELD_OF_COLUMN.items()}
        row |= {c: "yes" if said[FIELD_OF_COLUMN.get(c, c)] else "no" for c in YES_NO_COLUMNS}
        values, faults = read_row(row)
        for column, says in faults.items():
            self.add_error(FIELD_OF_COLUMN.get(column, column), says)
        return values


class QualificationForm(forms.Form):
    hospital = forms.ModelChoiceField(
        Hospital.objects.all(),
        label=gettext_lazy("Hospital"),
        to_field_name="code",
        empty_label=gettext_lazy("Choose"),
    )
    item = forms.ModelChoiceField(
        RecognitionItem.objects.filter(active=True),
        label=gettext_lazy("Item"),
        to_field_name="code",
        empty_label=gettext_lazy("Choose"),
    )
    starts = forms.DateField(label=gettext_lazy("From"), widget=DAY_INPUT)
    ends = forms.DateField(label=gettext_lazy("Until"), widget=DAY_INPUT, required=False)
    quality = forms.ChoiceField(
        label=gettext_lazy("External quality assessment"), choices=list(QUALITY_WORDS.items())
    )
    note = forms.CharField(label=gettext_lazy("Note"), max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        items: Any = self.fields["item"]
        items.label_from_instance = lambda x: f"{x.code} {x.name_zh}"


class EndForm(forms.Form):
    last = forms.DateField(label=gettext_lazy("Last day"), widget=DAY_INPUT)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        min_length=2,
        max_length=200,
        help_text=gettext_lazy("It stands in the audit log: no patient's name or number."),
    )
