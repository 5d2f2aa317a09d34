"""Count wrong guesses in the database, for all processes: each guess is counted before it is looked at, and forgiven where it was right."""

import datetime as dt
import hashlib
import ipaddress
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alliance.auth.bearer import address_of
from alliance.auth.guesses import ADDRESS, CODE_ELSEWHERE, CODE_HERE, PASSWORD_ELSEWHERE, PASSWORD_HERE, STEP_UP, Bucket, State
from alliance.models import GuessCount, KnownPlace

BROWSER = "xinglin_browser"  # cookie: a random number by which a browser is known again


class TooManyGuesses(Exception):
    """Not looked at. seconds: how long to wait; elsewhere: the account is being guessed at from places where it has never signed in."""

    def __init__(self, seconds: int, elsewhere: bool = False) -> None:
        super().__init__(seconds)
        self.seconds, self.elsewhere = seconds, elsewhere


def hashed(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()


def network_of(request: HttpRequest) -> str:
    """The address, of IPv6 the /64 that one subscriber has."""
    text = address_of(request)
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    return str(ipaddress.ip_network(f"{address}/64", strict=False)) if address.version == 6 else text


@dataclass(frozen=True, slots=True)
class Place:
    """Where a guess comes from, for one account: known browser, else known address, else unknown."""

    here: str
    browser_known: bool
    known: bool


def places_of(request: HttpRequest) -> tuple[str, str]:
    """Hashes of the browser ("" for one without its cookie) and of the address."""
    browser = getattr(request, "browser", "")
    return hashed("browser", browser) if browser else "", hashed("address", network_of(request))


def place(request: HttpRequest, user: Any) -> Place:
    browser, address = places_of(request)
    known = set(KnownPlace.objects.filter(user=user, place__in=[browser, address]).values_list("place", flat=True)) if user is not None else set()
    return Place(browser if browser in known else address, browser in known, bool(known))


def remember(request: HttpRequest, user: Any) -> None:
    """The account has signed in from here with both factors."""
    for found in filter(None, places_of(request)):
        KnownPlace.objects.update_or_create(user=user, place=found, defaults={"seen_at": timezone.now()})


def for_password(request: HttpRequest, name: str, user: Any) -> list[Bucket]:
    """user: who has this name, or None: the counts are the same, so that nothing tells whether there is one."""
    at = place(request, user)
    who = f"account {user.pk}" if user is not None else name.strip().casefold()
    buckets = [Bucket(PASSWORD_HERE, hashed("password", who, at.here))]
    if not at.known:
        buckets += [Bucket(PASSWORD_ELSEWHERE, hashed("password", who)), Bucket(ADDRESS, hashed("address", network_of(request)))]
    return buckets


def for_code(request: HttpRequest, user: Any) -> list[Bucket]:
    at = place(request, user)
    return [Bucket(CODE_HERE, hashed("code", user.pk, at.here)), *([] if at.known else [Bucket(CODE_ELSEWHERE, hashed("code", user.pk))])]


def for_step_up(request: HttpRequest, user: Any) -> list[Bucket]:
    return [Bucket(STEP_UP, hashed("step-up", user.pk, request.session.session_key))]


@transaction.atomic
def count(buckets: Sequence[Bucket]) -> None:
    """One more guess in each. Raises TooManyGuesses, and counts nothing, where one of them is to wait."""
    now = timezone.now()
    states = locked(buckets, now)
    waits = [((states[b.key].until - now).total_seconds(), b) for b in buckets if states[b.key].until > now]
    if waits:
        seconds, bucket = max(waits, key=lambda w: w[0])
        raise TooManyGuesses(math.ceil(seconds), bucket.rule in (PASSWORD_ELSEWHERE, CODE_ELSEWHERE))
    for b in buckets:
        store(b, states[b.key].guess(b.rule, now))


@transaction.atomic
def forgive(buckets: Sequence[Bucket]) -> None:
    """The guess that was counted last was right. Only it is forgiven: whoever guesses in between goes on waiting."""
    now = timezone.now()
    states = locked(buckets, now)
    for b in buckets:
        store(b, states[b.key].forgive(b.rule, now))


def guessed_elsewhere(user: Any) -> int:
    """Wrong codes of the second factor that still count, from where the account has never signed in: who typed them knew the password."""
    row = GuessCount.objects.filter(pk=hashed("code", user.pk)).first()
    return round(CODE_ELSEWHERE.left(row.wrong, (timezone.now() - row.counted_at).total_seconds())) if row else 0


def waits(bucket: Bucket) -> int:
    """Seconds until the next guess is looked at."""
    row = GuessCount.objects.filter(pk=bucket.key).first()
    return max(0, math.ceil((row.until - timezone.now()).total_seconds())) if row else 0


def locked(buckets: Sequence[Bucket], now: dt.datetime) -> dict[str, State]:
    keys = sorted({b.key for b in buckets})
    GuessCount.objects.bulk_create([GuessCount(key=k, counted_at=now, until=now) for k in keys], ignore_conflicts=True)
    return {r.key: State(r.wrong, r.counted_at, r.until) for r in GuessCount.objects.select_for_update().filter(pk__in=keys).order_by("pk")}


def store(bucket: Bucket, state: State) -> None:
    GuessCount.objects.filter(pk=bucket.key).update(wrong=state.wrong, counted_at=state.counted, until=state.until)


def duration(seconds: int) -> str:
    """In words: "40 seconds", "3 minutes", "2 hours"; rounded up."""
    if seconds < 60:
        return ngettext("%(n)s second", "%(n)s seconds", seconds) % {"n": seconds}
    if seconds < 3600:
        minutes = math.ceil(seconds / 60)
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    hours = math.ceil(seconds / 3600)
    return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}


def told(error: TooManyGuesses) -> str:
    """How long to wait, and what to do, for whoever signs in."""
    if error.elsewhere:
        return _("Somebody is guessing at this account. Sign in at a computer or from a network where you have signed in before, or wait %(time)s.") % {"time": duration(error.seconds)}
    return _("Too many wrong attempts. Wait %(time)s, then try again. If you have forgotten your password or lost your second factor, ask the administrator of your hospital.") % {
        "time": duration(error.seconds)}
