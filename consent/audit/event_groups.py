"""TABLE kind of event, as an auditor asks for it -> the events, each in one kind."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from consent.audit.event import EventCode


@dataclass(frozen=True, slots=True)
class EventGroup:
    """prefixes: how its events' codes begin, up to a colon; codes: those that begin otherwise."""

    words: str | Promise
    prefixes: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


READINGS = tuple(
    f"records:record:{verb}"
    for verb in ("read", "search", "history", "feed", "open", "export", "print", "notify")
)
WRITINGS = tuple(
    f"records:record:{verb}"
    for verb in ("create", "validate", "patch", "update", "delete", "import")
)
EVENT_GROUPS: dict[str, EventGroup] = {
    "read": EventGroup(gettext_lazy("Records looked at"), ("records:print",), READINGS),
    "write": EventGroup(gettext_lazy("Records written"), ("records:bundle",), WRITINGS),
    "sync": EventGroup(
        gettext_lazy("Sync"),
        ("records:batch", "records:dead-letter", "records:sync-notice"),
        ("records:record:compare",),
    ),
    "patient": EventGroup(
        gettext_lazy("Patients looked for"), (), ("records:person:find", "records:person:read")
    ),
    "index": EventGroup(
        gettext_lazy("Patient index"),
        ("records:index", "records:decision", "records:link"),
        tuple(
            f"records:person:{verb}"
            for verb in ("link", "merge", "split", "differ", "identify", "confirm", "correct")
        ),
    ),
    "code": EventGroup(gettext_lazy("Code mapping"), ("records:code-map", "records:code-list")),
    "consent": EventGroup(
        gettext_lazy("Consents"),
        (
            "consent:directive",
            "consent:withdrawal",
            "consent:intake",
            "consent:confirmation",
            "consent:relation",
            "consent:tie",
            "consent:record",
        ),
    ),
    "recognition": EventGroup(gettext_lazy("Mutual recognition"), ("records:recognition",)),
    "work": EventGroup(
        gettext_lazy("Work between hospitals"),
        ("alliance:work", "alliance:directory", "records:opinion"),
    ),
    "portal": EventGroup(gettext_lazy("Patient's own access"), ("consent:access",)),
    "emergency": EventGroup(gettext_lazy("Emergency accesses"), ("consent:emergency",)),
    "audit": EventGroup(
        gettext_lazy("Audit log"),
        (
            "consent:audit",
            "consent:case",
            "consent:hold",
            "consent:witness",
            "records:episode",
            "records:access-rule",
        ),
    ),
    "session": EventGroup(
        gettext_lazy("Sign-in"), ("alliance:session", "alliance:token", "alliance:launch")
    ),
    "door": EventGroup(gettext_lazy("Refused at the door"), ("alliance:door",)),
    "staff": EventGroup(
        gettext_lazy("Members and staff"),
        (
            "alliance:hospital",
            "alliance:staff",
            "alliance:appointment",
            "alliance:proposal",
            "consent:policy",
        ),
    ),
    "system": EventGroup(
        gettext_lazy("Systems and server"),
        (
            "alliance:client",
            "alliance:enrolment-code",
            "alliance:sandbox",
            "alliance:administrator-client",
            "alliance:server",
            "alliance:restore",
            "records:store",
            "records:signing-key",
        ),
    ),
}


def codes_of_group(key: str) -> tuple[str, ...]:
    """The events of a kind."""
    group = EVENT_GROUPS[key]
    return tuple(
        str(c) for c in EventCode if c in group.codes or c.rsplit(":", 1)[0] in group.prefixes
    )
