"""Insiders of one hospital with its system, a patient of another one, and whatever pages and
FHIR let them do about the patient. Each action tells whether it had an effect.
"""

import contextlib
import datetime as dt
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from alliance.models import Client, Hospital, Staff, User
from alliance.roles import Role
from alliance.services.vouching import account_issue_mark
from consent.models import Confirmation, Directive, IncidentSeal, PatientAccess
from consent.services.directive_records import do_record_directive
from records.models import Opinion, Review, SourcePatient
from records.mpi.index import source_patients
from tests import draws
from tests.factories import alliance
from tests.factories.consents import post_signed_decision
from tests.factories.fhir import (
    Api,
    make_citizen_number,
    make_observation,
    make_patient,
    make_unique_name,
)
from tests.support.browser import signed_in
from tests.support.html import Browser

ENGLISH = {"Accept-Language": "en"}
STEPS = 7
# What the patient has decided, recorded where they are known: nothing, all but what is denied, all
# but what is denied and HIV, nothing at all.
DENIED = {
    "type": "deny",
    "code": [{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "E11.900"}]}],
}
WIDE = {"type": "permit", "securityLabel": [{"code": "R"}], "provision": [DENIED]}
DECISIONS: list[dict[str, Any] | None] = [
    None,
    {"resourceType": "Consent", "provision": WIDE},
    {"resourceType": "Consent", "provision": WIDE},
    {"resourceType": "Consent", "provision": {"type": "permit", "provision": [DENIED]}},
    {"resourceType": "Consent", "provision": {"type": "deny"}},
]


@dataclass
class Victim:
    """A patient of another hospital, with a plain record, one about HIV and one that they have
    denied to everybody.
    """

    name: str
    number: str
    person: Any
    plain: str
    hiv: str
    denied: str
    decision: int
    own: str = ""  # id at the insiders' hospital, once its system has registered somebody

    @property
    def found(self) -> tuple[Any, ...]:
        return source_patients.sources_of_person(self.person)


@dataclass
class Stage:
    """A hospital with its system, and one that knows the patients."""

    at: Hospital
    system: Api
    known: Hospital
    keeper: Api
    clerk: Any
    server: str = ""
    roles: list[Role] = field(default_factory=list)
    insiders: list[Browser] = field(default_factory=list)
    systems: list[Api] = field(default_factory=list)  # that an insider has registered
    made: list[Browser] = field(
        default_factory=list
    )  # accounts that an insider has enrolled or reset, and enters
    bystanders: list[Staff] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    won: Counter[str] = field(default_factory=Counter)  # how often it had an effect


def stage(server: str, roles: list[tuple[Role, bool]]) -> Stage:
    at, known = alliance.make_hospital("insider"), alliance.make_hospital("victim")
    system, keeper = (
        Api(server, h.code, credentials=alliance.make_credentials(h)) for h in (at, known)
    )
    made = Stage(
        at,
        system,
        known,
        keeper,
        alliance.get_staff_principal(alliance.make_staff(known, Role.CLERK)),
        server,
    )
    made.roles = [role for role, _ in roles]
    made.insiders = [entered(alliance.make_staff(at, role, wide=wide)) for role, wide in roles]
    made.bystanders = [alliance.make_staff(at)]
    return made


def entered(who: Staff) -> Browser:
    """Signed in, and with the password given again a moment ago; of an account just made with a
    password of one's own.
    """
    User.objects.filter(pk=who.user_id).update(must_change_password=False)
    who.user.refresh_from_db()
    who.user.set_password(alliance.PASSWORD)
    who.user.save(update_fields=["password"])
    browser = signed_in(who)
    browser.post("/account/reauthenticate/", {"password": alliance.PASSWORD})
    return browser


def victim(s: Stage, rng: random.Random) -> Victim:
    name, card, marks = (
        make_unique_name(),
        make_citizen_number(),
        [f"{kind}{draws.token_hex(5)}" for kind in ("plain", "hiv", "denied")],
    )
    who = make_patient(name, resident=card)
    about = s.keeper.create(who)
    for text, code in ((marks[0], "718-7"), (marks[1], "75622-1")):
        s.keeper.create(
            make_observation(about)
            | {"code": {"coding": [{"system": "http://loinc.org", "code": code}], "text": text}}
        )
    s.keeper.create(
        {
            "resourceType": "Condition",
            "subject": {"reference": about},
            "code": {
                "coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "E11.900"}],
                "text": marks[2],
            },
        }
    )
    person = SourcePatient.objects.get(hospital=s.known, fhir_id=about.split("/")[1]).person_id
    decision = rng.randrange(len(DECISIONS))
    if DECISIONS[decision] is not None:
        do_record_directive(
            person,
            DECISIONS[decision],
            method="paper",
            evidence="x",
            sources=source_patients.sources_of_person(person),
            acting=s.clerk,
        )
    return Victim(name, card, person, *marks, decision)


def registered(s: Stage, v: Victim, rng: random.Random) -> str:
    if not v.own:
        v.own = s.system.create(
            make_patient(
                v.name if rng.random() < 0.9 else make_unique_name(),
                resident=v.number if rng.random() < 0.8 else "",
            )
        )
    return v.own


# What the hospital's own system can write.
def write_patient(s: Stage, v: Victim, rng: random.Random, who: Browser) -> bool:
    registered(s, v, rng)
    return (
        s.system(
            "PUT", v.own, make_patient(v.name, resident=v.number) | {"id": v.own.split("/")[1]}
        ).status
        == 200
    )


def write_treatment(s: Stage, v: Victim, rng: random.Random, who: Browser) -> bool:
    about = {"reference": registered(s, v, rng)}
    began = (timezone.now() - dt.timedelta(days=rng.choice([0, 40, 400]))).isoformat()
    return bool(
        s.system.create(
            rng.choice(
                [
                    {
                        "resourceType": "Encounter",
                        "status": "in-progress",
                        "class": {"code": "AMB"},
                        "subject": about,
                        "period": {"start": began},
                    },
                    {
                        "resourceType": "Encounter",
                        "status": "planned",
                        "class": {"code": "IMP"},
                        "subject": about,
                        "period": {"start": timezone.now().isoformat()},
                    },
                    {
                        "resourceType": "EpisodeOfCare",
                        "status": "active",
                        "patient": about,
                        "period": {"start": began},
                    },
                    {
                        "resourceType": "ServiceRequest",
                        "status": "active",
                        "intent": "order",
                        "subject": about,
                        "performer": [{"reference": f"Organization/{s.at.code}"}],
                    },
                    {
                        "resourceType": "ServiceRequest",
                        "status": "active",
                        "intent": "order",
                        "subject": about,
                        "performer": [{"reference": f"Organization/{s.known.code}"}],
                    },
                ]
            )
        )
    )


def write_consent(s: Stage, v: Victim, rng: random.Random, who: Browser) -> bool:
    rule = rng.choice([{"type": "permit", "securityLabel": [{"code": "V"}]}, {"type": "deny"}])
    made = s.system(
        "POST",
        "Consent",
        {
            "resourceType": "Consent",
            "status": "active",
            "scope": {"coding": [{"code": "patient-privacy"}]},
            "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
            "patient": {"reference": registered(s, v, rng)},
            "policyRule": {"coding": [{"code": "OPTIN"}]},
            "provision": rule,
        },
    )
    if rng.random() < 0.5 and made.status == 201:
        s.system("DELETE", f"Consent/{made.json['id']}")
    return made.status == 201


# What its staff can do on pages. Refusals are as good as successes: what counts is what can be read
# afterwards.
def declare(s: Stage, v: Victim, rng: random.Random, who: Browser) -> bool:
    who.post("/patients/", {"q": v.name})
    return done(
        who.post(f"/person/{v.person}/treat/", {"reason": "visit 17"}), f"/person/{v.person}/"
    )


def record(s: Stage, v: Victim, rng: random.Random, who: Browser) -> bool:
    form = rng.choice(
        [
            {"template": "share", "kinds": ["R"]},
            {"template": "share"},
            {"template": "only", "recipients": s.at.code, "kinds": ["R"]},
            {"template": "nothing"},
        ]
    )
    form |= {"instead": "on"} if rng.random() < 0.6 else {}
    return done(
        post_signed_decision(
            who, f"/person/{v.person}/consent/", form, method="spoken", evidence="x"
        ),
        f"/person/{v.person}/consent/",
    )


def done(answer: Any, to: str) -> bool:
    """Whether a form was carried out: it leads on to there, and not to where one signs in."""
    return bool(answer.status_code == 302 and answer.headers["Location"] == to)


def about(v: Victim) -> list[Any]:
    return [s.home for s in v.found]


def directives_of(v: Victim) -> list[int]:
    return list(
        Directive.objects.filter(person__in=[s.home for s in v.found]).values_list("pk", flat=True)
    )


def withdraw(s: Stage, v: Victim, rng: random.Random, who: Browser) -> bool:
    return any(
        [
            done(
                who.post(
                    f"/person/{v.person}/consent/{i}/withdraw/",
                    {"reason": "asked", "evidence": "x1"},
                ),
                f"/person/{v.person}/consent/",
            )
            for i in directives_of(v)
        ]
    )


def verify(s: Stage, v: Victim, rng: random.Random, who: Browser) -> bool:
    waits = Directive.objects.filter(person__in=about(v), verified_at=None, withdrawn_at=None)
    before = waits.count()
    for i in directives_of(v):
        who.post(f"/person/{v.person}/consent/{i}/verify/", {"evidence": "x1"})
    return waits.all().count() < before


def confirm(s: Stage, v: Victim, rng: random.Random, who: Browser) -> bool:
    before = Confirmation.objects.filter(person__in=about(v)).count()
    for hospital in (s.at, s.known):
        who.post(
            f"/person/{v.person}/tie/{hospital.pk}/",
            {"confirm": "1"}
            | rng.choice(
                [{"compared": "card", "number": v.number}, {"compared": "paper", "evidence": "x1"}]
            ),
        )
    for i in directives_of(v):
        who.post(f"/person/{v.person}/consent/{i}/confirm/", {"confirm": "1", "evidence": "x1"})
    who.post("/privacy/intake/", {"hospital": s.at.code, "evidence": "x1", "sure": "on"})
    return Confirmation.objects.filter(person__in=about(v)).count() > before


def refuse(s: Stage, v: Victim, rng: random.Random, who: Browser) -> bool:
    counts = Confirmation.objects.filter(person__in=about(v), ended_at=None).exclude(
        verdict="refused"
    )
    refusals = Confirmation.objects.filter(person__in=about(v), verdict="refused")
    before = (counts.count(), -refusals.count())
    for i in Confirmation.objects.filter(person__in=about(v)).values_list("pk", flat=True):
        who.post(f"/confirmations/{i}/end/", {"evidence": "x1"})
    if rng.random() < 0.3:
        who.post(f"/person/{v.person}/tie/{s.at.pk}/", {"refuse": "1", "refusal-evidence": "x1"})
    return (counts.count(), -refusals.count()) < before


def be_the_patient(s: Stage, v: Victim, rng: random.Random, who: Browser) -> bool:
    before = Directive.objects.filter(person__in=about(v), method="online").count()
    shown = who.post(f"/person/{v.person}/consent/access/", headers=ENGLISH, follow=True)
    code = re.search(
        r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}", shown.content.decode()
    )
    made = [
        who.post(
            f"/person/{v.person}/consent/access/{i}/activate/", {"compared": "card"}, follow=True
        ).content.decode()
        for who in s.insiders
        for i in PatientAccess.objects.filter(person__in=about(v)).values_list("pk", flat=True)
    ]
    numbers = [m[1] for text in made if (m := re.search(r">(\d{4} \d{4})<", text))]
    if code:
        patients = Browser(headers=ENGLISH)
        for secret in ("", *numbers):
            patients.post(
                "/my/sign-in/", {"code": code[0], "birth_date": "1958-03-12", "secret": secret}
            )
        patients.post(
            "/my/passphrase/", {"passphrase": "chosen by insiders", "again": "chosen by insiders"}
        )
        post_signed_decision(
            patients, "/my/", {"template": "share", "kinds": ["R"], "instead": "on"}
        )
        patients.post(f"/my/tie/{s.at.pk}/", {"confirm": "1"})
        for i in directives_of(v):
            patients.post(f"/my/consent/{i}/withdraw/", {"reason": ""})
            patients.post(f"/my/consent/{i}/stand/", {"confirm": "1"})
    return Directive.objects.filter(person__in=about(v), method="online").count() > before


def identify(s: Stage, v: Victim, rng: random.Random, who: Browser) -> bool:
    """A nameless registration is called the patient; or two persons are merged, parted,
    reviewed.
    """
    before = Opinion.objects.count()
    unknown = s.system.create(make_patient("无名氏", birth="") | {"birthDate": "1958-03-12"})
    source = SourcePatient.objects.get(hospital=s.at, fhir_id=unknown.split("/")[1])
    s.system.create(
        {
            "resourceType": "Encounter",
            "status": "in-progress",
            "class": {"code": "EMER"},
            "subject": {"reference": unknown},
            "period": {"start": timezone.now().isoformat()},
        }
    )
    who.post(
        f"/person/{source.person_id}/identity/merge/", {"other": str(v.person), "note": "card"}
    )
    for r in Review.objects.filter(one__person__in=[source.person_id, v.person]).values_list(
        "pk", flat=True
    )[:3]:
        who.post(f"/reviews/{r}/verdict/", {"same": "1", "verdict": "same", "note": "card"})
    given = Opinion.objects.count() > before
    if rng.random() < 0.3:
        others = [x.id for x in v.found if x.hospital_id != s.at.pk]
        who.post(f"/person/{v.person}/identity/split/", {"source": others[:1], "note": "x"})
    return given


def unseal(s: Stage, v: Victim, rng: random.Random, who: Browser) -> bool:
    """Seals what is theirs, or somebody else has sealed, and has it opened."""
    registered(s, v, rng)
    who.post(
        f"/person/{v.person}/seal/", {"ground": "dispute", "reason": "because of it", "listed": ""}
    )
    asked = False
    for seal in IncidentSeal.objects.filter(person__in=about(v), lifted_at=None):
        asked |= done(
            who.post(f"/privacy/seals/{seal.pk}/lift/", {"reason": "over by now"}), "/privacy/"
        )
        for one in (*s.insiders, *s.made):
            one.post(f"/privacy/seals/{seal.pk}/lift/", {"agree": "1"})
    return asked


# What an administrator can do: accounts and systems of their own making.
def enrol(s: Stage, v: Victim, rng: random.Random, who: Browser) -> bool:
    name = f"made{draws.token_hex(5)}"
    who.post(
        "/alliance/staff/",
        {
            "username": name,
            "name": "新人",
            "hospital": rng.choice([s.at, s.at, s.known]).pk,
            "role": rng.choice(list(ROLES_OF_STAFF)).value,
            "starts_on": "2020-01-01",
            "ends_on": "2099-01-01",
            "alliance_wide": "on",
            "wide_reason": "needed",
        },
    )
    made = Staff.objects.select_related("user", "hospital").filter(user__username=name).first()
    s.made += [entered(made)] if made else []
    return made is not None


def take_over(s: Stage, v: Victim, rng: random.Random, who: Browser) -> bool:
    """Resets a colleague's account, and enters it."""
    victim_of_it = rng.choice(s.bystanders)
    before = User.objects.get(pk=victim_of_it.user_id).password
    who.post(
        f"/alliance/staff/{victim_of_it.pk}/reset/", {"lost": "second-factor", "reason": "lost it"}
    )
    if User.objects.get(pk=victim_of_it.user_id).password == before:
        return False
    s.made.append(entered(Staff.objects.select_related("user", "hospital").get(pk=victim_of_it.pk)))
    s.bystanders = [alliance.make_staff(s.at)]
    return True


def vouch(s: Stage, v: Victim, rng: random.Random, who: Browser) -> bool:
    """For whoever waits at the hospital, and its systems."""
    waits = Staff.objects.filter(hospital=s.at, vouched_at=None)
    before = waits.count()
    for one in waits:
        who.post(
            "/alliance/vouching/",
            {"staff": one.pk, "ground": "known", "seen": account_issue_mark(one)},
        )
    for client in Client.objects.filter(hospital=s.at):
        who.post(f"/alliance/vouching/systems/{client.client_id}/", {"ground": "known"})
    return waits.all().count() < before


def register_system(s: Stage, v: Victim, rng: random.Random, who: Browser) -> bool:
    """A system of their own takes the place of the hospital's."""
    before = set(Client.objects.filter(hospital=s.at).values_list("pk", flat=True))
    answer = who.post(
        "/alliance/clients/",
        {"hospital": s.at.pk, "name": f"own {draws.token_hex(3)}"},
        follow=True,
    )
    made = Client.objects.filter(hospital=s.at).exclude(pk__in=before).first()
    secret = re.search(r"client_secret = (\S+?)<", answer.content.decode())
    if made is None or secret is None:
        return False
    s.systems.append(Api(s.server, s.at.code, credentials=(made.client_id, secret[1])))
    return True


def power(s: Stage, v: Victim, rng: random.Random, who: Browser) -> bool:
    """Gives a colleague's account, or their own, another role or the whole alliance; opens the
    alliance's rule.
    """
    before = list(
        Staff.objects.filter(hospital=s.at).order_by("pk").values_list("role", "alliance_wide")
    )
    for one in Staff.objects.filter(hospital=s.at):
        shown = who.get(f"/alliance/staff/{one.pk}/change/").content.decode()
        version = re.search(r'name="version" value="([^"]*)"', shown)
        who.post(
            f"/alliance/staff/{one.pk}/change/",
            {
                "name": one.name,
                "hospital": s.at.pk,
                "role": rng.choice(list(ROLES_OF_STAFF)).value,
                "starts_on": "2020-01-01",
                "ends_on": "2099-01-01",
                "alliance_wide": "on",
                "wide_reason": "needed",
                "version": version[1] if version else "",
            },
        )
    who.post(
        "/audit/policy/",
        {"code": "Policy-all-normal", "basis": "PIPL 13", "reason": "needed", "sure": "on"},
    )
    return (
        list(
            Staff.objects.filter(hospital=s.at).order_by("pk").values_list("role", "alliance_wide")
        )
        != before
    )


ROLES_OF_STAFF = (Role.CLINICIAN, Role.CLERK, Role.PRIVACY, Role.AUDITOR, Role.ADMINISTRATOR)
ACTIONS: list[Callable[[Stage, Victim, random.Random, Browser], bool]] = [
    write_patient,
    write_treatment,
    write_treatment,
    write_consent,
    declare,
    declare,
    record,
    record,
    withdraw,
    verify,
    confirm,
    confirm,
    refuse,
    be_the_patient,
    identify,
    unseal,
    enrol,
    take_over,
    vouch,
    register_system,
    power,
]
OF_ROLE: dict[
    Role, list[Callable[[Stage, Victim, random.Random, Browser], bool]]
] = {  # every other step is one that the role is for
    Role.CLINICIAN: [declare, record, withdraw, verify, write_treatment],
    Role.CLERK: [record, withdraw, verify, confirm, be_the_patient, identify],
    Role.PRIVACY: [confirm, refuse, unseal, vouch],
    Role.AUDITOR: [vouch, write_consent],
    Role.ADMINISTRATOR: [enrol, take_over, vouch, register_system, power],
}


def looks(s: Stage, v: Victim) -> str:
    """All that anybody of the hospital can read of the patient."""
    texts = [
        api("GET", f"Patient/{v.person}/$everything", base="alliance").body.decode()
        for api in (s.system, *s.systems)
    ]
    for who in (*s.insiders, *s.made, signed_in(s.bystanders[0])):
        texts.append(who.get(f"/person/{v.person}/", headers=ENGLISH).content.decode())
    return "\n".join(texts)


def play(s: Stage, v: Victim, rng: random.Random) -> list[str]:
    """A drawn sequence; what was done, for the message of a failure. Of two the first begins
    with what is nearest, and the second goes on.
    """
    told = []
    first = [(declare, 0), (confirm, 1)] if len(s.insiders) > 1 and rng.random() < 0.5 else []
    for step in range(rng.randrange(2, STEPS + 1)):
        accounts = s.insiders + s.made
        i = rng.randrange(len(accounts))
        action = rng.choice(
            OF_ROLE[s.roles[i]] if i < len(s.roles) and rng.random() < 0.5 else ACTIONS
        )
        action, i = first[step] if step < len(first) else (action, i)
        told.append(
            f"{action.__name__} by"
            f" {i}{'' if tried(s, v, rng, action, accounts[i]) else ', in vain'}"
        )
    return told


def tried(
    s: Stage,
    v: Victim,
    rng: random.Random,
    action: Callable[[Stage, Victim, random.Random, Browser], bool],
    who: Browser,
) -> bool:
    won = False
    with contextlib.suppress(AssertionError):  # a refused write
        won = action(s, v, rng, who)
    s.done[action.__name__] += 1
    s.won[action.__name__] += won
    return won
