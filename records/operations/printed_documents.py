"""Keep what was printed, and hold the code of a page against it (docs/adr/0058)."""

import datetime as dt
import hashlib
from uuid import UUID

from alliance.auth.principal import Principal
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from records.models import PrintedDocument
from records.printing.page_codes import PageCode, is_genuine


def keep_print(
    person_id: UUID,
    *,
    code: str,
    key: bytes,
    patient: str,
    part: str,
    pages: int,
    data: bytes,
    at: dt.datetime,
    acting: Principal,
) -> PrintedDocument:
    """Before the file leaves; its opening has left its line. code, key: of its pages; patient: as
    far as whoever holds the paper is told.
    """
    return PrintedDocument.objects.create(
        code=code,
        key=key,
        person=person_id,
        patient=patient,
        hospital_id=acting.hospital_id,
        printed_by_id=int(acting.id),
        printed_at=at,
        part=part,
        pages=pages,
        digest=hashlib.sha256(data).digest(),
    )


def verify_page(code: PageCode, *, acting: Principal) -> PrintedDocument | None:
    """The print that this page is of; None where no such page was printed. A page that was leaves
    a line in the log.
    """
    found = PrintedDocument.objects.select_related("hospital").filter(code=code.print_code).first()
    if found is None:
        return None
    genuine = code.page <= found.pages and is_genuine(bytes(found.key), code)
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.PRINT_VERIFY,
            person=found.person,
            target=f"print/{found.pk}",
            outcome=AuditOutcome.SUCCESS if genuine else AuditOutcome.REFUSED,
            reason="" if genuine else "other_page",
        )
    )
    return found if genuine else None
