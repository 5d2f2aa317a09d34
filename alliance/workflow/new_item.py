"""What is sent, before it is a work item."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from alliance.models import Hospital, WorkDocument, WorkItem


@dataclass(frozen=True, slots=True)
class NewItem:
    """person, source_patient: home and number of the sender's own registration of the patient;
    follows: the declined item after which it is sent.
    """

    kind: WorkItem.Kind
    person: UUID
    source_patient: int
    receiver: Hospital
    urgency: str
    reason: str
    department: str = ""
    question: str = ""
    transport: str = ""
    wish: str = ""
    follows: int | None = None


@dataclass(frozen=True, slots=True)
class NewDocument:
    hospital_id: int
    type_name: str
    fhir_id: str
    version: str
    digest: str


def make_documents(item: WorkItem, documents: Sequence[NewDocument]) -> Iterator[WorkDocument]:
    """Unsaved."""
    for d in documents:
        yield WorkDocument(
            item=item,
            hospital_id=d.hospital_id,
            type_name=d.type_name,
            fhir_id=d.fhir_id,
            version=d.version,
            digest=d.digest,
        )
