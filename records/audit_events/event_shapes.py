"""TABLE code of an audit line -> what kind of AuditEvent it is: type, subtype, action, and the
BALP profile that such an event can meet (IHE ITI BALP 1.1, 3:5.7).
"""

from dataclasses import dataclass

from consent.audit.event import EventCode as C
from records.audit_events.codings import DCM, EVENT_TYPE, INTERACTION

BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."


PROFILES = (
    *(
        f"{about}{what}"
        for what in ("Create", "Read", "Update", "Delete", "Query")
        for about in ("", "Patient")
    ),
    "AuthZconsent",
    "PrivacyDisclosure.Source",
)  # that events here meet


@dataclass(frozen=True, slots=True)
class EventShape:
    """profile: the last part of its name, "" where BALP has none; of an event about one patient
    `Patient` stands before it. reads: whether what is there is shown.
    """

    type: tuple[str, str]
    subtype: tuple[str, str] | None
    action: str
    profile: str = ""
    reads: bool = False


def rest(interaction: str, action: str, profile: str = "", *, reads: bool = False) -> EventShape:
    return EventShape(
        (EVENT_TYPE, "rest"), (INTERACTION, interaction), action, profile, reads or action == "R"
    )


def dicom(event: str, action: str, subtype: str = "") -> EventShape:
    return EventShape((DCM, event), (DCM, subtype) if subtype else None, action)


READ = rest("read", "R", "Read")
SEARCH = rest("search", "E", "Query", reads=True)
PATIENT_RECORD, SECURITY, ACTIVITY = "110110", "110113", "110100"
SHAPES: dict[C, EventShape] = {
    C.RECORD_READ: READ,
    C.RECORD_OPEN: READ,
    C.RECORD_PRINT: READ,
    C.PERSON_READ: READ,
    C.RECORD_SEARCH: SEARCH,
    C.PERSON_FIND: SEARCH,
    C.RECOGNITION_CHECK: SEARCH,
    C.RECORD_HISTORY: rest("history", "R"),
    C.RECORD_FEED: rest("history-system", "R"),
    C.RECORD_CREATE: rest("create", "C", "Create"),
    C.RECORD_UPDATE: rest("update", "U", "Update"),
    C.RECORD_PATCH: rest("patch", "U", "Update"),
    C.RECORD_DELETE: rest("delete", "D", "Delete"),
    C.BUNDLE: rest("transaction", "E"),
    C.RECORD_EXPORT: dicom("110106", "R"),
    C.RECORD_NOTIFY: dicom("110106", "R"),
    C.RECORD_IMPORT: dicom("110107", "C"),
    C.BATCH_PUSH: dicom("110107", "C"),
    C.CODE_LIST_IMPORT: dicom("110107", "C"),
    C.EMERGENCY_OPEN: dicom(SECURITY, "E", "110127"),
    C.EMERGENCY_CLOSE: dicom(SECURITY, "E", "110138"),
    C.AUDIT_READ: dicom("110101", "R"),
    C.AUDIT_EXPORT: dicom("110101", "R"),
    C.SIGN_IN: dicom("110114", "E", "110122"),
    C.STEP_UP: dicom("110114", "E", "110122"),
    C.LAUNCH_OPEN: dicom("110114", "E", "110122"),
    C.ACCESS_USE: dicom("110114", "E", "110122"),
    C.TOKEN_ISSUE: dicom("110114", "E", "110122"),
    C.SIGN_OUT: dicom("110114", "E", "110123"),
    C.LAUNCH_END: dicom("110114", "E", "110123"),
    C.RECORD_SEAL: dicom(SECURITY, "U", "110135"),
    C.UNSEAL_ASK: dicom(SECURITY, "U", "110135"),
    C.RECORD_UNSEAL: dicom(SECURITY, "U", "110135"),
    C.POLICY_SET: dicom(SECURITY, "U", "110129"),
}
# of every other code by its room and subject, then by its action
SUBJECT_SHAPES: dict[str, tuple[str, str]] = {
    "records:person": (PATIENT_RECORD, ""),
    "records:link": (PATIENT_RECORD, ""),
    "records:record": (PATIENT_RECORD, ""),
    "consent:directive": (PATIENT_RECORD, ""),
    "consent:tie": (PATIENT_RECORD, ""),
    "consent:relation": (PATIENT_RECORD, ""),
    "consent:emergency": (PATIENT_RECORD, ""),
    "consent:access": (SECURITY, "110137"),
    "alliance:session": (SECURITY, "110137"),
    "alliance:staff": (SECURITY, "110137"),
    "alliance:appointment": (SECURITY, "110136"),
    "alliance:proposal": (SECURITY, "110129"),
    "alliance:client": (SECURITY, "110129"),
    "alliance:administrator-client": (SECURITY, "110129"),
    "alliance:enrolment-code": (SECURITY, "110129"),
    "alliance:hospital": (SECURITY, "110129"),
    "consent:audit": (SECURITY, "110129"),
    "consent:case": ("110101", ""),
    "consent:hold": (SECURITY, "110129"),
    "records:store": (SECURITY, "110129"),
}
ACTIONS = {
    "read": "R",
    "compare": "R",
    "record": "C",
    "declare": "C",
    "register": "C",
    "make": "C",
    "give": "C",
    "enrol": "C",
    "admit": "C",
    "propose": "C",
    "withdraw": "D",
    "revoke": "D",
    "drop": "D",
    "end": "D",
    "link": "U",
    "merge": "U",
    "split": "U",
    "correct": "U",
    "change": "U",
    "set": "U",
    "apply": "U",
    "suspend": "U",
    "resume": "U",
    "password": "U",
}
WHATEVER = dicom(ACTIVITY, "E")  # of codes of earlier or later releases, too


def find_shape(code: str) -> EventShape:
    if code in C._value2member_map_ and (known := SHAPES.get(C(code))):
        return known
    subject, _, verb = code.rpartition(":")
    if subject in SUBJECT_SHAPES:
        event, subtype = SUBJECT_SHAPES[subject]
        return dicom(event, ACTIONS.get(verb, "E"), subtype)
    return dicom(ACTIVITY, ACTIONS.get(verb, WHATEVER.action))
