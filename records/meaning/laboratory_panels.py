"""Which panel of the laboratory a test is looked for under, by its LOINC code or, where a
laboratory has none, by its Chinese name or short name.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from records.meaning.components import read_rows
from records.meaning.result_identity import squeeze_text
from records.meaning.sense import Words

TABLE = Path(__file__).parent / "laboratory_panels.csv"
PANEL_TITLES: dict[str, Words] = {  # in the order of a page
    "blood-count": _("Blood count"),
    "electrolytes": _("Electrolytes and minerals"),
    "kidney": _("Kidney"),
    "liver": _("Liver and proteins"),
    "lipids": _("Lipids"),
    "glucose": _("Glucose metabolism"),
    "heart": _("Heart markers"),
    "clotting": _("Clotting"),
    "inflammation": _("Inflammation"),
    "gases": _("Blood gases"),
    "thyroid": _("Thyroid"),
    "tumour": _("Tumour markers"),
    "infection": _("Infection"),
    "urine": _("Urine"),
}
ASIDE = re.compile(r"[（(\[【].*?[)）\]】]")


@dataclass(frozen=True, slots=True)
class PanelPlace:
    """panel: "" for none; position: where the test stands in it, from 0 to 1."""

    panel: str = ""
    position: float = 1.0


@cache
def places_by_code() -> dict[str, PanelPlace]:
    return index_table("codes")


@cache
def places_by_name() -> dict[str, PanelPlace]:
    return index_table("names")


def index_table(column: str) -> dict[str, PanelPlace]:
    found: dict[str, PanelPlace] = {}
    for row in read_rows(TABLE):
        words = row[column].split()
        for number, word in enumerate(words):
            found.setdefault(word, PanelPlace(row["panel"], number / len(words)))
    return found


def find_panel_place(loinc: str, title: str) -> PanelPlace:
    """Of a test by its code, else by its name; of no panel where neither tells."""
    if found := places_by_code().get(loinc):
        return found
    name, by_name = squeeze_text(title), places_by_name()
    return by_name.get(name) or by_name.get(ASIDE.sub("", name)) or PanelPlace()
