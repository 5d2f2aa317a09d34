"""Each number has its verdict: nothing to do, to look at, or to act upon; and says what to do,
in both languages.
"""

import pytest
from django.utils import translation

from alliance.database import release
from alliance.operations.database_state import COUNTED
from alliance.operations.installation_state import InstallationState
from alliance.operations.state_verdict import Urgency
from alliance.operations.verdicts import assess_state, worst_urgency

BEATS = [["worker", 5.0], ["courier", 1.0], ["sealer", 1.0]]
WELL = {
    "database_up": 1.0,
    "database_in_recovery": 0.0,
    "database_connections": 10.0,
    "database_connections_max": 10_000.0,
    "server_state_visible": 1.0,
    "feed_horizon_seconds": 1.0,
    "audit_unsealed_lines": 3.0,
    "audit_unsealed_seconds": 2.0,
    "index_version": 7.0,
    "index_version_wanted": 7.0,
    "release_number": float(release.NUMBER),
    "backups_kept": 1.0,
    "backup_age_seconds": 3600.0,
    "drill_age_seconds": 86400.0,
}
PAIRS = {
    "part_beat_age_seconds": BEATS,
    "wall_standing": [["keys", 1.0], ["row_security", 1.0]],
    "subscriptions": [["error", 0.0], ["lost", 0.0]],
    "disk_free_bytes": [["home", 50.0 * 2**30]],
    "disk_total_bytes": [["home", 100.0 * 2**30]],
    "disk_full_days": [["home", 3650.0]],
    "certificate_seconds_left": [["site", 90 * 86400.0]],
    "replication_lag_seconds": [["b", 0.1]],
    "replication_slot_retained_bytes": [["b", 1e6]],
    "replication_slot_active": [["b", 1.0]],
}
LOOK, ACT = Urgency.LOOK, Urgency.ACT


def of(values: dict[str, float | None], pairs: dict[str, list[list[object]]]) -> InstallationState:
    return InstallationState(
        True, {k: v for k, v in (WELL | values).items() if v is not None}, PAIRS | pairs
    )  # type: ignore[arg-type]


def test_all_is_well() -> None:
    found = assess_state(of({}, {}))
    assert worst_urgency(found) == Urgency.OK, [v for v in found if v.level != Urgency.OK]
    assert len(found) >= 17 and len({v.key for v in found}) == len(found)


@pytest.mark.parametrize(
    ("key", "level", "values", "pairs"),
    [
        ("database", ACT, {"database_in_recovery": 1.0}, {}),
        ("walls", ACT, {}, {"wall_standing": [["keys", 0.0]]}),
        ("walls", LOOK, {}, {"wall_standing": [["keys", 1.0], ["row_security", 0.0]]}),
        ("walls", LOOK, {}, {"wall_standing": [["keys", 1.0], ["sm2_signature", 0.0]]}),
        ("worker", LOOK, {}, {"part_beat_age_seconds": [["worker", 90.0], *BEATS[1:]]}),
        ("worker", ACT, {}, {"part_beat_age_seconds": [["worker", 200.0], *BEATS[1:]]}),
        ("sealer", ACT, {}, {"part_beat_age_seconds": BEATS[:2]}),
        ("seal", ACT, {"audit_sealer_refused": 1.0}, {}),
        ("witnesses", ACT, {"audit_witness_contradictions": 1.0}, {}),
        ("seal", LOOK, {"audit_unsealed_seconds": 100.0}, {}),
        ("seal", ACT, {"audit_unsealed_seconds": 700.0}, {}),
        ("partitions", LOOK, {"audit_partitions_missing": 1.0}, {}),
        ("partitions", LOOK, {"audit_partition_rest_used": 1.0}, {}),
        ("feed", LOOK, {"server_state_visible": 0.0, "feed_horizon_seconds": None}, {}),
        ("feed", LOOK, {"feed_horizon_seconds": 100.0}, {}),
        ("feed", ACT, {"feed_horizon_seconds": 700.0}, {}),
        ("notifications", LOOK, {"notification_oldest_seconds": 400.0}, {}),
        ("notifications", ACT, {"notification_oldest_seconds": 4000.0}, {}),
        ("notifications", LOOK, {}, {"subscriptions": [["error", 1.0]]}),
        ("bulk", LOOK, {"bulk_oldest_waiting_seconds": 700.0}, {}),
        ("sync", LOOK, {"sync_oldest_batch_seconds": 700.0}, {}),
        ("sync", ACT, {"sync_oldest_batch_seconds": 4000.0}, {}),
        ("housekeeping", LOOK, {"housekeeping_jobs_failed": 1.0}, {}),
        ("connections", LOOK, {"database_connections_max": 20.0}, {}),
        ("connections", ACT, {"database_connections": 9_900.0}, {}),
        ("transaction_ids", LOOK, {"transaction_id_age": 0.7e9}, {}),
        ("transaction_ids", ACT, {"multixact_id_age": 1.3e9}, {}),
        ("replication", LOOK, {}, {"replication_lag_seconds": [["b", 100.0]]}),
        ("replication", ACT, {}, {"replication_lag_seconds": [["a", 0.0], ["b", 700.0]]}),
        ("copies", ACT, {}, {"replication_slot_active": [["b", 0.0]]}),
        ("slots", ACT, {}, {"replication_slot_retained_bytes": [["b", 60.0 * 2**30]]}),
        ("backup", LOOK, {"backup_age_seconds": None}, {}),
        ("backup", LOOK, {"backup_age_seconds": 30 * 3600.0}, {}),
        ("backup", ACT, {"backup_age_seconds": 60 * 3600.0}, {}),
        ("drill", LOOK, {"drill_age_seconds": 40 * 86400.0}, {}),
        ("index", LOOK, {"index_version": 6.0}, {}),
        ("clock", LOOK, {"database_clock_skew_seconds": -1.5}, {}),
        ("release", LOOK, {"release_number": release.NUMBER + 1.0}, {}),
        ("disk_home", ACT, {}, {"disk_free_bytes": [["home", 1.0 * 2**30]]}),
        ("disk_home", LOOK, {}, {"disk_free_bytes": [["home", 9.0 * 2**30]]}),
        ("disk_home", LOOK, {}, {"disk_full_days": [["home", 20.0]]}),
        ("disk_home", ACT, {}, {"disk_full_days": [["home", 3.0]]}),
        ("certificate_site", LOOK, {}, {"certificate_seconds_left": [["site", 20 * 86400.0]]}),
        ("certificate_site", ACT, {}, {"certificate_seconds_left": [["site", -5.0]]}),
    ],
)
def test_each_fault_is_told_and_no_other(
    key: str, level: Urgency, values: dict[str, float | None], pairs: dict[str, list[list[object]]]
) -> None:
    for language in ("en", "zh-hans"):
        with translation.override(language):
            found = assess_state(of(values, pairs))
        assert [(v.key, v.level) for v in found if v.level != Urgency.OK] == [(key, level)], found
        told = next(v for v in found if v.key == key)
        assert told.says and told.do and worst_urgency(found) == level
        assert any("\u4e00" <= c <= "\u9fff" for c in told.says + told.do + told.about) is (
            language != "en"
        )


def test_of_a_database_that_is_away_only_what_is_known() -> None:
    found = assess_state(
        InstallationState(
            False,
            {"database_up": 0.0},
            {
                k: PAIRS[k]
                for k in (
                    "disk_free_bytes",
                    "disk_total_bytes",
                    "disk_full_days",
                    "certificate_seconds_left",
                )
            },
        )
    )  # type: ignore[arg-type]
    assert [(v.key, v.level) for v in found] == [
        ("database", ACT),
        ("disk_home", Urgency.OK),
        ("certificate_site", Urgency.OK),
    ]


def test_hundreds_of_faults_stay_sentences() -> None:
    names = [[f"copy_{n}", 0.0] for n in range(300)]
    backlog: dict[str, float | None] = {
        "audit_unsealed_lines": float(COUNTED),
        "notifications_due": float(COUNTED),
        "housekeeping_jobs_failed": 12_345.0,
    }
    with translation.override("en"):
        found = {
            v.key: v.says for v in assess_state(of(backlog, {"replication_slot_active": names}))
        }
        few = {
            v.key: v.says
            for v in assess_state(
                of({"audit_unsealed_lines": 9_999.0}, {"replication_slot_active": names[:5]})
            )
        }
    assert found["copies"].endswith("copy_3, copy_4 … (300).") and "copy_5" not in found["copies"]
    assert (
        ": 10,000+;" in found["seal"]
        and "Notifications due: 10,000+;" in found["notifications"]
        and "Failed within a week: 12,345" in found["housekeeping"]
    )
    assert ": 9,999;" in few["seal"] and few["copies"].endswith("copy_4.")
