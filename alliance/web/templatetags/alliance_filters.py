"""Words of every page: sexes, states of an employment, last days."""

from django import template
from django.utils.translation import gettext_lazy

from alliance.platform.brackets import bracket_words
from alliance.platform.code_filters import register_code_filters
from alliance.platform.dates import format_last_day
from alliance.resource_names import SEX_NAMES

register = template.Library()
EMPLOYMENT_WORDS = {
    "coming": gettext_lazy("not begun yet"),
    "active": gettext_lazy("employed"),
    "over": gettext_lazy("employment over"),
}

register_code_filters(register, {"sex": SEX_NAMES, "employment": EMPLOYMENT_WORDS})
register.filter("lastday", format_last_day)
register.filter("bracketed", bracket_words)
