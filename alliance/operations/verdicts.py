"""Assess the numbers of the installation: what is wrong, and what to do about it, in plain words.
For the operator's page, /status and doctor; alerts.yml has bounds of its own, near these.
"""

from collections.abc import Callable, Iterator

from alliance.operations.database_verdicts import (
    assess_clock,
    assess_connections,
    assess_copies,
    assess_database,
    assess_transactions,
)
from alliance.operations.installation_state import InstallationState
from alliance.operations.machine_verdicts import assess_backups, assess_certificates, assess_disks
from alliance.operations.site_verdicts import (
    assess_feed,
    assess_index,
    assess_jobs,
    assess_parts,
    assess_protection,
    assess_release,
    assess_seal,
    assess_sync,
    assess_witnesses,
)
from alliance.operations.state_verdict import StateVerdict, Urgency


def assess_state(state: InstallationState) -> list[StateVerdict]:
    """In the reader's language; of a database that is away only what is known without it."""
    about = [assess_database, *(OF_DATABASE if state.up else ()), *OF_MACHINE]
    return [found for one in about for found in one(state)]


def worst_urgency(found: list[StateVerdict]) -> Urgency:
    return max((v.level for v in found), key=list(Urgency).index, default=Urgency.OK)


OF_DATABASE: tuple[Callable[[InstallationState], Iterator[StateVerdict]], ...] = (
    assess_protection,
    assess_parts,
    assess_seal,
    assess_witnesses,
    assess_feed,
    assess_jobs,
    assess_sync,
    assess_connections,
    assess_transactions,
    assess_copies,
    assess_backups,
    assess_index,
    assess_clock,
    assess_release,
)
OF_MACHINE = (assess_disks, assess_certificates)
