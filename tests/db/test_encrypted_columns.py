"""Second factors, scans of signed papers and reasons of emergencies: unreadable in the database,
readable where they are used, and bound to their column.
"""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.exceptions import FieldError
from django.core.management import call_command
from django.db import connection, transaction

from alliance.encryption import columns
from alliance.encryption.reencrypt import reencrypt_all
from alliance.models import Staff
from consent.models import Directive, Emergency
from consent.services.emergencies import do_break_glass
from records.maintenance import reencode
from records.mpi.index import source_patients
from tests import draws
from tests.factories import alliance
from tests.factories.consents import record_consent
from tests.factories.web_session import SECRET
from tests.support.world import World, related, w

__all__ = ["w"]
REASON = "昏迷，家属不在场，需了解过敏史"
SCAN = b"%PDF-1.7 signed " + "司马".encode() * 500


def stored(table: str, column: str, number: int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE id = %s", [number])
        found = cursor.fetchone()[0]
    return bytes(found) if isinstance(found, memoryview) else found


def put(table: str, column: str, number: int, value: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [value, number])


@pytest.fixture
def opened(w: World) -> Emergency:
    return do_break_glass(
        w.person,
        ground="rescue",
        reason=REASON,
        hours=1,
        acting=w.doctor,
        sources=source_patients.sources_of_person(w.person),
    )  # type: ignore[arg-type]


@pytest.fixture
def scanned(w: World) -> Directive:
    related(w)
    share = {"resourceType": "Consent", "provision": {"type": "permit"}}
    return record_consent(
        w.person,
        share,
        sources=source_patients.sources_of_person(w.person),
        acting=w.clerk,
        image=(SCAN, "application/pdf"),
    )  # type: ignore[arg-type]


def test_the_database_tells_nothing(w: World, opened: Emergency, scanned: Directive) -> None:
    assert stored("consent_emergency", "reason", opened.pk).startswith(
        "xin1:"
    ) and "昏迷" not in stored("consent_emergency", "reason", opened.pk)
    raw = stored("consent_directive", "image", scanned.pk)
    assert raw.startswith(b"xin1") and b"PDF" not in raw and len(raw) == len(SCAN) + 4 + 4 + 12 + 16
    assert (
        Emergency.objects.get(pk=opened.pk).reason == REASON
        and Directive.objects.get(pk=scanned.pk).image == SCAN
    ), "the control"
    assert list(Emergency.objects.filter(pk=opened.pk).values_list("reason", "comment")) == [
        (REASON, "")
    ]
    assert stored("consent_emergency", "comment", opened.pk) == "", (
        "nothing at all is told by a filled row beside it"
    )
    Emergency.objects.filter(pk=opened.pk).update(comment="核实")
    assert (
        "核实" not in stored("consent_emergency", "comment", opened.pk)
        and Emergency.objects.get(pk=opened.pk).comment == "核实"
    )


def test_what_is_encrypted_is_not_searched_in_silence(opened: Emergency) -> None:
    for asked in ({"reason": REASON}, {"reason__contains": "昏迷"}, {"reason__in": [REASON]}):
        with pytest.raises(FieldError, match="encrypted"):
            Emergency.objects.filter(**asked).exists()
    assert Emergency.objects.filter(pk=opened.pk, reason__isnull=False).exists(), "the control"


def test_a_second_factor_that_is_read_signs_nobody_in(world: None) -> None:
    who: Staff = alliance.make_staff(alliance.make_hospital("factor"))
    TOTP.activate(who.user, SECRET)
    codes = RecoveryCodes.activate(who.user)
    raw = {a.type: a.data for a in Authenticator.objects.filter(user=who.user)}
    assert (
        SECRET not in str(raw)
        and raw["totp"]["secret"].startswith("xin1:")
        and raw["recovery_codes"]["seed"].startswith("xin1:")
    )
    again = RecoveryCodes(Authenticator.objects.get(user=who.user, type="recovery_codes"))
    assert (
        again.get_unused_codes() == codes.get_unused_codes() and len(codes.get_unused_codes()) == 10
    )
    from tests.browser.conftest import code

    totp = TOTP(Authenticator.objects.get(user=who.user, type="totp"))
    assert totp.validate_code(code(SECRET)) and not totp.validate_code("000000")


def test_setup_encrypts_what_an_earlier_release_wrote(
    opened: Emergency, scanned: Directive, world: None
) -> None:
    who = alliance.make_staff(alliance.make_hospital("old"))
    put("consent_emergency", "reason", opened.pk, REASON)
    put("consent_directive", "image", scanned.pk, SCAN)
    factor = Authenticator.objects.create(user=who.user, type="totp", data={"secret": SECRET})
    old = Authenticator.objects.create(
        user=who.user,
        type="recovery_codes",
        data={"migrated_codes": ["111", "222"], "used_mask": 0},
    )
    assert (
        Emergency.objects.get(pk=opened.pk).reason == REASON
        and Directive.objects.get(pk=scanned.pk).image == SCAN
        and TOTP(factor)
    ), "it is readable meanwhile"
    call_command("setup")
    assert stored("consent_emergency", "reason", opened.pk).startswith("xin1:") and stored(
        "consent_directive", "image", scanned.pk
    ).startswith(b"xin1")
    assert (
        Emergency.objects.get(pk=opened.pk).reason == REASON
        and Directive.objects.get(pk=scanned.pk).image == SCAN
    )
    factor.refresh_from_db()
    old.refresh_from_db()
    assert (
        SECRET not in str(factor.data)
        and columns.decrypt_text(factor.data["secret"], columns.SECOND_FACTOR_COLUMN) == SECRET
    )
    assert (
        RecoveryCodes(old).get_unused_codes() == ["111", "222"]
        and "111" not in old.data["migrated_codes"]
    )
    assert reencrypt_all() == 0, "nothing is left to do"


def test_what_is_moved_to_another_column_or_altered_does_not_open(opened: Emergency) -> None:
    raw = stored("consent_emergency", "reason", opened.pk)
    put("consent_emergency", "comment", opened.pk, raw)
    with pytest.raises(columns.AlteredValue):
        Emergency.objects.get(pk=opened.pk)
    put("consent_emergency", "comment", opened.pk, "")
    put(
        "consent_emergency",
        "reason",
        opened.pk,
        raw[:-6] + ("A" if raw[-6] != "A" else "B") + raw[-5:],
    )
    with pytest.raises(columns.AlteredValue):
        Emergency.objects.get(pk=opened.pk)
    put("consent_emergency", "reason", opened.pk, raw)
    assert Emergency.objects.get(pk=opened.pk).reason == REASON, "the control"


def test_a_new_key_and_a_new_master_key(opened: Emergency, scanned: Directive) -> None:
    before, scan = columns.newest_column_key(), stored("consent_directive", "image", scanned.pk)
    assert reencode.rotate_column_key("test") >= 2
    assert columns.newest_column_key() > before and stored(
        "consent_emergency", "reason", opened.pk
    ).startswith(columns.text_prefix(columns.newest_column_key()))
    assert Directive.objects.get(pk=scanned.pk).image == SCAN
    put("consent_directive", "image", scanned.pk, scan)
    assert Directive.objects.get(pk=scanned.pk).image == SCAN, (
        "what an old backup holds opens with the old key"
    )
    columns.column_ciphers.clear()
    with transaction.atomic():
        reencode.rewrap_all_keys(draws.token_bytes(32))
        with pytest.raises(columns.KeyNotFound):
            Emergency.objects.get(pk=opened.pk)
        transaction.set_rollback(True)
    assert Emergency.objects.get(pk=opened.pk).reason == REASON, "the control"


def test_the_site_makes_and_changes_no_key(opened: Emergency) -> None:
    with connection.cursor() as cursor:
        for table in ("alliance_keyprint", "alliance_columnkey"):
            for privilege, may in (
                ("SELECT", True),
                ("INSERT", False),
                ("UPDATE", False),
                ("DELETE", False),
            ):
                cursor.execute(
                    "SELECT has_table_privilege('xinglin_web', %s, %s)", [table, privilege]
                )
                assert cursor.fetchone()[0] is may, (table, privilege)
