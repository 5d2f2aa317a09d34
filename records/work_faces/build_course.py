"""Build what a transition of a work item is in FHIR: a Provenance (who, when, for which hospital),
and a Communication where it asks or answers (FHIR R4 provenance.html, communication.html).
"""

import base64

from alliance.models import SignedOpinion, WorkTransition
from alliance.workflow.state_table import Need
from records.work_faces.state_codes import STATE_SYSTEM, VERB_SYSTEM
from records.work_faces.work_parts import (
    Json,
    SeenItem,
    concept,
    instant,
    refer_hospital,
    refer_patient,
    verbs_with,
)

AGENT_SYSTEM = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
TIMER = "timer"
SIGN = "sign"
AUTHOR_SIGNATURE = "1.2.840.10065.1.12.1.1"


def transition_id(transition: WorkTransition) -> str:
    return f"{transition.item_id}-{transition.version}"


def is_message(transition: WorkTransition) -> bool:
    return transition.verb in verbs_with(Need.MESSAGE)


def build_provenance(seen: SeenItem, transition: WorkTransition) -> Json:
    """entity: the state from which it led."""
    agent: Json = {"type": concept(AGENT_SYSTEM, "performer")}
    if transition.staff and transition.hospital:
        agent |= {
            "who": {"type": "Practitioner", "display": transition.staff.name},
            "onBehalfOf": refer_hospital(transition.hospital),
        }
    else:
        agent |= {"who": {"type": "Device", "display": TIMER}}
    provenance: Json = {
        "resourceType": "Provenance",
        "id": transition_id(transition),
        "meta": {"versionId": "1", "lastUpdated": instant(transition.at)},
        "target": [{"reference": f"Task/{transition.item_id}"}],
        "occurredDateTime": instant(transition.at),
        "recorded": instant(transition.at),
        "activity": {
            "coding": [
                {"system": VERB_SYSTEM, "code": transition.verb},
                {"system": STATE_SYSTEM, "code": transition.to_state},
            ]
        },
        "agent": [agent],
    }
    if transition.verb == SIGN and (opinion := find_opinion(transition)):
        provenance["target"].append({"reference": f"Composition/{transition.item_id}"})
        provenance["signature"] = [build_signature(opinion, agent)]
    if seen.opens and transition.note and not is_message(transition):
        provenance["reason"] = [{"text": transition.note}]
    return provenance


def find_opinion(transition: WorkTransition) -> SignedOpinion | None:
    return SignedOpinion.objects.filter(item=transition.item_id).first()


def build_signature(opinion: SignedOpinion, agent: Json) -> Json:
    """The detached JWS over the document of Composition/[id]/$document (FHIR R4
    datatypes.html#Signature).
    """
    return {
        "type": [{"system": "urn:iso-astm:E1762-95:2013", "code": AUTHOR_SIGNATURE}],
        "when": instant(opinion.at),
        "who": agent["who"],
        "onBehalfOf": agent.get("onBehalfOf"),
        "targetFormat": "application/fhir+json",
        "sigFormat": "application/jose",
        "data": base64.b64encode(opinion.signature.encode()).decode(),
    }


def build_communication(seen: SeenItem, transition: WorkTransition) -> Json:
    item = seen.item
    sender, recipient = (
        (item.sender, item.receiver)
        if transition.hospital_id == item.sender_id
        else (item.receiver, item.sender)
    )
    communication: Json = {
        "resourceType": "Communication",
        "id": transition_id(transition),
        "meta": {"versionId": "1", "lastUpdated": instant(transition.at)},
        "basedOn": [{"reference": f"Task/{item.pk}"}],
        "status": "completed",
        "category": [concept(VERB_SYSTEM, transition.verb)],
        "subject": refer_patient(seen),
        "sent": instant(transition.at),
        "recipient": [refer_hospital(recipient)],
        "sender": refer_hospital(sender),
    }
    if seen.opens:
        communication["payload"] = [{"contentString": transition.note}]
    return communication
