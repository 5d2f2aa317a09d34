"""A hospital's map of one kind as a ConceptMap in its own store, a version of the resource for each
version of the map: read, searched and asked by $translate like any other (FHIR R4 conceptmap.html).
"""

from collections.abc import Sequence
from typing import Any

from alliance.models import Hospital
from consent import gate
from records.mapping.active_mappings import map_url
from records.mapping.kinds import KINDS, MappingKind
from records.mapping.platform_writer import (
    note_stored_drafts,
    prepare_next_version,
    request_platform_write,
)
from records.models import CodeMap, CodeMapping
from records.search.search_terms import IndexValues
from records.store import resource_writer
from records.store.rows import Draft

TYPE = "ConceptMap"


def map_id(kind: str) -> str:
    return f"xinglin-map-{kind}"


def publish_map(code_map: CodeMap) -> None:
    """Store the newest version, whatever stands in its place by now."""
    hospital, fhir_id = code_map.hospital, map_id(code_map.kind)
    with gate.audited_write(
        request_platform_write(hospital, f"{TYPE}/{fhir_id}", f"version {code_map.version}")
    ) as (scope, ledger):
        fresh = CodeMap.objects.select_for_update().get(pk=code_map.pk)
        locked = resource_writer.lock_rows(scope, [(TYPE, fhir_id)]).get((TYPE, fhir_id))
        draft = Draft(
            TYPE,
            fhir_id,
            locked.version if locked else 0,
            0,
            None,
            0,
            IndexValues(),
            b"",
            resource_id=locked.resource_id if locked else 0,
        )
        prepare_next_version(draft, build_concept_map(hospital, fresh))
        (resource_writer.replace_drafts if locked else resource_writer.insert_drafts)(
            scope, [draft]
        )
        note_stored_drafts(scope, ledger, [draft])
        CodeMap.objects.filter(pk=fresh.pk).update(published=fresh.version)


def build_concept_map(hospital: Hospital, code_map: CodeMap) -> dict[str, Any]:
    rows = (
        CodeMapping.objects.filter(
            hospital=hospital, kind=code_map.kind, state=CodeMapping.State.APPROVED
        )
        .select_related("code")
        .order_by("target_system", "code__system", "code__code", "code_id")
    )
    title = str(KINDS[MappingKind(code_map.kind)].title)
    return {
        "resourceType": TYPE,
        "id": map_id(code_map.kind),
        "url": map_url(hospital.code, code_map.kind),
        "version": str(code_map.version),
        "name": "".join(w.capitalize() for w in f"map {code_map.kind}".split()),
        "title": f"{hospital.name_zh} · {title}",
        "status": "active",
        "experimental": False,
        **(
            {"date": code_map.changed_at.isoformat(timespec="seconds")}
            if code_map.changed_at
            else {}
        ),
        "publisher": hospital.name_zh,
        **({"group": groups} if (groups := build_groups(list(rows))) else {}),
    }


def build_groups(rows: Sequence[CodeMapping]) -> list[dict[str, Any]]:
    """A group for each pair of systems; texts without a code stand under the text."""
    groups: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in rows:
        elements = groups.setdefault((row.code.system, row.target_system), {})
        code = row.code.code or row.code.text
        element = elements.setdefault(
            code,
            {"code": code, **({"display": row.code.text} if row.code.text else {}), "target": []},
        )
        element["target"].append(
            {
                "code": row.target_code,
                **({"display": row.target_display} if row.target_display else {}),
                "equivalence": row.equivalence,
            }
        )
    return [
        {
            **({"source": source} if source else {}),
            "target": target,
            "element": list(elements.values()),
        }
        for (source, target), elements in groups.items()
    ]
