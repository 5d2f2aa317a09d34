"""The catalogue as it stands: which item a code asks for, whose results of it are recognised."""

from collections.abc import Iterable

from records.meaning.result_identity import ALIASES, LOINC
from records.models import CodeMapping, RecognitionItem, RecognitionQualification
from records.recognition.catalogue_item import LIST_SYSTEM, CatalogueItem, Qualification

Code = tuple[str, str]  # system, code


def load_catalogue(codes: Iterable[str] | None = None) -> list[CatalogueItem]:
    """The active items, or those of these codes, with their qualifications."""
    rows = RecognitionItem.objects.filter(active=True)
    if codes is not None:
        rows = rows.filter(code__in=list(codes))
    return add_qualifications(list(rows))


def add_qualifications(rows: list[RecognitionItem]) -> list[CatalogueItem]:
    qualified: dict[int, list[Qualification]] = {}
    held = RecognitionQualification.objects.filter(item__in=[r.pk for r in rows])
    for q in held.select_related("hospital"):
        qualified.setdefault(q.item_id, []).append(
            Qualification(q.hospital.code, q.starts, q.ends, q.quality)
        )
    return [read_item(row, tuple(qualified.get(row.pk, ()))) for row in rows]


def read_item(row: RecognitionItem, qualifications: tuple[Qualification, ...]) -> CatalogueItem:
    return CatalogueItem(
        row.code,
        row.name_zh,
        row.name_en,
        tuple(row.loincs.split()),
        row.window,
        row.upward,
        row.scope,
        row.place,
        tuple(filter(None, row.specimens.split("|"))),
        tuple(filter(None, row.methods.split("|"))),
        row.price,
        row.pk,
        qualifications,
    )


def find_item(system: str, code: str, hospital_id: int) -> CatalogueItem | None:
    """The item that a code asks for: the catalogue's own, one of LOINC, or a code of the asking
    hospital's own that two of its clerks have mapped to one. None where the catalogue has none.
    """
    system = ALIASES.get(system, system)
    if system == LIST_SYSTEM:
        return next(iter(load_catalogue([code])), None)
    wanted = {code} if system == LOINC else find_mapped_codes(system, code, hospital_id)
    rows = RecognitionItem.objects.filter(active=True)
    named = [row for row in rows if wanted & set(row.loincs.split())]
    return next(iter(add_qualifications(named[:1])), None) if named else None


def find_mapped_codes(system: str, code: str, hospital_id: int) -> set[str]:
    """Codes of LOINC that a hospital's own code means."""
    return set(
        CodeMapping.objects.filter(
            code__hospital_id=hospital_id,
            code__system=system,
            code__code=code,
            state=CodeMapping.State.APPROVED,
            target_system=LOINC,
        ).values_list("target_code", flat=True)
    )


def list_codes_of_items(items: Iterable[CatalogueItem]) -> list[Code]:
    """(system, code) by which their results are found, LOINC's other spellings among them."""
    systems = [LOINC, *(alias for alias, meant in ALIASES.items() if meant == LOINC)]
    return [(s, c) for item in items for c in item.loincs for s in systems]
