"""The empty choice of a list in words, in place of Django's row of hyphens."""

from django import forms
from django.utils.translation import gettext_lazy as _

HYPHENS = "---------"


def word_empty_choices(form: forms.BaseForm) -> None:
    """Say in words what the hyphens mean: that one has to be chosen, or that
    none need be.
    """
    for field in form.fields.values():
        words = _("Choose …") if field.required else _("none")
        if isinstance(field, forms.ModelChoiceField):
            if field.empty_label == HYPHENS:
                field.empty_label = words
        elif isinstance(field, forms.ChoiceField):
            field.choices = [
                (value, words if label == HYPHENS else label) for value, label in field.choices
            ]
