"""Note who is in a Group, as hospitals write Groups, Practitioners and PractitionerRoles: in the
writer's transaction, so that a change counts with the next decision.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from alliance.platform.dates import EARLIEST_INSTANT, LATEST_INSTANT, parse_date_range
from consent.models import GroupMember, NumberedPractitioner
from consent.provision import STAFF_SYSTEM

GROUP_TYPES = frozenset({"Group", "Practitioner", "PractitionerRole"})
EMPTY_GROUP = ("", 0)  # the mark of a Group that is there and has no members
UNKNOWN_MEMBER = ("", None)  # in the Group, and nobody knows who
READABLE_GROUP_ELEMENTS = frozenset(
    {
        "resourceType",
        "id",
        "meta",
        "language",
        "text",
        "contained",
        "extension",
        "identifier",
        "active",
        "type",
        "actual",
        "code",
        "name",
        "quantity",
        "managingEntity",
        "member",
    }
)

Json = dict[str, Any]
Member = tuple[str, int | None]


def do_update_group_members(
    hospital_id: int, written: Mapping[str, Json | None], at: dt.datetime
) -> None:
    """written: reference -> the resource as it is now in the hospital's store, None for one that
    was deleted; those of TYPES.
    """
    changed = update_practitioner_numbers(
        hospital_id, {r: v for r, v in written.items() if not r.startswith("Group/")}
    )
    groups = {r.partition("/")[2]: v for r, v in written.items() if r.startswith("Group/")}
    for group, resource in groups.items():
        replace_group_members(
            hospital_id,
            group,
            (
                set()
                if resource is None
                else set(parse_group_members(resource, at.replace(microsecond=0)))
            ),
            at,
        )
    touched = (
        GroupMember.objects.filter(hospital_id=hospital_id, until=None, member__in=changed)
        .exclude(group__in=groups)
        .values_list("group", flat=True)
        .distinct()
    )
    for group in touched if changed else ():
        replace_group_members(
            hospital_id,
            group,
            {
                (m, None if m else s)
                for m, s in query_current_members(hospital_id, group).values_list("member", "staff")
            },
            at,
        )


def update_practitioner_numbers(hospital_id: int, written: Mapping[str, Json | None]) -> set[str]:
    """References whose number is another one from now on."""
    now = {r: parse_practitioner_number(v) for r, v in written.items() if v is not None}
    before = (
        {
            n.reference: n
            for n in NumberedPractitioner.objects.filter(
                hospital_id=hospital_id, reference__in=written
            )
        }
        if written
        else {}
    )
    changed = set()
    for reference in written:
        staff, through = now.get(reference, (None, ""))
        known = before.get(reference)
        if (known.staff, known.through) != (staff, through) if known else (staff or through):
            NumberedPractitioner.objects.update_or_create(
                hospital_id=hospital_id,
                reference=reference,
                defaults={"staff": staff, "through": through},
            )
            changed.add(reference)
    return (
        changed
        | set(
            NumberedPractitioner.objects.filter(
                hospital_id=hospital_id, through__in=changed
            ).values_list("reference", flat=True)
        )
        if changed
        else set()
    )


def parse_practitioner_number(resource: Json) -> tuple[int | None, str]:
    """(staff number, the Practitioner through whom a role has it)."""
    if not resource.get("active", True):
        return None, ""
    found = find_staff_identifier(resource.get("identifier") or [])
    if resource["resourceType"] != "PractitionerRole" or found is not None:
        return found, ""
    who = resource.get("practitioner") or {}
    named = str(who.get("reference") or "")
    return find_staff_identifier([who.get("identifier") or {}]), (
        named if named.startswith("Practitioner/") else ""
    )


def find_staff_identifier(identifiers: Iterable[Json]) -> int | None:
    """The one number of ours among them; two are nobody's."""
    found = {
        str(i.get("value") or "")
        for i in identifiers
        if i.get("system") == STAFF_SYSTEM and i.get("use") != "old"
    }
    [value] = found if len(found) == 1 else [""]
    return int(value) if value.isdecimal() and len(value) < 19 else None


def parse_group_members(group: Json, at: dt.datetime) -> Iterable[Member]:
    """(reference, number if the Group itself gives it). A Group that does not say who is in it,
    or only from or until some other day, has members whom nobody knows.
    """
    listed = (
        group.get("type") == "practitioner"
        and group.get("actual") is True
        and group.get("active", True)
        and READABLE_GROUP_ELEMENTS.issuperset(group)
    )
    counted = 0
    for m in group.get("member") or []:
        entity, period = m.get("entity") or {}, m.get("period") or {}
        low = parse_date_range(period["start"])[0] if period.get("start") else EARLIEST_INSTANT
        high = parse_date_range(period["end"])[1] if period.get("end") else LATEST_INSTANT
        if m.get("inactive") or high <= at:
            continue
        counted += 1
        number = find_staff_identifier([entity.get("identifier") or {}])
        reference = str(entity.get("reference") or "")
        if not listed or low > at or high < LATEST_INSTANT or m.get("modifierExtension"):
            yield UNKNOWN_MEMBER
        elif number is not None:
            yield "", number
        else:
            yield (
                (reference, None)
                if reference.startswith(("Practitioner/", "PractitionerRole/"))
                and len(reference) <= 140
                else UNKNOWN_MEMBER
            )
    if not listed or ("member" not in group and group.get("quantity")):
        yield UNKNOWN_MEMBER
    elif not counted:
        yield EMPTY_GROUP


def query_current_members(hospital_id: int, group: str) -> Any:
    return GroupMember.objects.filter(hospital_id=hospital_id, group=group, until=None)


def replace_group_members(
    hospital_id: int, group: str, members: set[Member], at: dt.datetime
) -> None:
    """The Group's members are these from now on; who was one before and is one still, has been
    since then.
    """
    numbers = resolve_staff_numbers(hospital_id, {m for m, s in members if m and s is None})
    wanted = {(m, numbers.get(m) if m and s is None else s) for m, s in members}
    for row in query_current_members(hospital_id, group).select_for_update():
        if (row.member, row.staff) in wanted:
            wanted.discard((row.member, row.staff))
        else:
            row.until = at
            row.save(update_fields=["until"])
    GroupMember.objects.bulk_create(
        [
            GroupMember(hospital_id=hospital_id, group=group, member=m, staff=s, since=at)
            for m, s in sorted(wanted, key=str)
        ]
    )


def resolve_staff_numbers(hospital_id: int, references: set[str]) -> dict[str, int | None]:
    """reference -> staff number."""
    if not references:
        return {}
    rows = {
        n.reference: n
        for n in NumberedPractitioner.objects.filter(
            hospital_id=hospital_id, reference__in=references
        )
    }
    through = {
        n.reference: n.staff
        for n in NumberedPractitioner.objects.filter(
            hospital_id=hospital_id, reference__in={n.through for n in rows.values() if n.through}
        )
    }
    return {r: n.staff if n.staff is not None else through.get(n.through) for r, n in rows.items()}
