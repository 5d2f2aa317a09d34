"""The patient's way to their own page: code, birth date, and the activation number or the
passphrase; the passphrase is set when they first come in.
"""

from contextlib import suppress
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.password_validation import get_password_validators, validate_password
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from alliance.auth import throttle
from alliance.auth.bearer import resolve_client_address
from alliance.auth.errors import AlreadyDone
from alliance.auth.guess_limits import PATIENT_CODE_LIMIT
from alliance.auth.identity import PATIENT_SESSION_KEY, end_session, mark_session_start
from alliance.auth.session import PageView
from consent.models import PatientAccess
from consent.services import access_codes
from consent.services.activations import do_set_passphrase
from consent.services.patient_sign_in import (
    EntryResult,
    PatientSignIn,
    has_registration_moved,
    sign_in_patient,
)
from records.mpi.index import source_patients

SESSION_MINUTES = 30
# session key: whose passphrase opened the page; 0: none, of a code of an earlier release
ACTIVATION_KEY = "patient_activation"
# session key: the code and the activation of who is about to set a passphrase
SETTING_KEY = "patient_setting"
PASSPHRASE_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}Validator", "OPTIONS": options}
    for name, options in (
        ("MinimumLength", {"min_length": 8}),
        ("CommonPassword", {}),
        ("NumericPassword", {}),
    )
]


class PortalSignInForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code from the hospital"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    birth_date = forms.DateField(
        label=gettext_lazy("Birth date"), widget=forms.DateInput(attrs={"type": "date"})
    )
    secret = forms.CharField(
        label=gettext_lazy("Activation number, or your own passphrase"),
        max_length=128,
        required=False,
        help_text=gettext_lazy(
            "The first time: the activation number of eight digits. Later: the passphrase that you"
            " have set yourself."
        ),
        widget=forms.PasswordInput(
            attrs={"autocomplete": "current-password", "autocapitalize": "none"}
        ),
    )


class PassphraseForm(forms.Form):
    passphrase = forms.CharField(
        label=gettext_lazy("Your own passphrase"),
        max_length=128,
        widget=forms.PasswordInput(
            attrs={"autocomplete": "new-password", "autocapitalize": "none"}
        ),
        help_text=gettext_lazy(
            "At least 8 characters, not digits alone and no word that many use. Several words that"
            " belong together only for you are easy to keep and hard to guess."
        ),
    )
    again = forms.CharField(
        label=gettext_lazy("The same once more"),
        max_length=128,
        widget=forms.PasswordInput(
            attrs={"autocomplete": "new-password", "autocapitalize": "none"}
        ),
    )

    def clean_passphrase(self) -> str:
        text: str = self.cleaned_data["passphrase"]
        validate_password(text, password_validators=get_password_validators(PASSPHRASE_VALIDATORS))
        return text

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "passphrase" in data and data.get("again") != data["passphrase"]:
            self.add_error("again", _("The two are not the same."))
        return data


def birth_dates_of_person(person: UUID) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.birth_date FROM records_sourcepatient s WHERE s.registered AND s.birth_date"
            " <> '' AND s.person_id = (SELECT o.person_id FROM records_sourcepatient o WHERE o.home"
            " = %s)",
            [person],
        )
        return {d for (d,) in cursor.fetchall()}


def format_minute(moment: Any) -> str:
    return date_format(timezone.localtime(moment), "Y-m-d H:i")


def describe_ended_code(access: PatientAccess) -> str:
    """Why a code no longer opens anything, and what to do."""
    said = {
        "n": access.pk,
        "time": format_minute(access.closed_at or access.expires_at),
        "hospital": access.printed_at,
    }
    newer = access.closed_for
    if access.closed_why == PatientAccess.Closed.REPLACED and newer is not None:
        return _(
            "Your code no. %(n)s ended on %(time)s: a newer code, no. %(newer)s, printed at"
            " %(hospital)s on %(printed)s, was activated. If that was not you, tell the privacy"
            " officer of %(hospital)s at once."
        ) % {
            **said,
            "newer": newer.pk,
            "hospital": newer.printed_at,
            "printed": format_minute(newer.made_at),
        }
    if access.closed_why == PatientAccess.Closed.WRONG:
        return (
            _(
                "Code no. %(n)s ended on %(time)s after five wrong tries. Ask the hospital for a"
                " new one; if the tries were not yours, tell the privacy officer of %(hospital)s."
            )
            % said
        )
    if access.closed_why == PatientAccess.Closed.STOPPED:
        return (
            _(
                "Code no. %(n)s was stopped on %(time)s from the page that had been opened before."
                " If that was not you, tell the privacy officer of %(hospital)s."
            )
            % said
        )
    if access.closed_why == PatientAccess.Closed.OFFICER:
        return (
            _(
                "Code no. %(n)s was stopped on %(time)s by a privacy officer. Ask them at"
                " %(hospital)s."
            )
            % said
        )
    return _("Code no. %(n)s ended on %(time)s. Ask the hospital for a new one.") % said


def describe_moved_code(access: PatientAccess) -> str:
    return _(
        "Hospitals' registrations of you were joined since your code was activated. Take your card"
        " and the number of your paper (no. %(n)s) to the record office of another hospital that"
        " treats you, or to the alliance's privacy officer, and have the code activated anew."
    ) % {"n": access.pk}


def describe_failed_entry(tried: PatientSignIn) -> str:
    """Why nothing opened, and what to do."""
    access = tried.access
    if access is None or tried.entry is EntryResult.WRONG:
        return _(
            "This opens nothing. Check the code, the birth date, and the activation number or"
            " passphrase. After five wrong tries a code ends: ask the hospital for a new one."
        )
    if tried.entry is EntryResult.IN_USE and access.current is not None:
        return _(
            "This code is in use since %(time)s with a passphrase that was set then, and what you"
            " typed is not that one. If it was not you who set it, tell the privacy officer of"
            " %(hospital)s at once. If you have forgotten it, go with your card to where the code"
            " was activated and ask for a new activation number."
        ) % {"time": format_minute(access.current.used_at), "hospital": access.printed_at}
    if tried.entry is EntryResult.INACTIVE:
        return _(
            "This code is not activated yet. Take your card and the paper with its number (no."
            " %(n)s) to the record office of another hospital that treats you, or to the alliance's"
            " privacy officer: they compare the card and give you an activation number of eight"
            " digits. Somebody else than who printed it at %(hospital)s can activate it"
            " provisionally."
        ) % {"n": access.pk, "hospital": access.printed_at}
    return (
        describe_moved_code(access)
        if tried.entry is EntryResult.MOVED
        else describe_ended_code(access)
    )


def portal_session_required(view: PageView) -> PageView:
    """The page's door: a session that the code and the passphrase have opened, and that still
    stand. Who is shown out is told why.
    """

    @wraps(view)
    @never_cache
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        access = (
            access_codes.query_access_codes()
            .filter(pk=int(request.session.get(PATIENT_SESSION_KEY) or 0))
            .first()
        )
        opened = (
            access is not None
            and access.open
            and int(request.session.get(ACTIVATION_KEY) or 0)
            == (access.current.pk if access.current else 0)
        )
        if (
            access is not None
            and opened
            and has_registration_moved(
                access, access.current, source_patients.sources_of_person(access.person)
            )
        ):
            end_session(request)
            messages.warning(request, describe_moved_code(access))
            return redirect("my-sign-in")
        if access is None or not opened or not (access.current or access.bare):
            if request.method == "POST":
                messages.warning(
                    request,
                    _(
                        "Your session had ended: nothing was sent. Sign in again; what you typed"
                        " comes back where your browser has kept it."
                    ),
                )
            if access is not None:
                end_session(request)
                messages.warning(
                    request,
                    (
                        _(
                            "A new activation number was given for your code, and what opened it"
                            " before has ended. Sign in with that number, or with the passphrase"
                            " that was set with it. If you have not asked for it, tell the privacy"
                            " officer of %(hospital)s at once."
                        )
                        % {"hospital": access.printed_at}
                        if access.open
                        else describe_ended_code(access)
                    ),
                )
            return redirect("my-sign-in")
        return view(
            request,
            *args,
            acting=access_codes.patient_principal(
                access, resolve_client_address(request), getattr(request, "request_id", "")
            ),
            access=access,
            **kwargs,
        )

    return wrapped


def try_portal_entry(
    request: HttpRequest, code: str, birth_date: str, secret: str
) -> tuple[PatientSignIn, int]:
    """(what came of it; seconds to wait where too many wrong codes came from this address). What
    fits opens however many were wrong before: a stranger in the same network shuts nobody out.
    Which of code and birth date is wrong is told to nobody; whoever has both right is counted by
    the code alone.
    """
    bucket = throttle.GuessBucket(
        PATIENT_CODE_LIMIT, throttle.hash_parts("patient", throttle.client_network(request))
    )
    wait = throttle.seconds_to_wait(bucket)
    tried = sign_in_patient(
        code,
        birth_date,
        secret,
        birth_dates_of_person,
        source_patients.sources_of_person,
        address=resolve_client_address(request),
        request_id=getattr(request, "request_id", ""),
        told=not wait,
    )
    if tried.access is not None:
        return tried, 0
    if not wait:
        with suppress(throttle.TooManyGuesses):
            throttle.count_guess([bucket])
    return tried, wait


def portal_sign_in_page(request: HttpRequest) -> HttpResponse:
    form = PortalSignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        tried, wait = try_portal_entry(
            request,
            form.cleaned_data["code"],
            form.cleaned_data["birth_date"].isoformat(),
            form.cleaned_data["secret"],
        )
        if tried.entry is EntryResult.FIRST and tried.access and tried.activation:
            end_session(request)
            request.session[SETTING_KEY] = [tried.access.pk, tried.activation.pk]
            request.session.set_expiry(SESSION_MINUTES * 60)
            return redirect("my-passphrase")
        if tried.entry is EntryResult.OPEN and tried.access:
            return start_portal_session(
                request, tried.access, tried.activation.pk if tried.activation else 0
            )
        form.add_error(
            None,
            (
                _("Too many wrong codes from this network. Wait %(time)s, then try again.")
                % {"time": throttle.format_wait(wait)}
                if wait
                else describe_failed_entry(tried)
            ),
        )
    return render(request, "records/my_sign_in.html", {"form": form})


def start_portal_session(
    request: HttpRequest, access: PatientAccess, activation: int
) -> HttpResponse:
    end_session(request)
    request.session[PATIENT_SESSION_KEY], request.session[ACTIVATION_KEY] = access.pk, activation
    mark_session_start(request)
    request.session.set_expiry(SESSION_MINUTES * 60)
    return redirect("my")


@never_cache
def portal_passphrase_page(request: HttpRequest) -> HttpResponse:
    """Who came with the activation number sets the passphrase by which they come from now on."""
    setting = request.session.get(SETTING_KEY)
    access = access_codes.query_access_codes().filter(pk=setting[0]).first() if setting else None
    if setting is None or access is None:
        return redirect("my-sign-in")
    form = PassphraseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            opened = do_set_passphrase(
                setting[1],
                access.person,
                passphrase=form.cleaned_data["passphrase"],
                sources=source_patients.sources_of_person(access.person),
                address=resolve_client_address(request),
                request_id=getattr(request, "request_id", ""),
            )
        except AlreadyDone as error:
            end_session(request)
            messages.warning(request, _(str(error)))
            return redirect("my-sign-in")
        messages.success(
            request,
            _(
                "Your passphrase is set. From now on code, birth date and this passphrase open your"
                " page. Keep it apart from the paper with the code."
            ),
        )
        return start_portal_session(request, opened, setting[1])
    return render(request, "records/my_passphrase.html", {"form": form, "access": access})


@require_POST
def portal_sign_out(request: HttpRequest) -> HttpResponse:
    end_session(request)
    return redirect("my-sign-in")
