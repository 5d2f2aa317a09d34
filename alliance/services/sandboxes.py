"""Sandboxes of members: a store of its own beside the member's, in which its systems are tried out
and of which the alliance knows nothing (docs/adr/0064).
"""

import hashlib
from collections.abc import Iterator

from alliance.auth.principal import Principal
from alliance.models import AcceptanceMark, Hospital
from alliance.models.hospital import SANDBOX_ENDING
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode

CODE_LENGTH = 32  # of Hospital.code
MIRRORED_RULES = ("enforces_references", "requires_version")  # the member's, so that it answers so


def find_sandbox(member: Hospital) -> Hospital | None:
    return Hospital.with_sandboxes.select_related("sandbox_of").filter(sandbox_of=member).first()


def open_sandbox(member: Hospital, *, acting: Principal) -> Hospital:
    """The member's sandbox, made on first use. Call it in the transaction of a verb of
    administration, which has asked whether the acting one may.
    """
    if (found := find_sandbox(member)) is not None:
        return found
    made = Hospital.with_sandboxes.create(
        code=choose_code(member.code),
        name_zh=f"{member.name_zh[:95]}（沙箱）",
        name_en=f"{member.name_en[:89]} (sandbox)",
        tier=member.tier,
        sandbox_of=member,
        **{rule: getattr(member, rule) for rule in MIRRORED_RULES},
    )
    append_event(
        AuditEvent.from_principal(acting, EventCode.SANDBOX_OPEN, target=f"hospital/{made.code}")
    )
    return made


def mirror_rules(member: Hospital) -> None:
    """The sandbox answers as the member's own store does."""
    Hospital.with_sandboxes.filter(sandbox_of=member).update(
        **{rule: getattr(member, rule) for rule in MIRRORED_RULES}
    )


def choose_code(member_code: str) -> str:
    """`<member>-sandbox`; where that is too long, or a member has had it since before sandboxes
    were, with a hash in the place of what is cut off.
    """
    taken = set(
        Hospital.with_sandboxes.filter(code__endswith=SANDBOX_ENDING).values_list("code", flat=True)
    )
    return next(c for c in propose_codes(member_code) if c not in taken)


def propose_codes(member_code: str) -> Iterator[str]:
    """Endless, always the same ones. Pure."""
    plain = member_code + SANDBOX_ENDING
    if len(plain) <= CODE_LENGTH:
        yield plain
    kept = CODE_LENGTH - len(SANDBOX_ENDING) - 9
    number = 0
    while True:
        digest = hashlib.sha256(f"{member_code}/{number}".encode()).hexdigest()[:8]
        yield f"{member_code[:kept].rstrip('-')}-{digest}{SANDBOX_ENDING}"
        number += 1


def forget_acceptance(sandbox: Hospital) -> None:
    """What its systems have shown until now, for they begin anew."""
    AcceptanceMark.objects.filter(client__hospital=sandbox).delete()
