"""Assess the parts of the site: protection, processes, audit log, feed, jobs, index, release."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from alliance.database import release
from alliance.operations.installation_state import InstallationState
from alliance.operations.state_verdict import (
    HOUR,
    MINUTE,
    StateVerdict,
    Urgency,
    describe_duration,
    many,
    rate_urgency,
)


def assess_release(state: InstallationState) -> Iterator[StateVerdict]:
    recorded = state.values.get("release_number", release.NUMBER)
    says = _("This server has release %(code)d, the database was brought to %(database)d.") % {
        "code": release.NUMBER,
        "database": recorded,
    }
    yield StateVerdict(
        "release",
        Urgency.LOOK if recorded > release.NUMBER else Urgency.OK,
        _("Release"),
        says,
        _("Finish the upgrade: install the newer release on this server too."),
    )


def assess_protection(state: InstallationState) -> Iterator[StateVerdict]:
    fallen = [
        name.replace("_", " ")
        for name, stands in state.by_label("wall_standing").items()
        if not stands
    ]
    says = (
        _("Not as it must be: %(names)s.") % {"names": ", ".join(fallen)}
        if fallen
        else _("Keys, database role and privileges are as they must be.")
    )
    second_lines = set(fallen) <= {"row security", "sm2 signature"}
    yield StateVerdict(
        "walls",
        Urgency.OK if not fallen else Urgency.LOOK if second_lines else Urgency.ACT,
        _("Protection"),
        says,
        _("Run manage.py doctor on the server: it names the fault and the mend."),
    )


def assess_parts(state: InstallationState) -> Iterator[StateVerdict]:
    names = {
        "worker": _("Housekeeping"),
        "courier": _("Subscriptions and bulk jobs"),
        "sealer": _("Sealing of the audit log"),
    }
    beats = state.by_label("part_beat_age_seconds")
    for part, name in names.items():
        if part == "courier" and part not in beats:
            continue  # no hospital yet: it has nothing to do
        age = beats.get(part, float("inf"))
        says = (
            _("It runs: last heard of %(span)s ago.")
            if age <= MINUTE
            else (
                _("Nothing has been heard of it for %(span)s.")
                if age < float("inf")
                else _("It does not run.")
            )
        )
        yield StateVerdict(
            part,
            rate_urgency(age, MINUTE, 3 * MINUTE),
            name,
            says % {"span": describe_duration(min(age, 1e9))} if age < float("inf") else says,
            _(
                "It is started again by itself. Where it does not come back: restart the service"
                " (systemctl restart xinglin.target; where it is one unit: xinglin), and look at"
                " its log."
            ),
        )


def assess_witnesses(state: InstallationState) -> Iterator[StateVerdict]:
    seen = bool(state.values.get("audit_witness_contradictions"))
    yield StateVerdict(
        "witnesses",
        Urgency.ACT if seen else Urgency.OK,
        _("Witnesses of the log"),
        _("A member has co-signed a head to which this log does not lead.")
        if seen
        else _("No member has seen another log than this one."),
        _(
            "The log was cut or set back, or there are two of them. Change nothing, keep the"
            " database as it is, and call whoever is responsible for the audit:"
            " docs/how-to/witness.md."
        ),
    )


def assess_seal(state: InstallationState) -> Iterator[StateVerdict]:
    about, do = (
        _("Audit log"),
        _(
            "As long as the part “Sealing” lives, look for a transaction that stays open (below)."
            " Nothing is lost meanwhile."
        ),
    )
    if state.values.get("audit_sealer_refused"):
        yield StateVerdict(
            "seal",
            Urgency.ACT,
            about,
            _(
                "The log was cut or set back: it is not sealed any further until somebody has"
                " looked."
            ),
            _(
                "Do not repair anything. Call whoever is responsible for the audit;"
                " docs/how-to/audit.md says how to go on, also after a restore."
            ),
        )
        return
    age, lines = (
        state.values.get("audit_unsealed_seconds", 0.0),
        state.values.get("audit_unsealed_lines", 0.0),
    )
    says = (
        _("Every line is sealed.")
        if not lines
        else _("Lines that wait for their seal: %(n)s; the oldest has waited for %(span)s.")
        % {
            "n": many(lines),
            "span": describe_duration(age),
        }
    )
    yield StateVerdict("seal", rate_urgency(age, MINUTE, 10 * MINUTE), about, says, do)
    rest, missing = (
        state.values.get("audit_partition_rest_used", 0.0),
        state.values.get("audit_partitions_missing", 0.0),
    )
    if rest or missing:
        yield StateVerdict(
            "partitions",
            Urgency.LOOK,
            _("Months of the audit log"),
            _(
                "Tables for the next months are missing, or lines lie in the rest table. Nothing is"
                " lost."
            ),
            _(
                "The housekeeping tries again each hour. If this stays until tomorrow: run"
                " manage.py setup at a quiet hour; it says what is in the way."
            ),
        )


def assess_feed(state: InstallationState) -> Iterator[StateVerdict]:
    about = _("Change feed and subscriptions")
    if not state.values.get("server_state_visible"):
        yield StateVerdict(
            "feed",
            Urgency.LOOK,
            about,
            _(
                "How far it lies behind cannot be seen: the database account may not look at other"
                " sessions."
            ),
            _("As a superuser of the database: GRANT pg_monitor TO the owner of the tables."),
        )
    else:
        age = state.values.get("feed_horizon_seconds", 0.0)
        says = (
            _("Up to date.")
            if age <= MINUTE
            else _(
                "A transaction has been open for %(span)s: feed, notifications and sealing stand"
                " still behind it."
            )
            % {"span": describe_duration(age)}
        )
        yield StateVerdict(
            "feed",
            rate_urgency(age, MINUTE, 10 * MINUTE),
            about,
            says,
            _(
                "See which program holds it (pg_stat_activity, the oldest xact_start), and end it"
                " there; else with pg_terminate_backend."
            ),
        )
    oldest, states = (
        state.values.get("notification_oldest_seconds", 0.0),
        state.by_label("subscriptions"),
    )
    broken = states.get("error", 0.0) + states.get("lost", 0.0)
    says = _(
        "Notifications due: %(due)s; the oldest change is %(span)s old. Subscriptions that do not"
        " arrive: %(broken)s."
    ) % {
        "due": many(state.values.get("notifications_due", 0.0)),
        "span": describe_duration(oldest),
        "broken": f"{broken:,.0f}",
    }
    yield StateVerdict(
        "notifications",
        max(
            rate_urgency(oldest, 5 * MINUTE, HOUR),
            Urgency.LOOK if broken else Urgency.OK,
            key=list(Urgency).index,
        ),
        _("Notifications"),
        says,
        _(
            "The receiving systems do not take them. Call their operators; each subscription says"
            " why in its own text (docs/how-to/subscribe.md)."
        ),
    )


def assess_jobs(state: InstallationState) -> Iterator[StateVerdict]:
    age = state.values.get("bulk_oldest_waiting_seconds", 0.0)
    says = (
        _("Nothing has waited for long.")
        if age <= 10 * MINUTE
        else _("A job has waited for %(span)s.") % {"span": describe_duration(age)}
    )
    yield StateVerdict(
        "bulk",
        rate_urgency(age, 10 * MINUTE),
        _("Imports and exports"),
        says,
        _("Look at the part “Subscriptions and bulk jobs”, which carries them out."),
    )
    failed = state.values.get("housekeeping_jobs_failed", 0.0)
    if failed:
        yield StateVerdict(
            "housekeeping",
            Urgency.LOOK,
            _("Housekeeping jobs"),
            _("Failed within a week: %(n)s.") % {"n": f"{failed:,.0f}"},
            _("Look at the log of the part “Housekeeping” for that hour."),
        )


def assess_sync(state: InstallationState) -> Iterator[StateVerdict]:
    """Our own part alone: what waits for members is theirs, and on the sync board."""
    age = state.values.get("sync_oldest_batch_seconds", 0.0)
    letters = many(state.values.get("sync_letters_open", 0.0))
    says = (
        _("Nothing has waited for long. Records that were refused: %(letters)s.")
        if age <= 10 * MINUTE
        else _("A batch has waited for %(span)s. Records that were refused: %(letters)s.")
    )
    yield StateVerdict(
        "sync",
        rate_urgency(age, 10 * MINUTE, HOUR),
        _("Sync of the members"),
        says % {"span": describe_duration(age), "letters": letters},
        _(
            "Look at the part “Subscriptions and bulk jobs”, which starts what does the batches;"
            " the page Sync names the member."
        ),
    )


def assess_index(state: InstallationState) -> Iterator[StateVerdict]:
    there, wanted = (
        state.values.get("index_version", 0.0),
        state.values.get("index_version_wanted", 0.0),
    )
    if there < wanted:
        yield StateVerdict(
            "index",
            Urgency.LOOK,
            _("Search index"),
            _("It is being filled for this release."),
            _("Leave it running. If it still says so tomorrow: manage.py reindex --if-due."),
        )
