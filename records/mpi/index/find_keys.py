"""Keys under which a hospital finds its own patients beside their names: phones, the last four
characters of a citizen number, the family name's first character.

They stand among the name keys (records_namekey), which keep what is no longer the patient's, too.
Capital letters set them apart: no folded name has one. Phones and numbers are keyed hashes, each
hospital's its own, so that none can be read back or met with another hospital's.
"""

import hmac

from django.conf import settings

from records.mpi.matching.fhir_patient import IndexedPatient
from records.mpi.matching.rules.name_forms import fold_name, is_chinese
from records.mpi.matching.rules.phone import AREA, normalize_phone

PHONE, LAST_FOUR, FAMILY = "P", "L", "F"


def phone_key(phone: str, hospital_id: int) -> str:
    return PHONE + hash_for_hospital("phone", phone, hospital_id)


def last_four_key(last_four: str, hospital_id: int) -> str:
    return LAST_FOUR + hash_for_hospital("last four", last_four, hospital_id)


def family_key(character: str) -> str:
    return FAMILY + character


def hash_for_hospital(kind: str, value: str, hospital_id: int) -> str:
    return hmac.digest(settings.INDEX_KEY, f"find|{kind}|{hospital_id}|{value}".encode(), "sha256")[
        :12
    ].hex()


def own_find_keys(patient: IndexedPatient, hospital_id: int) -> set[str]:
    """Of a landline also the key of its number without the area code, as neighbours dial it."""
    phones = {normalize_phone(phone) for phone in patient.phones} - {""}
    phones |= {AREA.sub("", phone) for phone in phones}
    numbers = [value for kind, _, value in patient.identifiers if kind == "resident"]
    families = {name[0] for name in map(fold_name, patient.features.names) if is_chinese(name[:1])}
    return {
        *(phone_key(phone, hospital_id) for phone in phones),
        *(last_four_key(number[-4:], hospital_id) for number in numbers),
        *(family_key(character) for character in families),
    }
