"""TABLE code of LOINC -> what people call the measurement, for senders that give the code alone:
vital signs and what is measured with them.
"""

from typing import Any

from django.utils.translation import gettext_lazy

from records.meaning.result_identity import ALIASES, LOINC, list_codings
from records.meaning.sense import Words

TEST_NAMES: dict[str, Words] = {
    "85354-9": gettext_lazy("Blood pressure"),
    "8480-6": gettext_lazy("Systolic blood pressure"),
    "8462-4": gettext_lazy("Diastolic blood pressure"),
    "8478-0": gettext_lazy("Mean blood pressure"),
    "8867-4": gettext_lazy("Heart rate"),
    "8889-8": gettext_lazy("Heart rate"),
    "8893-0": gettext_lazy("Pulse"),
    "9279-1": gettext_lazy("Respiratory rate"),
    "8310-5": gettext_lazy("Body temperature"),
    "8331-1": gettext_lazy("Body temperature (mouth)"),
    "8328-7": gettext_lazy("Body temperature (armpit)"),
    "2708-6": gettext_lazy("Oxygen saturation"),
    "59408-5": gettext_lazy("Oxygen saturation (pulse oximetry)"),
    "29463-7": gettext_lazy("Body weight"),
    "3141-9": gettext_lazy("Body weight"),
    "8302-2": gettext_lazy("Body height"),
    "3137-7": gettext_lazy("Body height"),
    "8306-3": gettext_lazy("Body length (lying)"),
    "39156-5": gettext_lazy("Body mass index"),
    "9843-4": gettext_lazy("Head circumference"),
    "8287-5": gettext_lazy("Head circumference"),
    "8280-0": gettext_lazy("Waist circumference"),
}


def name_bare_code(concept: Any, sent: str) -> str:
    """sent: the concept's own words. The table's name where these are but a code of LOINC that is
    in it, else what was sent.
    """
    if sent in TEST_NAMES and any(
        c["code"] == sent and ALIASES.get(str(c.get("system")), c.get("system")) == LOINC
        for c in list_codings(concept)
    ):
        return str(TEST_NAMES[sent])
    return sent
