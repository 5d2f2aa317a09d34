"""Assess what lies on machines: disks, backups and certificates."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from alliance.operations.disk_forecast import FARTHEST_DAYS
from alliance.operations.installation_state import InstallationState
from alliance.operations.state_verdict import (
    DAY,
    HOUR,
    StateVerdict,
    Urgency,
    describe_duration,
    format_bytes,
    rate_urgency,
)

LEAST_FREE = 2 * 2**30  # bytes; below, a disk is as good as full


def assess_backups(state: InstallationState) -> Iterator[StateVerdict]:
    if not state.values.get("backups_kept"):
        return
    for key, about, look, act, do in (
        (
            "backup_age_seconds",
            _("Backup"),
            26 * HOUR,
            50 * HOUR,
            _("Look at the last run of manage.py backup, and at the room where it writes."),
        ),
        (
            "drill_age_seconds",
            _("Restore drill"),
            35 * DAY,
            float("inf"),
            _("Run make drill: only a backup that was restored once is one."),
        ),
    ):
        age = state.values.get(key)
        says = (
            _("There is none that holds.")
            if age is None
            else _("The newest that holds is %(span)s old.") % {"span": describe_duration(age)}
        )
        yield StateVerdict(
            key.removesuffix("_age_seconds"),
            Urgency.LOOK if age is None else rate_urgency(age, look, act),
            about,
            says,
            do,
        )


def assess_disks(state: InstallationState) -> Iterator[StateVerdict]:
    names = {
        "home": _("Disk of the site"),
        "data": _("Disk of the database"),
        "backup": _("Disk of the backups"),
        "temporary": _("Disk for what is being received"),
    }
    free, total, days = (
        state.by_label("disk_free_bytes"),
        state.by_label("disk_total_bytes"),
        state.by_label("disk_full_days"),
    )
    for place in free:
        left = days.get(place)
        when = (
            ""
            if left is None or left >= FARTHEST_DAYS
            else _("; full in about %(n)d days") % {"n": left}
        )
        says = _("%(free)s of %(total)s free%(when)s.") % {
            "free": format_bytes(free[place]),
            "total": format_bytes(total[place]),
            "when": when,
        }
        full = (
            Urgency.ACT
            if free[place] < LEAST_FREE
            else Urgency.LOOK
            if free[place] < 0.1 * total[place]
            else Urgency.OK
        )
        soon = (
            Urgency.OK
            if left is None
            else Urgency.ACT
            if left < 7
            else Urgency.LOOK
            if left < 30
            else Urgency.OK
        )
        yield StateVerdict(
            f"disk_{place}",
            max(full, soon, key=list(Urgency).index),
            names[place],
            says,
            _(
                "Make room, or have the disk enlarged. On a full disk nothing can be read or"
                " written any more, for each look leaves a line in the audit log."
            ),
        )


def assess_certificates(state: InstallationState) -> Iterator[StateVerdict]:
    names = {"site": _("Certificate of the site"), "recovery": _("Certificate of the backups")}
    for kind, left in state.by_label("certificate_seconds_left").items():
        says = (
            _("Valid for another %(span)s.") % {"span": describe_duration(left)}
            if left > 0
            else _("It has expired, or its file cannot be read.")
        )
        do = (
            _(
                "Have it renewed now: browsers and hospital systems refuse a site whose certificate"
                " has expired."
            )
            if kind == "site"
            else _(
                "See whether the file that XINGLIN_RECOVERY_CERTIFICATE names is a certificate. One"
                " that has expired still wraps the keys."
            )
        )
        yield StateVerdict(
            f"certificate_{kind}", rate_urgency(-left, -30 * DAY, -7 * DAY), names[kind], says, do
        )
