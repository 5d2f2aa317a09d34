"""GET /metrics: Prometheus' text format (exposition format 0.0.4), of all processes of this
installation; 404 for whoever may not read it (alliance.operations.monitoring_access).
"""

from collections.abc import Iterable

from django.http import Http404, HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from alliance.operations.installation_state import InstallationState, read_current_state
from alliance.operations.monitoring_access import can_read_metrics
from alliance.platform.counters import list_collectors

MEDIA = "text/plain; version=0.0.4; charset=utf-8"
# Metric, without "xinglin_" -> what it is, and the label that it has.
GAUGES: dict[str, tuple[str, str]] = {
    "database_up": ("1: the database has answered just now", ""),
    "database_in_recovery": ("1: it is a standby", ""),
    "database_connections": ("Open, of the whole server", ""),
    "database_connections_max": ("That may be open, without those of superusers", ""),
    "database_bytes": ("Size of this database", ""),
    "database_clock_skew_seconds": ("Its clock less this machine's", ""),
    "transaction_id_age": (
        "Transactions since the oldest that is not frozen; at two billion PostgreSQL stops",
        "",
    ),
    "multixact_id_age": ("The same of multixacts", ""),
    "server_state_visible": ("1: the owner of the tables may see other sessions (pg_monitor)", ""),
    "feed_horizon_seconds": (
        "Age of the oldest writing transaction: so far behind are feed, notifications and seal",
        "",
    ),
    "oldest_transaction_seconds": ("Age of the oldest transaction", ""),
    "standbys": ("Copies that follow", ""),
    "replication_lag_seconds": ("Until a copy has replayed what was written", "standby"),
    "replication_lag_bytes": ("What a copy has not replayed", "standby"),
    "replication_slot_retained_bytes": ("Write-ahead log that is kept for a slot", "slot"),
    "replication_slot_active": ("1: somebody reads the slot", "slot"),
    "audit_unsealed_lines": ("Lines that are not sealed yet; 10000 is that or more", ""),
    "audit_unsealed_seconds": ("Age of the oldest of them", ""),
    "audit_head_age_seconds": ("Age of the newest signed head", ""),
    "audit_sealer_refused": ("1: the sealer does not go on over this log", ""),
    "audit_witness_contradictions": (
        "Heads of another log that members co-signed within 30 days, and no restore explains",
        "",
    ),
    "audit_partitions_missing": ("Months without a partition, of this and the next three", ""),
    "audit_partition_rest_used": ("1: lines lie in a rest partition", ""),
    "part_beat_age_seconds": ("Since a part was heard of", "part"),
    "notifications_due": ("Due to active subscriptions; 10000 is that or more", ""),
    "notification_oldest_seconds": ("Age of the oldest change that is due to be told", ""),
    "subscriptions": ("By state", "state"),
    "bulk_jobs": ("Imports and exports by state", "state"),
    "bulk_oldest_waiting_seconds": ("Age of the oldest that nobody has taken up", ""),
    "sync_batches_waiting": ("Batches of sync that wait here; 10000 is that or more", ""),
    "sync_oldest_batch_seconds": ("Age of the oldest of them", ""),
    "sync_letters_open": ("Records that were refused by sync; 10000 is that or more", ""),
    "sync_batches_done": ("Ever: its rate is what is done a second", ""),
    "sync_letters_waiting": ("Those that wait for what they refer to; likewise", ""),
    "sync_letters_unkept": ("Refused ones whose content was not kept: over the quota", ""),
    "housekeeping_jobs_failed": ("Kept for a week", ""),
    "index_version": ("To which every resource is indexed", ""),
    "index_version_wanted": ("That this release searches by", ""),
    "release_number": ("Of the newest code that brought the database to its schema", ""),
    "release_served_since": ("Oldest code that may serve it", ""),
    "release_of_code": ("Of this process", ""),
    "backups_kept": ("1: this release keeps a list of backups", ""),
    "backup_age_seconds": ("Since the newest verified backup", ""),
    "drill_age_seconds": ("Since the newest drill that passed", ""),
    "wall_standing": ("1: the wall stands; manage.py doctor tells more", "wall"),
    "disk_free_bytes": ("Free, by place", "place"),
    "disk_total_bytes": ("Whole, by place", "place"),
    "disk_full_days": ("Until the place is full; 3650 is that or more", "place"),
    "certificate_seconds_left": ("Until the certificate ends", "certificate"),
}


def report_metrics(request: HttpRequest) -> HttpResponse:
    """Raises Http404."""
    if request.method != "GET" or not can_read_metrics(request):
        raise Http404
    registry = CollectorRegistry()
    for found in list_collectors():
        registry.register(found)  # type: ignore[arg-type]
    registry.register(StateGauges(read_current_state()))  # type: ignore[arg-type]
    return HttpResponse(generate_latest(registry), MEDIA)


class StateGauges:
    """One state, as metrics."""

    def __init__(self, now: InstallationState) -> None:
        self.now = now

    def collect(self) -> Iterable[GaugeMetricFamily]:
        for name, (says, label) in GAUGES.items():
            family = GaugeMetricFamily(f"xinglin_{name}", says, labels=[label] if label else [])
            if label:
                for word, value in self.now.pairs.get(name, []):
                    family.add_metric([word], value)
            elif name in self.now.values:
                family.add_metric([], self.now.values[name])
            yield family
