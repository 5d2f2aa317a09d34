"""What kind of encounter it is, and in which department or speciality: what a timeline is filtered
by. Codes of v3-ActEncounterCode first, then the sender's own words.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from records.meaning.phrase import Json, say_reference
from records.meaning.sense import Words
from records.meaning.value_text import concept_text

OTHER_KIND = "other"
# kind -> its words, in the order in which a filter offers them
ENCOUNTER_KINDS: dict[str, Words] = {
    "outpatient": _("Outpatient"),
    "emergency": _("Emergency"),
    "inpatient": _("Inpatient"),
    "observation": _("Observation stay"),
    "day": _("Day stay"),
    "home": _("Home visit"),
    "remote": _("Remote visit"),
    "checkup": _("Health check"),
    OTHER_KIND: _("Other kind"),
}
KIND_BY_CLASS = {  # v3-ActCode ActEncounterCode
    "AMB": "outpatient",
    "EMER": "emergency",
    "IMP": "inpatient",
    "ACUTE": "inpatient",
    "NONAC": "inpatient",
    "PRENC": "inpatient",
    "OBSENC": "observation",
    "SS": "day",
    "HH": "home",
    "VR": "remote",
}
# words of what hospitals send without such a code; the first that is found counts
KIND_BY_WORD = (
    ("急诊", "emergency"),
    ("留观", "observation"),
    ("日间", "day"),
    ("住院", "inpatient"),
    ("体检", "checkup"),
    ("家庭病床", "home"),
    ("上门", "home"),
    ("互联网", "remote"),
    ("远程", "remote"),
    ("门诊", "outpatient"),
    ("emergency", "emergency"),
    ("inpatient", "inpatient"),
    ("outpatient", "outpatient"),
)
# classes of a patient who stays: what happens until the end belongs to the stay
STAY_CLASSES = frozenset({"IMP", "ACUTE", "NONAC", "OBSENC", "SS"})


def kind_of_encounter(encounter: Json) -> str:
    """A key of ENCOUNTER_KINDS."""
    coded = encounter.get("class")
    code = str(coded.get("code") or "") if isinstance(coded, dict) else ""
    if code in KIND_BY_CLASS:
        return KIND_BY_CLASS[code]
    words = f"{concept_text(coded)} {concept_text(encounter.get('type'))}".casefold()
    return next((kind for word, kind in KIND_BY_WORD if word in words), OTHER_KIND)


def speciality_of_encounter(encounter: Json, hospital_name: str) -> str:
    """The department or speciality as it was sent, "" where none is told; who provides it counts
    where that is no more than the hospital itself.
    """
    if said := concept_text(encounter.get("serviceType")).strip():
        return said
    provider: Any = encounter.get("serviceProvider")
    if not isinstance(provider, dict):
        return ""
    address = str(provider.get("reference") or "")
    said = say_reference(provider, encounter.get("contained") or []).strip()
    return "" if said in (hospital_name, address.removeprefix("#")) else said
