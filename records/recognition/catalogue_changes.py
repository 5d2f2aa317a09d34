"""Change the catalogue and who is qualified: one administrator of the alliance proposes, another
agrees; that a qualification ends, one alone says.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from alliance.auth.errors import AlreadyDone
from alliance.auth.principal import Principal
from alliance.models import Hospital, Proposal
from alliance.roles import Permission
from alliance.services.authority import (
    administrative_transaction,
    check_may_administer,
    check_two_administrators,
)
from alliance.services.proposals import ProposalAct, make_proposal
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from records.models import RecognitionItem, RecognitionQualification
from records.recognition.catalogue_table import Values

FIELDS = (
    "list_code",
    "name_zh",
    "name_en",
    "loincs",
    "window",
    "upward",
    "scope",
    "place",
    "specimens",
    "methods",
    "price",
    "active",
    "source",
)
TOLD_ROWS = 40


def find_changes(rows: list[Values]) -> list[Values]:
    """Those that are new, or other than what stands. Raises ValidationError where an item that is
    not among them has a code of LOINC that one of them wants.
    """
    standing = {x.code: x for x in RecognitionItem.objects.all()}
    named = {r["code"] for r in rows}
    taken = {
        loinc: x.code
        for x in standing.values()
        if x.active and x.code not in named
        for loinc in x.loincs.split()
    }
    for row in rows:
        for loinc in row["loincs"].split() if row["active"] else ():
            if loinc in taken:
                raise ValidationError(
                    _("%(loinc)s is a code of %(code)s already: keep it at one.")
                    % {"loinc": loinc, "code": taken[loinc]}
                )
    return [r for r in rows if r["code"] not in standing or differs(standing[r["code"]], r)]


def differs(standing: RecognitionItem, row: Values) -> bool:
    return any(as_json(getattr(standing, f)) != row[f] for f in FIELDS)


def as_json(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | str) else str(value)


@administrative_transaction(EventCode.PROPOSAL_MAKE)
def do_propose_catalogue(rows: list[Values], *, reason: str, acting: Principal) -> Proposal:
    """rows: as read_catalogue gives them. Raises AlreadyDone where nothing would change."""
    check_may_administer(acting, Permission.RECOGNITION_MANAGE)
    changes = find_changes(rows)
    if not changes:
        raise AlreadyDone("catalogue", _("The catalogue stands so already. Nothing was changed."))
    return make_proposal(
        "recognition", "recognition", {"rows": changes}, reason=reason, acting=acting
    )


def do_set_catalogue(rows: list[Values], *, acting: Principal, proposer: Principal | None) -> None:
    """Raises Forbidden unless two administrators stand behind it."""
    check_two_administrators(acting, proposer, Permission.RECOGNITION_MANAGE)
    find_changes(rows)
    now = timezone.now()
    for row in rows:
        RecognitionItem.objects.update_or_create(
            code=row["code"], defaults={f: row[f] for f in FIELDS} | {"changed_at": now}
        )
        append_event(
            AuditEvent.from_principal(
                acting,
                EventCode.RECOGNITION_SET,
                target=f"recognition-item/{row['code']}",
                detail=" · ".join(
                    f"{f}={'' if row[f] is None else row[f]}"
                    for f in ("window", "upward", "scope", "price", "active")
                ),
            )
        )


def describe_catalogue(values: dict[str, Any]) -> list[str]:
    standing = {x.code: x for x in RecognitionItem.objects.all()}
    rows = values["rows"]
    told = [describe_row(row, standing.get(row["code"])) for row in rows[:TOLD_ROWS]]
    if (more := len(rows) - TOLD_ROWS) > 0:
        told.append(ngettext("%(n)s more row.", "%(n)s more rows.", more) % {"n": more})
    return told


def describe_row(row: Values, standing: RecognitionItem | None) -> str:
    days = _("no window") if row["window"] is None else _("%(n)s days") % {"n": row["window"]}
    said = f"{row['code']} {row['name_zh']} · {row['loincs']} · {days}"
    if standing is None:
        return _("New: %(item)s") % {"item": said}
    changed = [
        f"{f}: {as_json(getattr(standing, f))} → {row[f]}"
        for f in FIELDS
        if as_json(getattr(standing, f)) != row[f]
    ]
    return _("Changed: %(item)s (%(what)s)") % {"item": said, "what": "; ".join(changed)}


@administrative_transaction(EventCode.PROPOSAL_MAKE)
def do_propose_qualification(
    hospital: Hospital,
    item: RecognitionItem,
    *,
    starts: dt.date,
    ends: dt.date | None,
    quality: str,
    note: str,
    acting: Principal,
) -> Proposal:
    """That a hospital's results of an item are recognised, of these days. Raises ValidationError
    where they overlap with others, or are reversed.
    """
    check_may_administer(acting, Permission.RECOGNITION_MANAGE)
    check_days(hospital, item, starts, ends)
    return make_proposal(
        "qualification",
        f"hospital/{hospital.code}",
        {
            "hospital": hospital.code,
            "item": item.code,
            "starts": starts.isoformat(),
            "ends": ends.isoformat() if ends else None,
            "quality": quality,
            "note": note,
        },
        reason="",
        acting=acting,
    )


def check_days(
    hospital: Hospital, item: RecognitionItem, starts: dt.date, ends: dt.date | None
) -> None:
    if ends is not None and ends < starts:
        raise ValidationError({"ends": _("The last day lies before the first.")})
    for other in RecognitionQualification.objects.filter(hospital=hospital, item=item):
        if (ends is None or other.starts <= ends) and (other.ends is None or starts <= other.ends):
            raise ValidationError(
                {"starts": _("The hospital is qualified for days of these already.")}
            )


def do_qualify(values: dict[str, Any], *, acting: Principal, proposer: Principal | None) -> None:
    """Raises Forbidden unless two administrators stand behind it."""
    check_two_administrators(acting, proposer, Permission.RECOGNITION_MANAGE)
    hospital = Hospital.objects.get(code=values["hospital"])
    item = RecognitionItem.objects.get(code=values["item"])
    starts = dt.date.fromisoformat(values["starts"])
    ends = dt.date.fromisoformat(values["ends"]) if values["ends"] else None
    check_days(hospital, item, starts, ends)
    made = RecognitionQualification.objects.create(
        hospital=hospital,
        item=item,
        starts=starts,
        ends=ends,
        quality=values["quality"],
        note=values["note"],
        made_at=timezone.now(),
    )
    note_qualification(made, hospital, item, acting)


@administrative_transaction(EventCode.RECOGNITION_SET)
def do_end_qualification(
    qualification: RecognitionQualification, *, last: dt.date, reason: str, acting: Principal
) -> None:
    """Its results are recognised up to this day; those of earlier days stay so. At once, by one
    administrator alone. Raises ValidationError for a day that would make it longer.
    """
    check_may_administer(acting, Permission.RECOGNITION_MANAGE)
    held = RecognitionQualification.objects.select_related("hospital", "item").get(
        pk=qualification.pk
    )
    if held.ends is not None and last >= held.ends:
        raise ValidationError({"last": _("It ends on %(day)s already.") % {"day": held.ends}})
    held.ends, held.end_reason = last, reason
    held.save(update_fields=["ends", "end_reason"])
    note_qualification(held, held.hospital, held.item, acting)


def note_qualification(
    held: RecognitionQualification, hospital: Hospital, item: RecognitionItem, acting: Principal
) -> None:
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.RECOGNITION_SET,
            target=f"hospital/{hospital.code}",
            detail=f"qualification/{held.pk} · item={item.code} · {held.starts} – {held.ends}",
        )
    )


def describe_qualification(values: dict[str, Any]) -> list[str]:
    hospital = Hospital.objects.get(code=values["hospital"])
    item = RecognitionItem.objects.get(code=values["item"])
    days = f"{values['starts']} – {values['ends'] or '…'}"
    return [
        _("Results of %(item)s from %(hospital)s are recognised: %(days)s")
        % {"item": f"{item.code} {item.name_zh}", "hospital": hospital, "days": days}
    ]


Perform = Callable[[dict[str, Any], Principal, Principal], object]
CATALOGUE_ACT = ProposalAct(
    gettext_lazy("A change of what is mutually recognised"),
    describe_catalogue,
    lambda values, acting, proposer: do_set_catalogue(
        values["rows"], acting=acting, proposer=proposer
    ),
)
QUALIFICATION_ACT = ProposalAct(
    gettext_lazy("A hospital’s qualification for a recognised item"),
    describe_qualification,
    lambda values, acting, proposer: do_qualify(values, acting=acting, proposer=proposer),
)
