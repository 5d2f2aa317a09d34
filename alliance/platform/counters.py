"""What each process counts, for GET /metrics. Labels come from fixed lists and the members'
codes: never a path, an id, a name or an account.
"""

import logging
import os
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, values
from prometheus_client.multiprocess import MultiProcessCollector

from alliance.platform import metric_slots
from alliance.platform.environment import read_setting

log = logging.getLogger("xinglin.metrics")
# of `requests`, in one process: members × interactions × statuses; what comes beyond is counted for
# the member "other"
MOST_SERIES = 4000
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
SHARED = bool(
    read_setting("XINGLIN_PROCESS")
)  # a part of the site, whose counts whoever is asked adds up


def share_counts() -> bool:
    """Make prometheus-client keep values where all processes see them; False where the disk has
    no room: then this process counts for itself alone.
    """
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metric_slots.metrics_folder())
    try:
        metric_slots.slot_identity()
    except OSError as error:
        log.error("METRICS001 this process is not counted in /metrics: %s", type(error).__name__)
        return False
    values.ValueClass = values.MultiProcessValue(metric_slots.slot_identity)
    return True


if SHARED:
    share_counts()
REGISTRY = CollectorRegistry()
request_counter = Counter(
    "xinglin_requests",
    "Requests answered",
    ["door", "interaction", "member", "status"],
    registry=REGISTRY,
)
request_seconds = Histogram(
    "xinglin_request_seconds",
    "Time to answer",
    ["door", "interaction"],
    buckets=BUCKETS,
    registry=REGISTRY,
)
refused_early = Counter(
    "xinglin_requests_refused",
    "Refused by the front, before the application saw them",
    ["status"],
    registry=REGISTRY,
)
unavailable_counter = Counter(
    "xinglin_unavailable",
    "503 by cause: class of SQLSTATE, or a word",
    ["cause"],
    registry=REGISTRY,
)
refusal_counter = Counter(
    "xinglin_refusals", "Wrong or refused credentials", ["what"], registry=REGISTRY
)
emergency_counter = Counter(
    "xinglin_emergency_accesses", "Emergency accesses opened", registry=REGISTRY
)
notification_counter = Counter(
    "xinglin_notifications", "Notifications sent, by result", ["result"], registry=REGISTRY
)
threads = Gauge(
    "xinglin_threads", "Threads of the site", registry=REGISTRY, multiprocess_mode="livesum"
)
threads_busy = Gauge(
    "xinglin_threads_busy", "Threads that answer", registry=REGISTRY, multiprocess_mode="livesum"
)
requests_waiting = Gauge(
    "xinglin_requests_waiting",
    "Complete requests without a thread",
    registry=REGISTRY,
    multiprocess_mode="livesum",
)
waiting_seconds = Gauge(
    "xinglin_request_waiting_seconds",
    "Longest wait for a thread now",
    registry=REGISTRY,
    multiprocess_mode="livemax",
)
counted_series: set[tuple[str, str, str, str]] = set()


def status_label(status: int) -> str:
    """ "2xx" and so on; 429 and 503, with which the site protects itself, by themselves."""
    return str(status) if status in (429, 503) else f"{status // 100}xx"


def count_request(door: str, interaction: str, member: str, status: int, took: float) -> None:
    """took: seconds."""
    labels = (door, interaction, member, status_label(status))
    if labels not in counted_series:
        if len(counted_series) >= MOST_SERIES:
            labels = (door, interaction, "other" if member else "", labels[3])
        else:
            counted_series.add(labels)
    request_counter.labels(*labels).inc()
    request_seconds.labels(door, interaction).observe(took)


def count_unavailable(cause: str) -> None:
    """cause: as alliance.platform.database_away says it."""
    unavailable_counter.labels(cause_label(cause)).inc()


def cause_label(cause: str) -> str:
    if len(cause) == 5 and cause.isalnum() and cause.upper() == cause:
        return cause[:2]
    return {"unreachable": "unreachable", "line lost": "line_lost", "": "busy"}.get(
        cause, "not_served"
    )


def count_refusal(what: str) -> None:
    """what: one of REFUSED."""
    refusal_counter.labels(what).inc()


def show_admission(all_threads: int, busy: int, waiting: int, longest: float) -> None:
    """Of this process, as its loop sees them; longest: seconds."""
    threads.set(all_threads)
    threads_busy.set(busy)
    requests_waiting.set(waiting)
    waiting_seconds.set(longest)


CREDENTIAL_KINDS = ("sign_in", "step_up", "token_request", "token", "other")
for word in CREDENTIAL_KINDS:
    refusal_counter.labels(word)
for word in ("told", "failed"):
    notification_counter.labels(word)


class SharedCounts:
    """The counts of all processes together."""

    def collect(self) -> Iterable[Metric]:
        found: Iterable[Metric] = MultiProcessCollector.merge(metric_slots.list_slot_files())
        return found


def list_collectors() -> list[SharedCounts | CollectorRegistry]:
    return [SharedCounts()] if values.ValueClass is not values.MutexValue else [REGISTRY]
