"""Housekeeping of the job worker: partitions ahead of time, expired tokens and sessions away."""

import datetime as dt

from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app


@app.periodic(cron="7 3 * * *")
@app.task(name="partitions", queueing_lock="partitions")
def partitions(timestamp: int) -> None:
    """Next month's partition of the audit log, long before it is needed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT consent_audit_partition((current_date + interval '1 month')::date)")


@app.periodic(cron="*/30 * * * *")
@app.task(name="expired", queueing_lock="expired")
def expired(timestamp: int) -> None:
    from alliance.models import AccessToken, FormUse, GuessCount, KnownPlace
    from alliance.services.handover import forget_expired
    from records.interactions.bulk import expire
    from records.mpi.quota import forget_searches

    now = timezone.now()
    AccessToken.objects.filter(expires_at__lt=now).delete()
    FormUse.objects.filter(used_at__lt=now - dt.timedelta(days=1)).delete()  # no session lives so long
    GuessCount.objects.filter(counted_at__lt=now - dt.timedelta(days=3), until__lt=now).delete()  # all that is in one has leaked
    KnownPlace.objects.filter(seen_at__lt=now - dt.timedelta(days=180)).delete()
    forget_searches(now)
    expire()
    forget_expired()
    call_command("clearsessions")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM alliance_cache WHERE expires < now()")
