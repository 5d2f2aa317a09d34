"""Assess the database server: whether it answers, connections, transaction numbers, copies,
clock.
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from alliance.operations.installation_state import InstallationState
from alliance.operations.state_verdict import (
    MINUTE,
    StateVerdict,
    Urgency,
    describe_duration,
    few,
    format_bytes,
    rate_urgency,
)
from alliance.platform.environment import read_setting

PARTS, RESERVE = 8, 20  # connections of the parts beside the site, and of commands
CLOCK = 1.0  # seconds by which the clocks of site and database may differ


def assess_database(state: InstallationState) -> Iterator[StateVerdict]:
    about = _("Database")
    if not state.up:
        yield StateVerdict(
            "database",
            Urgency.ACT,
            about,
            _("It does not answer: records can neither be read nor written."),
            _(
                "See whether PostgreSQL runs on its server (systemctl status postgresql), whether"
                " its disk is full, and whether the network between the servers works."
            ),
        )
    elif state.values.get("database_in_recovery"):
        yield StateVerdict(
            "database",
            Urgency.ACT,
            about,
            _("Only a copy answers, which takes no changes."),
            _(
                "See which server is the one that is written to, and whether DATABASE_URL names all"
                " of them. After a switch by hand: promote one."
            ),
        )
    else:
        yield StateVerdict("database", Urgency.OK, about, _("It answers and takes changes."))


def assess_connections(state: InstallationState) -> Iterator[StateVerdict]:
    used, most = (
        state.values.get("database_connections", 0.0),
        state.values.get("database_connections_max", 1.0),
    )
    needed = read_setting("XINGLIN_WORKERS") * read_setting("XINGLIN_THREADS") + PARTS + RESERVE
    says = _("%(used)d of %(most)d are open; this server may need %(needed)d.") % {
        "used": used,
        "most": most,
        "needed": needed,
    }
    yield StateVerdict(
        "connections",
        max(
            rate_urgency(used / most, 0.8, 0.95),
            Urgency.LOOK if needed > most else Urgency.OK,
            key=list(Urgency).index,
        ),
        _("Database connections"),
        says,
        _(
            "Raise max_connections of PostgreSQL to what all servers of the site need together, or"
            " lower XINGLIN_WORKERS and XINGLIN_THREADS. Without one a request is answered 503."
        ),
    )


def assess_transactions(state: InstallationState) -> Iterator[StateVerdict]:
    age = max(
        state.values.get("transaction_id_age", 0.0), state.values.get("multixact_id_age", 0.0)
    )
    says = _("%(n)d million of 2,000 million are used up.") % {"n": age / 1e6}
    yield StateVerdict(
        "transaction_ids",
        rate_urgency(age, 0.6e9, 1.2e9),
        _("Transaction numbers"),
        says,
        _(
            "VACUUM does not keep up: end transactions and remove replication slots that nobody"
            " uses, then VACUUM FREEZE at a quiet hour. At the end PostgreSQL takes no more"
            " changes."
        ),
    )


def assess_copies(state: InstallationState) -> Iterator[StateVerdict]:
    lags, kept = (
        state.by_label("replication_lag_seconds"),
        state.by_label("replication_slot_retained_bytes"),
    )
    do = _(
        "See whether the copy runs and reaches this server. A slot that nobody reads any more fills"
        " the disk: remove it (pg_drop_replication_slot)."
    )
    if lags:
        slowest = max(lags.values())
        yield StateVerdict(
            "replication",
            rate_urgency(slowest, MINUTE, 10 * MINUTE),
            _("Copies of the database"),
            _("Copies that follow: %(n)d; the slowest is %(span)s behind.")
            % {
                "n": len(lags),
                "span": describe_duration(slowest),
            },
            do,
        )
    if kept and max(kept.values()) > 1 << 30:
        most = max(kept.values())
        yield StateVerdict(
            "slots",
            rate_urgency(most, 10 << 30, 50 << 30),
            _("Log kept for copies"),
            _("%(size)s are kept until a copy has fetched them.") % {"size": format_bytes(most)},
            do,
        )
    idle = [
        name for name, active in state.by_label("replication_slot_active").items() if not active
    ]
    if idle:
        yield StateVerdict(
            "copies",
            Urgency.ACT,
            _("Copies of the database"),
            _("Copies that follow no more: %(names)s.") % {"names": few(idle)},
            do,
        )


def assess_clock(state: InstallationState) -> Iterator[StateVerdict]:
    apart = abs(state.values.get("database_clock_skew_seconds", 0.0))
    yield StateVerdict(
        "clock",
        rate_urgency(apart, CLOCK),
        _("Clocks"),
        _("%(n).1f s between this server and the database.") % {"n": apart},
        _("Set both by the same time server (chrony)."),
    )
