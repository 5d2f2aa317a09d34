"""Close a case: one proposes it with an outcome, another agrees; a closed case is read, and is
opened again with a reason.
"""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal
from consent.audit.event import EventCode
from consent.models import Case, CaseEntry
from consent.services.cases import add_entry, audit_case, lock_case, lock_open_case

CLOSING = ["outcome", "closing_by", "closed_by", "closed_at"]


@transaction.atomic
def do_propose_closing(case_id: int, *, outcome: str, text: str, acting: Principal) -> None:
    """Raises Case.DoesNotExist, AlreadyDone."""
    case = lock_open_case(case_id, acting)
    if case.closing_by_id is not None:
        raise AlreadyDone("closing", _("That it is closed is proposed already."))
    if outcome not in Case.Outcome.values:
        raise ValueError(f"outcome must be one of {Case.Outcome.values}")
    case.outcome, case.closing_by_id = outcome, int(acting.id)
    case.save(update_fields=CLOSING)
    add_entry(case, CaseEntry.Kind.CLOSING, acting, text=text)
    audit_case(acting, EventCode.CASE_CLOSE_ASK, case, outcome)


def lock_closing_case(case_id: int, acting: Principal) -> Case:
    """One of which somebody has proposed that it is closed."""
    case = lock_open_case(case_id, acting)
    if case.closing_by_id is None:
        raise AlreadyDone("not_closing", _("Nobody proposes that the case is closed."))
    return case


@transaction.atomic
def do_close_case(case_id: int, *, acting: Principal) -> None:
    """Another person than who proposed it agrees. Raises Case.DoesNotExist, AlreadyDone."""
    case = lock_closing_case(case_id, acting)
    if case.closing_by_id == int(acting.id):
        raise Forbidden("self", _("Another person closes the case than the one who proposed it."))
    case.closed_by_id, case.closed_at = int(acting.id), timezone.now()
    case.save(update_fields=CLOSING)
    add_entry(case, CaseEntry.Kind.CLOSED, acting)
    audit_case(acting, EventCode.CASE_CLOSE, case, case.outcome)


@transaction.atomic
def do_refuse_closing(case_id: int, *, text: str, acting: Principal) -> None:
    """The case goes on; who proposed it may take it back. Raises Case.DoesNotExist, AlreadyDone."""
    case = lock_closing_case(case_id, acting)
    case.outcome, case.closing_by_id = "", None
    case.save(update_fields=CLOSING)
    add_entry(case, CaseEntry.Kind.GOES_ON, acting, text=text)
    audit_case(acting, EventCode.CASE_CLOSE_REFUSE, case)


@transaction.atomic
def do_reopen_case(case_id: int, *, text: str, acting: Principal) -> None:
    """Raises Case.DoesNotExist, AlreadyDone."""
    case = lock_case(case_id, acting)
    if not case.is_closed:
        raise AlreadyDone("open", _("The case is open. Nothing was changed."))
    case.outcome, case.closing_by_id, case.closed_by_id, case.closed_at = "", None, None, None
    case.save(update_fields=CLOSING)
    add_entry(case, CaseEntry.Kind.REOPENED, acting, text=text)
    audit_case(acting, EventCode.CASE_REOPEN, case)
