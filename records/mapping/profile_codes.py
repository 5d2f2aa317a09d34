"""Look at the newest records of each local code that has many more than when it was last looked at:
how its values spread, for whoever decides what it means.
"""

from django.db.models import F, Q, QuerySet

from records.fhir.json_codec import parse_json
from records.mapping.local_code import read_local_code, walk_places
from records.mapping.value_profile import SampledElement, make_profile
from records.models import LocalCode
from records.store.maintenance import mapping_rows

SAMPLE = 200  # records


def query_codes_to_profile() -> QuerySet[LocalCode]:
    """Those never looked at, and those that have doubled since."""
    return (
        LocalCode.objects.filter(records__gt=0)
        .filter(Q(profiled=0) | Q(records__gte=2 * F("profiled")))
        .order_by("-records", "pk")
    )


def profile_code(code: LocalCode) -> None:
    sample = [
        SampledElement(place.around, draft.source_patient_id)
        for draft in mapping_rows.fetch_drafts(
            mapping_rows.fetch_newest_using_rows(code.pk, SAMPLE)
        )
        for place in walk_places(parse_json(draft.body))
        if (key := read_local_code(place)) is not None and key.digest == code.key
    ]
    patients = sorted({s.patient for s in sample if s.patient})
    sexes = {
        patient: str(parse_json(body).get("gender") or "")
        for patient, body in mapping_rows.fetch_patient_bodies(code.hospital_id, patients).items()
    }
    profile = make_profile(sample, {p: s for p, s in sexes.items() if s in ("male", "female")})
    LocalCode.objects.filter(pk=code.pk).update(profile=profile.write(), profiled=code.records)
