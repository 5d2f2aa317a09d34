"""Import a standard code list that the alliance has got for itself: a CSV or XLSX, or a FHIR
CodeSystem. It replaces what was imported of the same system before; codes that are gone are kept
as retired, for mappings name them.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction
from django.utils import timezone

from alliance.auth.principal import Principal
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from records.mapping.kinds import MappingKind
from records.mapping.standard_codes import StandardTarget
from records.models import CodeList, StandardCode
from records.terminology.code_system import list_concepts

SCALES = {
    "qn": "quantitative",
    "quantitative": "quantitative",
    "定量": "quantitative",
    "ord": "ordinal",
    "nom": "ordinal",
    "ordinal": "ordinal",
    "定性": "ordinal",
}
SEXES = {
    "male": "male",
    "男": "male",
    "m": "male",
    "female": "female",
    "女": "female",
    "f": "female",
}
# columns by what lists call them: the project's own names, those of LOINC's table, Chinese ones
COLUMNS = {
    "code": ("code", "loinc_num", "编码", "代码", "诊断编码", "药品代码"),
    "display": ("display", "name", "long_common_name", "名称", "诊断名称", "药品名称"),
    "names": ("names", "relatednames2", "synonyms", "别名", "又名"),
    "unit": ("unit", "example_ucum_units", "单位"),
    "scale": ("scale", "scale_typ", "标度"),
    "sex": ("sex", "性别"),
}


class BadList(ValueError):
    """A file that is no code list; the message says what is missing."""


def targets_from_rows(system: str, rows: Iterable[dict[str, str]]) -> Iterator[StandardTarget]:
    for number, row in enumerate(rows, 2):
        values = {
            name: next((row[c] for c in columns if row.get(c)), "")
            for name, columns in COLUMNS.items()
        }
        if not values["code"] or not values["display"]:
            raise BadList(
                f"Row {number} has no code or no name: the columns are called code and display"
                " (or 编码 and 名称)."
            )
        names = tuple(filter(None, values["names"].replace(";", "|").split("|")))
        yield StandardTarget(
            system,
            values["code"][:100],
            values["display"][:300],
            names,
            values["unit"].split(";")[0][:40],
            SCALES.get(values["scale"].casefold(), ""),
            SEXES.get(values["sex"].casefold(), ""),
        )


def targets_from_code_system(resource: dict[str, Any]) -> Iterator[StandardTarget]:
    """Of a CodeSystem whose codes are in it."""
    concepts = list_concepts(resource)
    if not concepts:
        raise BadList("The CodeSystem has no concepts in it.")
    for c in concepts.values():
        if not c.abstract:
            names = tuple(str(d["value"]) for d in c.designations if d.get("value"))
            yield StandardTarget(resource["url"], c.code[:100], (c.display or c.code)[:300], names)


@transaction.atomic
def import_code_list(
    kind: MappingKind,
    system: str,
    targets: Iterable[StandardTarget],
    *,
    title: str,
    version: str,
    licence: str,
    acting: Principal,
) -> int:
    """How many codes. licence: what allows the alliance to use the list; not left out."""
    if not licence.strip():
        raise BadList("Say what allows the alliance to use the list (--licence).")
    found = {t.code: t for t in targets}
    if not found:
        raise BadList("The file holds no code.")
    listed, _ = CodeList.objects.update_or_create(
        kind=kind,
        system=system,
        defaults={
            "title": title,
            "version": version,
            "licence": licence,
            "codes": len(found),
            "imported_at": timezone.now(),
        },
    )
    StandardCode.objects.filter(listed=listed).exclude(code__in=list(found)).update(retired=True)
    StandardCode.objects.bulk_create(
        [
            StandardCode(
                listed=listed,
                code=t.code,
                display=t.display,
                names="|".join(t.names),
                unit=t.unit,
                scale=t.scale,
                sex=t.sex,
                retired=False,
            )
            for t in found.values()
        ],
        update_conflicts=True,
        unique_fields=["listed", "code"],
        update_fields=["display", "names", "unit", "scale", "sex", "retired"],
        batch_size=2_000,
    )
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.CODE_LIST_IMPORT,
            target=f"code-list/{listed.pk}",
            detail=f"{kind} · {system} · {version} · {len(found)} · {licence}"[:500],
        )
    )
    return len(found)
