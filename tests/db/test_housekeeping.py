"""The half-hourly job takes away what has expired, and nothing else."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app

from alliance.auth.token_clients import hash_secret
from alliance.models import AccessToken, Client, DiskSample
from alliance.operations import disk_space
from alliance.server.housekeeping import delete_ended_jobs, delete_expired, sample_disks
from records.models import StrangerSearch
from tests import draws
from tests.factories import alliance


def test_expired_tokens_and_counts_go_the_others_stay(world: None) -> None:
    client = Client.objects.get(
        client_id=alliance.make_credentials(alliance.make_hospital("jobs"))[0]
    )
    now = timezone.now()
    old, new = (
        AccessToken.objects.create(
            digest=hash_secret(draws.token_hex(8)),
            client=client,
            expires_at=now + dt.timedelta(seconds=s),
        )
        for s in (-1, 60)
    )
    stays, goes = draws.token_hex(8), draws.token_hex(8)
    cache.set(stays, 1, 300)
    cache.set(goes, 1, 300)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE alliance_cache SET expires = now() - interval '1 minute' WHERE cache_key"
            " LIKE %s",
            [f"%{goes}"],
        )
        delete_expired(0)
        cursor.execute(
            "SELECT count(*) FROM alliance_cache WHERE cache_key LIKE %s OR cache_key LIKE %s",
            [f"%{stays}", f"%{goes}"],
        )
        assert cursor.fetchone()[0] == 1
    assert cache.get(stays) == 1
    assert (
        not AccessToken.objects.filter(pk=old.pk).exists()
        and AccessToken.objects.filter(pk=new.pk).exists()
    )


def test_a_flood_does_not_push_counts_out(world: None) -> None:
    mark = draws.token_hex(8)
    cache.set("0" + mark, 1, 300)
    for i in range(400):
        cache.set(f"flood-{mark}-{i}", 1, 300)
    assert cache.get("0" + mark) == 1


def test_who_looked_for_strangers_is_kept_for_ninety_days(world: None) -> None:
    at, now = alliance.make_hospital("looked"), timezone.now()
    for days in (91, 89):
        StrangerSearch.objects.create(
            hospital=at, kind="staff", actor="1", hour=now - dt.timedelta(days=days), searches=1
        )
    delete_expired(0)
    assert [(now - s.hour).days for s in StrangerSearch.objects.filter(hospital=at)] == [89]


def test_jobs_that_are_done_are_forgotten_after_a_week(world: None) -> None:
    """The queue's own rows, by the queue's own task, as the worker carries it out."""
    with connection.cursor() as cursor:

        def job(status: str, days: int) -> int:
            cursor.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('default',"
                " 'housekeeping-test', 'todo') RETURNING id"
            )
            number = int(cursor.fetchone()[0])
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = %s WHERE id = %s", [status, number]
            )
            cursor.execute(
                "UPDATE procrastinate_events SET at = now() - make_interval(days => %s) WHERE"
                " job_id = %s",
                [days, number],
            )
            return number

        old, failed = job("succeeded", 8), job("failed", 8)
        new, waiting = job("succeeded", 6), job("todo", 8)
        delete_ended_jobs.defer(timestamp=0)
        with ThreadPoolExecutor(1) as pool:  # in this one a browser's loop may run
            pool.submit(
                lambda: app.with_connector(app.connector.get_worker_connector()).run_worker(
                    wait=False, install_signal_handlers=False, listen_notify=False
                )
            ).result()
        cursor.execute(
            "SELECT id FROM procrastinate_jobs WHERE task_name = 'housekeeping-test' ORDER BY id"
        )
        assert [n for (n,) in cursor.fetchall()] == [new, waiting]
        cursor.execute(
            "SELECT count(*) FROM procrastinate_events WHERE job_id = ANY(%s)", [[old, failed]]
        )
        assert cursor.fetchone()[0] == 0
        cursor.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'housekeeping-test'")


def test_samples_of_the_disks_are_taken_each_hour_and_kept_for_sixty_days(world: None) -> None:
    now, node = (
        timezone.now().replace(minute=0, second=0, microsecond=0),
        f"n{draws.token_hex(6)}",
    )
    for days in (61, 59):
        DiskSample.objects.create(
            node=node, place="home", hour=now - dt.timedelta(days=days), free=1, total=2
        )
    sample_disks(0)
    sample_disks(0)
    assert [(now - s.hour).days for s in DiskSample.objects.filter(node=node)] == [59]
    taken = DiskSample.objects.filter(node=disk_space.node_name(), hour__gte=now)
    places = [s.place for s in taken]
    assert (
        set(places) == {"home", "data", "temporary"}
        and len(places) == len(set(places))
        and all(0 < s.free < s.total for s in taken)
    )
    DiskSample.objects.filter(node=node).delete()
