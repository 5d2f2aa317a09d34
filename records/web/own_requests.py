"""What one has said or asked for oneself, and what has become of it: treatment that one
declared, decisions that one recorded or ended, codes that one printed (docs/adr/0030). Of whoever
answered it tells role and reason, and never which other hospital: that it knows the patient is not
for everybody to read.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.auth.principal import Principal
from consent.models import Confirmation, Directive, PatientAccess, Relationship
from consent.provision import has_permit, parse_consent
from consent.services.access_codes import query_access_codes
from consent.services.confirmations import find_last_full_word
from consent.services.directives import home_person_ids, is_known_at_hospital
from consent.services.ties import load_facts_at_hospital
from consent.strength import TRACE_MIN_AGE, Voice
from consent.terms import Source
from records.mpi.index import patient_search, source_patients
from records.mpi.index.patient_search import DisplayedPerson
from records.web.directive_display import confirmation_state

Subject, Verdict = Confirmation.Subject, Confirmation.Verdict
VOICE_TEXT = {
    Voice.PATIENT: gettext_lazy("the patient"),
    Voice.CODE: gettext_lazy("the patient"),
    Voice.REGISTRAR: gettext_lazy("a record clerk of another hospital"),
    Voice.OFFICER: gettext_lazy("the alliance's privacy officer"),
    Voice.CURATORS: gettext_lazy("record clerks of two hospitals"),
}


@dataclass(frozen=True, slots=True)
class RequestStatus:
    """state: "waiting", "provisional", "full", "refused", "ended"; word: by whom, where somebody
    has said so; until: of a provisional one; reason: of a refusal.
    """

    what: Relationship | Directive | PatientAccess
    person: UUID
    face: DisplayedPerson | None
    state: str = ""
    word: str = ""
    until: dt.datetime | None = None
    reason: str = ""


def query_own_declarations(acting: Principal) -> QuerySet[Relationship]:
    """Treatment that this one has declared in the last days, the newest first."""
    return (
        Relationship.objects.declared()
        .filter(
            declared_by_id=int(acting.id),
            hospital_id=acting.hospital_id,
            starts_at__gte=timezone.now() - TRACE_MIN_AGE,
        )
        .order_by("-starts_at")
    )


def query_own_directives(acting: Principal) -> QuerySet[Directive]:
    """Decisions that this one has recorded or verified here, and ends of which others have or
    had to say something.
    """
    answered = Exists(
        Confirmation.objects.filter(directive=OuterRef("pk"), subject=Subject.WITHDRAWAL)
    )
    me = int(acting.id)
    own = Q(hospital_id=acting.hospital_id, withdrawn_at=None) & (
        Q(recorded_by_id=me) | Q(verified_by_id=me)
    )
    ended = Q(withdrawn_by_id=me, withdrawn_where_id=acting.hospital_id) & (
        Q(lifted_at=None) | Q(answered)
    )
    return (
        Directive.objects.filter(own | ended)
        .select_related("hospital", "recorded_by", "verified_by", "withdrawn_by")
        .prefetch_related("confirmations__staff")
        .order_by("-pk")
    )


def query_own_printed_codes(acting: Principal) -> QuerySet[PatientAccess]:
    """Codes that this one has printed here, the newest first."""
    return (
        query_access_codes()
        .filter(made_by_id=int(acting.id), hospital_id=acting.hospital_id)
        .order_by("-pk")
    )


def list_request_statuses(
    rows: list[Relationship] | list[Directive] | list[PatientAccess], acting: Principal
) -> list[RequestStatus]:
    """Each with what has become of it, of patients whom the hospital knows still; a decision
    that only refuses needs nobody's word and is left out.
    """
    out = []
    for row in rows:
        found = source_patients.sources_of_person(row.person)
        if not is_known_at_hospital(acting, row.person, found) or (
            isinstance(row, Directive)
            and row.withdrawn_at is None
            and not has_permit(parse_consent(row.resource, row.hospital.code))
        ):
            continue
        face = patient_search.displayed_person(row.person, acting.hospital_id)
        if isinstance(row, PatientAccess):
            out.append(RequestStatus(row, row.person, face))
        else:
            out.append(
                treatment_status(row, face, found)
                if isinstance(row, Relationship)
                else directive_status(row, face)
            )
    return out


def treatment_status(
    relation: Relationship, face: DisplayedPerson | None, found: tuple[Source, ...]
) -> RequestStatus:
    """As it stands now at the gate for whoever declared it."""
    last = find_last_full_word(Subject.TIE, relation.person, found, relation.hospital_id)
    if last is not None and last.verdict == Verdict.REFUSED:
        return RequestStatus(
            relation,
            relation.person,
            face,
            "refused",
            describe_answerer(last),
            reason=last.compared,
        )
    if relation.ends_at <= timezone.now():
        return RequestStatus(relation, relation.person, face, "ended")
    tie = load_facts_at_hospital(
        relation.hospital_id, relation.person, found, relation.declared_by_id or 0
    ).tie.name.lower()
    if tie != "provisional":
        return RequestStatus(
            relation,
            relation.person,
            face,
            {"full": "full"}.get(tie, "waiting"),
            describe_answerer(last) if tie == "full" and last else "",
        )
    now = Confirmation.objects.filter(
        subject=Subject.TIE,
        person__in=home_person_ids(relation.person, found),
        hospital_id=relation.hospital_id,
        until__gt=timezone.now(),
        ended_at=None,
    )
    word = now.select_related("staff").order_by("-until").first()
    return RequestStatus(
        relation,
        relation.person,
        face,
        "provisional",
        describe_answerer(word) if word else "",
        word.until if word else None,
    )


def directive_status(directive: Directive, face: DisplayedPerson | None) -> RequestStatus:
    """What stands behind it, or behind its end."""
    subject, state = (
        Subject.DIRECTIVE if directive.withdrawn_at is None else Subject.WITHDRAWAL,
        confirmation_state(directive) or "waiting",
    )
    now = timezone.now()
    said = [
        c
        for c in directive.confirmations.all()
        if c.subject == subject
        and c.verdict == state
        and c.ended_at is None
        and (c.until is None or c.until > now)
    ]
    word = max(said, key=lambda c: c.pk, default=None)
    over = (
        subject == Subject.DIRECTIVE
        and directive.valid_until is not None
        and directive.valid_until <= now
    )
    return RequestStatus(
        directive,
        directive.person,
        face,
        "ended" if over else state,
        describe_answerer(word) if word else "",
        word.until if word else None,
        word.compared if word and state == "refused" else "",
    )


def describe_answerer(word: Confirmation) -> str:
    """In which capacity somebody answered."""
    if word.voice in VOICE_TEXT:
        return str(VOICE_TEXT[Voice(word.voice)])
    if word.verdict == Verdict.REFUSED:
        return (
            _("the alliance's privacy officer")
            if word.staff and word.staff.alliance_wide
            else _("your hospital's privacy officer")
        )
    return _("a colleague (%(role)s)") % {
        "role": word.staff.get_role_display() if word.staff else ""
    }
