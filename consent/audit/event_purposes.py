"""TABLE event -> the purpose of use (v3-PurposeOfUse) that its line bears, where whoever acts has
not stated another one and no gate decided by it. Pure.

Care and what serves it directly is treatment; what keeps the alliance, its accounts and its
systems running is not. The purpose that the gate decides by is the Principal's, and stays so.
"""

TREATMENT, EMERGENCY, PATIENT = "TREAT", "BTG", "PATRQT"
OPERATIONS = "HOPERAT"  # who takes part, and who works there
SYSTEM = "HSYSADMIN"  # servers, systems, keys
COMPLIANCE = "HCOMPL"  # that rules were kept: the audit log
QUALITY = "HQUALIMP"  # that a single access was justified
RECORDS = "RECORDMGT"  # that records arrive, and stand under the right patient
METADATA = "METAMGT"  # what codes mean
PATIENTS = "PATADMIN"  # about a patient, for the patient's decisions and registrations

EVENTS_BY_PURPOSE: dict[str, tuple[str, ...]] = {
    TREATMENT: (
        "records:record:read",
        "records:record:search",
        "records:record:history",
        "records:record:feed",
        "records:record:open",
        "records:record:create",
        "records:record:validate",
        "records:record:patch",
        "records:record:update",
        "records:record:delete",
        "records:record:export",
        "records:record:print",
        "records:record:import",
        "records:record:notify",
        "records:print:verify",
        "records:bundle:process",
        "records:person:find",
        "records:person:read",
        "consent:relation:declare",
        "consent:tie:confirm",
        "consent:tie:refuse",
        "alliance:launch:ask",
        "alliance:launch:permit",
        "alliance:session:launch",
        "alliance:session:launch-end",
    ),
    EMERGENCY: (
        "consent:emergency:open",
        "consent:emergency:close",
        "consent:emergency:alarm",
        "consent:emergency:tell",
    ),
    PATIENT: (
        "consent:directive:record",
        "consent:directive:verify",
        "consent:directive:withdraw",
        "consent:directive:shift",
        "consent:directive:confirm",
        "consent:directive:refuse",
        "consent:withdrawal:confirm",
        "consent:withdrawal:refuse",
        "consent:access:give",
        "consent:access:activate",
        "consent:access:open",
        "consent:access:stop",
        "consent:access:use",
    ),
    PATIENTS: (
        "consent:directive:read",
        "consent:intake:confirm",
        "consent:confirmation:read",
        "consent:confirmation:end",
        "consent:record:seal",
        "consent:record:unseal-ask",
        "consent:record:unseal",
        "records:person:link",
        "records:person:merge",
        "records:person:split",
        "records:person:differ",
        "records:person:identify",
        "records:person:confirm",
        "records:person:correct",
        "records:link:review",
        "records:decision:undo",
    ),
    RECORDS: (
        "records:batch:push",
        "records:batch:read",
        "records:dead-letter:read",
        "records:dead-letter:replay",
        "records:dead-letter:drop",
        "records:sync-notice:set",
        "records:record:compare",
    ),
    METADATA: (
        "records:code-map:read",
        "records:code-map:propose",
        "records:code-map:agree",
        "records:code-map:refuse",
        "records:code-map:withdraw",
        "records:code-map:apply",
        "records:code-list:import",
    ),
    QUALITY: ("consent:emergency:review",),
    COMPLIANCE: ("consent:audit:read", "consent:audit:export", "consent:audit:witness"),
    OPERATIONS: (
        "consent:policy:set",
        "alliance:hospital:admit",
        "alliance:hospital:change",
        "alliance:hospital:suspend",
        "alliance:hospital:resume",
        "alliance:staff:enrol",
        "alliance:staff:change",
        "alliance:staff:end",
        "alliance:staff:return",
        "alliance:staff:reset",
        "alliance:staff:vouch",
        "alliance:appointment:give",
        "alliance:appointment:end",
        "alliance:proposal:make",
        "alliance:proposal:agree",
        "alliance:proposal:refuse",
        "alliance:session:sign-in",
        "alliance:session:sign-out",
        "alliance:session:password",
        "alliance:session:password-reset",
        "alliance:session:second-factor",
        "alliance:session:recovery-codes",
        "alliance:session:recovery-code",
        "alliance:session:second-factor-removed",
        "alliance:session:step-up",
    ),
    SYSTEM: (
        "consent:audit:restore",
        "consent:audit:key",
        "consent:witness:offer",
        "consent:witness:accept",
        "consent:witness:end",
        "records:index:rules",
        "alliance:door:open",
        "alliance:server:command",
        "alliance:restore:record",
        "alliance:token:issue",
        "alliance:client:register",
        "records:store:key",
        "alliance:client:vouch",
        "alliance:client:change",
        "alliance:client:revoke",
        "alliance:client:enrol",
        "alliance:client:key",
        "alliance:enrolment-code:make",
        "alliance:enrolment-code:withdraw",
        "alliance:sandbox:open",
        "alliance:sandbox:empty",
        "alliance:administrator-client:register",
        "alliance:administrator-client:agree",
        "alliance:administrator-client:revoke",
    ),
}
PURPOSE_OF_EVENT = {code: p for p, codes in EVENTS_BY_PURPOSE.items() for code in codes}


def purpose_of_event(code: str, stated: str) -> str:
    """The purpose of a line; stated: the Principal's. Treatment is what everybody has who has
    stated nothing, so it gives way to the event's own; any other purpose was stated.
    """
    return PURPOSE_OF_EVENT[code] if stated == TREATMENT else stated
