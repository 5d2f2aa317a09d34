"""One valid resource on its way into the store."""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class IncomingResource:
    """A valid resource and where it goes. place: its FHIRPath in a bundle, for messages; about: the
    id of the Patient whom it is about where no literal reference says so; no_subject_reason: why it
    is about nobody, for whoever sent it.
    """

    resource: dict[str, Any]
    fhir_id: str
    version: int = 1
    resource_id: int = 0
    place: str = ""
    subject_fhir_id: str = ""
    no_subject_reason: str = ""
