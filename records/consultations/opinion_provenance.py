"""A signature as FHIR tells it: a Provenance beside the document, whose Signature.data is the
detached JWS (FHIR R4 provenance.html, datatypes.html#Signature). Pure.
"""

import base64
from collections.abc import Mapping
from typing import Any

from records.consultations.signature_header import read_header

URIS = "urn:ietf:rfc:3986"
AUTHOR_SIGNATURE = "1.2.840.10065.1.12.1.1"  # ASTM E1762-95
PARTICIPANTS = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


def build_provenance(document: Mapping[str, Any], jws: str) -> dict[str, Any]:
    header = read_header(jws)
    signer = header["signer"]
    who = {
        "type": "Practitioner",
        "identifier": {"system": "urn:xinglin:staff", "value": signer["staff"]},
        "display": signer["name"],
    }
    hospital = {
        "type": "Organization",
        "identifier": {"system": "urn:xinglin:hospital", "value": signer["hospital"]},
    }
    return {
        "resourceType": "Provenance",
        "target": [{"type": "Bundle", "identifier": dict(document["identifier"])}],
        "recorded": header["sigT"],
        "agent": [
            {
                "type": {"coding": [{"system": PARTICIPANTS, "code": "author"}]},
                "who": who,
                "onBehalfOf": hospital,
            }
        ],
        "signature": [
            {
                "type": [
                    {
                        "system": "urn:iso-astm:E1762-95:2013",
                        "code": AUTHOR_SIGNATURE,
                        "display": "Author's Signature",
                    }
                ],
                "when": header["sigT"],
                "who": who,
                "onBehalfOf": hospital,
                "targetFormat": "application/fhir+json",
                "sigFormat": "application/jose",
                "data": base64.b64encode(jws.encode()).decode(),
            }
        ],
    }
