"""The audit log: sealing, tampering, the web role's walls."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import DatabaseError, connection, transaction

from alliance.roles import Role
from alliance.services.credentials import forget_factors
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.audit.sealer import seal_all
from consent.audit.verify import verify_log, verify_log_in_transaction
from tests.factories import alliance
from tests.factories.alliance import OPERATOR
from tests.factories.web_role import acting_as_web_role
from tests.wait_until import wait_until


def three() -> list[int]:
    for i in range(3):
        append_event(AuditEvent.from_principal(OPERATOR, EventCode.AUDIT_READ, target=f"t{i}"))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM consent_audit_event WHERE actor = 'test' ORDER BY id DESC LIMIT 3"
        )
        made = [r[0] for r in cursor.fetchall()]
    wait_until(lambda: sealed(made), "the three are sealed")
    return made


def sealed(made: list[int]) -> bool:
    """Another sealer may be at work, or an older transaction still open: then it takes more than
    one try.
    """
    seal_all()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM consent_audit_leaf WHERE event_id = ANY(%s)", [made])
        return bool(cursor.fetchone()[0] == len(made))


class Undo(Exception):
    pass


def tampered(sql: str) -> list[str]:
    """The faults that verify finds after a change by the superuser; the change is rolled back."""
    found: list[str] = []
    with pytest.raises(Undo), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
            )  # as verify asks: a sealer is at work beside it
            cursor.execute("SELECT current_setting('is_superuser')")
            assert cursor.fetchone()[0] == "on"
            cursor.execute(sql)
            assert cursor.rowcount == 1
        found += verify_log_in_transaction().faults
        raise Undo
    return found


def test_untouched_log_is_intact(world: None) -> None:
    three()
    report = verify_log()
    assert report.intact and report.sealed >= 3, report.faults


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE consent_audit_event SET actor = 'somebody' WHERE id = {id}", "audit line {id} "),
        ("DELETE FROM consent_audit_event WHERE id = {id}", "audit line {id} (leaf"),
        ("DELETE FROM consent_audit_leaf WHERE event_id = {id}", "missing from the tree"),
        (
            (
                "UPDATE consent_audit_leaf SET hash = decode(repeat('00', 32), 'hex') WHERE"
                " event_id = {id}"
            ),
            "audit line {id} ",
        ),
        (
            (
                "DELETE FROM consent_audit_leaf WHERE position >= (SELECT max(position) FROM"
                " consent_audit_leaf)"
            ),
            "the log was cut",
        ),
        (
            (
                "UPDATE consent_audit_head SET root = decode(repeat('00', 32), 'hex') WHERE size ="
                " (SELECT max(size) FROM consent_audit_head)"
            ),
            "signature does not fit",
        ),
    ],
)
def test_every_change_is_told(world: None, change: str, says: str) -> None:
    target = three()[1]
    faults = tampered(change.format(id=target))
    assert any(says.format(id=target) in f for f in faults), faults
    assert verify_log().intact, "the control: rolled back, the log is intact again"


FORGED = (
    "(code, actor_kind, actor, actor_hospital, role, purpose, outcome, reason, target, detail,"
    " refs, address, request_id{0}) {2} VALUES ('x', '', '', '', '', '', '', '', '', '', '{{}}',"
    " '', ''{1})"
)
GONE = (
    "consent_emergency",
    "consent_incidentseal",
    "consent_relationship",
    "consent_patientaccess",
    "consent_directive",
    "consent_confirmation",
    "consent_alliancepolicy",
    "mfa_authenticator",
    "alliance_user",
    "alliance_staff",
    "alliance_hospital",
    "alliance_client",
    "records_person",
    "records_sourcepatient",
    "records_decision",
    "record_history",
    "record_resource",
    "record_key",
    "consent_audit_leaf",
    "consent_audit_head",
    "procrastinate_jobs",
)


def as_web_role(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE xinglin_web")
        cursor.execute(sql)


def test_web_role_cannot_touch_the_evidence(world: None) -> None:
    target = three()[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM consent_audit_event WHERE id = %s", [target]
        )
        partition = cursor.fetchone()[0]
    for sql in (
        f"UPDATE consent_audit_event SET actor = 'x' WHERE id = {target}",
        f"DELETE FROM consent_audit_event WHERE id = {target}",
        "TRUNCATE consent_audit_event",
        *(f"{verb} {table}" for table in GONE for verb in ("DELETE FROM", "TRUNCATE")),
        "INSERT INTO consent_audit_event "
        + FORGED.format(", id", ", -5", "OVERRIDING SYSTEM VALUE"),
        "INSERT INTO consent_audit_event "
        + FORGED.format(", recorded", ", now() - interval '1 year'", ""),
        "INSERT INTO consent_audit_event " + FORGED.format(", xid", ", '1'", ""),
        f"INSERT INTO {partition} " + FORGED.format("", "", ""),
        "SELECT nextval(pg_get_serial_sequence('consent_audit_event', 'id'))",
        "INSERT INTO consent_audit_leaf VALUES (0, 0, '')",
        "INSERT INTO consent_audit_sealer (checked_at) VALUES (now())",
    ):
        with pytest.raises(DatabaseError, match="permission denied"):
            as_web_role(sql)
    as_web_role("INSERT INTO consent_audit_event " + FORGED.format("", "", ""))
    as_web_role("DELETE FROM django_session WHERE session_key = 'x'")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE xinglin_web")
        append_event(AuditEvent.from_principal(OPERATOR, EventCode.AUDIT_READ))


def test_the_web_process_checks_the_log_too(world: None) -> None:
    three()
    with acting_as_web_role():
        assert verify_log().intact


def test_a_second_factor_goes_only_with_a_line(world: None) -> None:
    user = alliance.make_staff(alliance.make_hospital("factor"), Role.CLERK).user
    TOTP.activate(user, generate_totp_secret())

    def there() -> int:
        return int(Authenticator.objects.filter(user_id=user.pk).count())

    with acting_as_web_role():
        with (
            pytest.raises(
                DatabaseError, match="only in a transaction that says so in the audit log"
            ),
            transaction.atomic(),
        ):
            forget_factors(user)
        assert there() == 1
        with pytest.raises(DatabaseError, match="permission denied"):
            Authenticator.objects.filter(user_id=user.pk).delete()
        with transaction.atomic():
            forget_factors(user, Authenticator.Type.RECOVERY_CODES)
        assert there() == 1, "of another kind, nothing goes"
        with transaction.atomic():
            forget_factors(user)
            append_event(AuditEvent.from_principal(OPERATOR, EventCode.SECOND_FACTOR_SET))
        assert there() == 0, "the control"
