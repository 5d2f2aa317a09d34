"""The platform's own hand in a hospital's store: it stores records anew whose mapped codes have
changed, and the map itself. It is let in by the gate as a system of the hospital, and each of its
writes is a line of the log.
"""

from collections.abc import Sequence

from alliance.auth.principal import Principal
from alliance.models import Hospital
from alliance.roles import Permission, Role
from consent import gate
from consent.audit.event import EventCode
from consent.terms import AccessRequest, Scope
from records.fhir.json_codec import dump_json
from records.fhir.sensitivity_labels import labels_and_marks
from records.mapping.local_code import Json
from records.search.index_resource import build_index
from records.store.codec import join_unstamped_body
from records.store.rows import Draft

WRITER = "xinglin-mapping"  # the actor of the log's lines; no client is called so


def request_platform_write(hospital: Hospital, target: str, detail: str = "") -> AccessRequest:
    acting = Principal(
        "client",
        WRITER,
        hospital.pk,
        hospital.code,
        Role.MEMBER_SYSTEM.value,
        active=hospital.active,
    )
    return AccessRequest(
        acting,
        Permission.RECORD_WRITE,
        EventCode.CODE_MAP_APPLY,
        target,
        detail,
        hospital_id=hospital.pk,
        writing=True,
    )


def prepare_next_version(draft: Draft, resource: Json) -> None:
    """Turn a draft into the version after it, of this content; whom it is about stays."""
    meta = {
        k: v
        for k, v in (resource.get("meta") or {}).items()
        if k not in ("versionId", "lastUpdated")
    }
    elements = {k: v for k, v in resource.items() if k not in ("resourceType", "id", "meta")}
    body = {"resourceType": draft.type_name, "id": draft.fhir_id, "meta": meta} | elements
    draft.version += 1
    draft.labels, marks = labels_and_marks(body)
    draft.index = build_index(body)
    draft.index.marks = marks
    draft.body = join_unstamped_body(dump_json(meta), dump_json(elements))


def note_stored_drafts(scope: Scope, ledger: gate.WriteLedger, drafts: Sequence[Draft]) -> None:
    """Into the audit line: which versions."""
    ledger.refs += [
        f"{scope.principal.hospital}/{d.type_name}/{d.fhir_id}/{d.version}" for d in drafts
    ]
