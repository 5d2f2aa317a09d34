"""Count wrong guesses in the database, for all processes: each guess is counted before it is
looked at, and forgiven where it was right.
"""

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

from alliance.auth.bearer import resolve_client_address
from alliance.auth.guess_limits import (
    ADDRESS_LIMIT,
    CODE_ELSEWHERE_LIMIT,
    CODE_HERE_LIMIT,
    PASSWORD_ELSEWHERE_LIMIT,
    PASSWORD_HERE_LIMIT,
    STEP_UP_LIMIT,
    BucketState,
    GuessBucket,
)
from alliance.models import GuessCount, KnownPlace

BROWSER_COOKIE = "xinglin_browser"  # cookie: a random number by which a browser is known again


class TooManyGuesses(Exception):
    """Not looked at. seconds: how long to wait; elsewhere: the account is being guessed at from
    places where it has never signed in.
    """

    def __init__(self, seconds: int, elsewhere: bool = False) -> None:
        super().__init__(seconds)
        self.seconds, self.elsewhere = seconds, elsewhere


def hash_parts(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()


def client_network(request: HttpRequest) -> str:
    """The address, of IPv6 the /64 that one subscriber has."""
    text = resolve_client_address(request)
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    return (
        str(ipaddress.ip_network(f"{address}/64", strict=False)) if address.version == 6 else text
    )


@dataclass(frozen=True, slots=True)
class GuessPlace:
    """Where a guess comes from, for one account: known browser, else known address, else
    unknown.
    """

    here: str
    browser_known: bool
    known: bool


def hash_places(request: HttpRequest) -> tuple[str, str]:
    """Hashes of the browser ("" for one without its cookie) and of the address."""
    browser = getattr(request, "browser", "")
    return hash_parts("browser", browser) if browser else "", hash_parts(
        "address", client_network(request)
    )


def locate_guess(request: HttpRequest, user: Any) -> GuessPlace:
    browser, address = hash_places(request)
    known = (
        set(
            KnownPlace.objects.filter(user=user, place__in=[browser, address]).values_list(
                "place", flat=True
            )
        )
        if user is not None
        else set()
    )
    return GuessPlace(browser if browser in known else address, browser in known, bool(known))


def remember_place(request: HttpRequest, user: Any) -> None:
    """The account has signed in from here with both factors."""
    for found in filter(None, hash_places(request)):
        KnownPlace.objects.update_or_create(
            user=user, place=found, defaults={"seen_at": timezone.now()}
        )


def password_buckets(request: HttpRequest, name: str, user: Any) -> list[GuessBucket]:
    """user: who has this name, or None: the counts are the same, so that nothing tells whether
    there is one.
    """
    at = locate_guess(request, user)
    who = f"account {user.pk}" if user is not None else name.strip().casefold()
    buckets = [GuessBucket(PASSWORD_HERE_LIMIT, hash_parts("password", who, at.here))]
    if not at.known:
        buckets += [
            GuessBucket(PASSWORD_ELSEWHERE_LIMIT, hash_parts("password", who)),
            GuessBucket(ADDRESS_LIMIT, hash_parts("address", client_network(request))),
        ]
    return buckets


def code_buckets(request: HttpRequest, user: Any) -> list[GuessBucket]:
    at = locate_guess(request, user)
    return [
        GuessBucket(CODE_HERE_LIMIT, hash_parts("code", user.pk, at.here)),
        *([] if at.known else [GuessBucket(CODE_ELSEWHERE_LIMIT, hash_parts("code", user.pk))]),
    ]


def step_up_buckets(request: HttpRequest, user: Any) -> list[GuessBucket]:
    return [GuessBucket(STEP_UP_LIMIT, hash_parts("step-up", user.pk, request.session.session_key))]


@transaction.atomic
def count_guess(buckets: Sequence[GuessBucket]) -> None:
    """One more guess in each. Raises TooManyGuesses, and counts nothing, where one of them is to
    wait.
    """
    now = timezone.now()
    states = lock_buckets(buckets, now)
    waits = [
        ((states[b.key].until - now).total_seconds(), b)
        for b in buckets
        if states[b.key].until > now
    ]
    if waits:
        seconds, bucket = max(waits, key=lambda w: w[0])
        raise TooManyGuesses(
            math.ceil(seconds), bucket.rule in (PASSWORD_ELSEWHERE_LIMIT, CODE_ELSEWHERE_LIMIT)
        )
    for b in buckets:
        store_bucket(b, states[b.key].add_guess(b.rule, now))


@transaction.atomic
def forgive_last_guess(buckets: Sequence[GuessBucket]) -> None:
    """The guess that was counted last was right. Only it is forgiven: whoever guesses in between
    goes on waiting.
    """
    now = timezone.now()
    states = lock_buckets(buckets, now)
    for b in buckets:
        store_bucket(b, states[b.key].forgive_guess(b.rule, now))


def count_guesses_elsewhere(user: Any) -> int:
    """Wrong codes of the second factor that still count, from where the account has never signed
    in: who typed them knew the password.
    """
    row = GuessCount.objects.filter(pk=hash_parts("code", user.pk)).first()
    return (
        round(
            CODE_ELSEWHERE_LIMIT.remaining_guesses(
                row.wrong, (timezone.now() - row.counted_at).total_seconds()
            )
        )
        if row
        else 0
    )


def seconds_to_wait(bucket: GuessBucket) -> int:
    """Seconds until the next guess is looked at."""
    row = GuessCount.objects.filter(pk=bucket.key).first()
    return max(0, math.ceil((row.until - timezone.now()).total_seconds())) if row else 0


def lock_buckets(buckets: Sequence[GuessBucket], now: dt.datetime) -> dict[str, BucketState]:
    keys = sorted({b.key for b in buckets})
    GuessCount.objects.bulk_create(
        [GuessCount(key=k, counted_at=now, until=now) for k in keys], ignore_conflicts=True
    )
    return {
        r.key: BucketState(r.wrong, r.counted_at, r.until)
        for r in GuessCount.objects.select_for_update().filter(pk__in=keys).order_by("pk")
    }


def store_bucket(bucket: GuessBucket, state: BucketState) -> None:
    GuessCount.objects.filter(pk=bucket.key).update(
        wrong=state.wrong, counted_at=state.counted, until=state.until
    )


def format_wait(seconds: int) -> str:
    """In words: "40 seconds", "3 minutes", "2 hours"; rounded up."""
    if seconds < 60:
        return ngettext("%(n)s second", "%(n)s seconds", seconds) % {"n": seconds}
    if seconds < 3600:
        minutes = math.ceil(seconds / 60)
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    hours = math.ceil(seconds / 3600)
    return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}


def describe_wait(error: TooManyGuesses) -> str:
    """How long to wait, and what to do, for whoever signs in."""
    if error.elsewhere:
        return _(
            "Somebody is guessing at this account. Sign in at a computer or from a network where"
            " you have signed in before, or wait %(time)s."
        ) % {"time": format_wait(error.seconds)}
    return _(
        "Too many wrong attempts. Wait %(time)s, then try again. If you have forgotten your"
        " password or lost your second factor, ask the administrator of your hospital."
    ) % {"time": format_wait(error.seconds)}
