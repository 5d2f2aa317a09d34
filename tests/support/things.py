"""One of each thing that an address of the site can name, and requests that leave no trace."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from alliance.models import Client, HomeTask, Hospital, Staff, WorkItem, WorkNoticeAddress
from alliance.roles import Role
from alliance.services.enrolment import do_make_enrolment_code
from alliance.services.membership import do_propose_resume, do_suspend_hospital
from consent.audit.browser_witnesses import offer_witness_key
from consent.audit.log_query import AuditFilter, list_audit_lines
from consent.models import Case, Confirmation, Directive, Hold
from consent.services.emergencies import do_break_glass
from consent.templates import ConsentChoice, ConsentTemplate, build_consent
from records.mapping.map_decisions import do_propose_mapping
from records.meaning.result_identity import LOINC
from records.models import CodeMapping, Review, SourceBrand, SourcePatient
from records.mpi.curation.decisions import do_confirm_card
from records.mpi.index import source_patients
from records.operations.person_seal import do_seal_person
from tests import draws
from tests.factories import alliance
from tests.factories.access_scene import make_access_rule
from tests.factories.administrator_clients import make_administrator, register_standing
from tests.factories.consents import record_consent
from tests.factories.consultations import make_signed_consultation
from tests.factories.directory import make_clinic, make_department
from tests.factories.documents import make_document
from tests.factories.fhir import Api, make_patient, make_unique_name
from tests.factories.local_codes import follow, get_code, make_local_result
from tests.factories.portal_access import print_access_code
from tests.factories.recognition import make_item, make_prompt, qualify
from tests.factories.referrals import (
    make_draft,
    make_home_plan,
    report_arrival,
    send_along,
    send_first,
    send_referral,
)
from tests.factories.ties import confirm_tie
from tests.support.accounts import enrol, set_up
from tests.support.world import World


class Undo(Exception):
    """What a request did is taken back: the next one finds the same world."""


@contextmanager
def undone() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
            raise Undo
    except Undo:
        pass


def make_launching(client: Client) -> Client:
    """It opens records as doctors."""
    Client.objects.filter(pk=client.pk).update(may_launch=True)
    return client


def known(w: World, server: str) -> dict[str, Any]:
    """One of each thing that an address can name, all of the hospital that holds the records
    (w.b), which treats the patient: {argument of an address: value}.
    """
    confirm_tie(w.person, w.b)  # type: ignore[arg-type]
    mine = SourcePatient.objects.get(hospital=w.b, fhir_id=w.at_b.split("/")[1])
    doctor, clerk, officer = (
        alliance.make_staff(w.b, role) for role in (Role.CLINICIAN, Role.CLERK, Role.PRIVACY)
    )
    body = make_patient(make_unique_name())
    pair = [
        SourcePatient.objects.get(
            hospital=h,
            fhir_id=Api(server, h.code, credentials=alliance.make_credentials(h))
            .create(body)
            .split("/")[1],
        )
        for h in (w.a, w.b)
    ]
    SourcePatient.objects.filter(pk=mine.pk).update(crowded_at=timezone.now())
    waiting = set_up(
        enrol(w.b, alliance.get_staff_principal(alliance.make_staff(w.b, Role.ADMINISTRATOR)))
    )
    stopped = alliance.make_hospital("stopped")
    do_suspend_hospital(stopped, reason="test", acting=alliance.OPERATOR)
    wide = alliance.get_staff_principal(
        alliance.make_staff(alliance.make_hospital("office"), Role.ADMINISTRATOR, wide=True)
    )
    document_type, document_id = w.hold.create(make_document(w.at_b)).split("/")
    w.hold(
        "PUT",
        f"Encounter/{document_id}",
        {
            "resourceType": "Encounter",
            "id": document_id,
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": w.at_b},
        },
    )
    mapping, member = make_proposed_mapping(w, clerk)
    item = make_item()
    prompt = make_prompt(w.b, item, w.person)
    case = Case.objects.create(
        hospital=w.b,
        title="test",
        about="test",
        origin="finding",
        opened_by=alliance.make_staff(w.b, Role.AUDITOR),
    )
    line = list_audit_lines(AuditFilter(person=w.person), None, 1)[0]  # type: ignore[arg-type]
    referral = send_referral(
        w.person, w.b, w.doctor, kind=WorkItem.Kind.DOWN, brought=(make_home_plan(),)
    )
    task = HomeTask.objects.filter(plan__item=referral, doer="hospital").get()
    consultation = make_signed_consultation(w)
    rule = make_access_rule(w.b, alliance.make_staff(w.b), w.person)
    return {
        "episode_id": rule.episode,
        "rule_id": rule.pk,
        "line_id": line["id"],
        "sheet": "refer-out",
        "item_id": referral.pk,
        "task_id": task.pk,
        "slip": "out",
        "address_id": WorkNoticeAddress.objects.create(
            hospital=w.b, channel="mail", target="duty@b.example", made_at=timezone.now()
        ).pk,
        "consultation_id": consultation.pk,
        "attachment_id": consultation.documents.get().pk,
        "arrival_id": report_arrival(w.person, w.a, doctor).pk,
        "sent_id": send_first(w.person, w.a, doctor).pk,
        "draft_id": make_draft(w.person, w.a, doctor, submitted=True).pk,
        "document_id": send_along(referral, w.b, w.plain).pk,
        "department_id": (department := make_department(w.b)).pk,
        "clinic_id": make_clinic(department).pk,
        "report_id": 1,
        "run_id": 1,
        "person_id": w.person,
        "source_id": mine.pk,
        "hospital_id": w.b.pk,
        "code": w.b.code,
        "base": w.b.code,
        "base_code": w.b.code,
        "path": w.plain,
        "version": 1,
        "types": "*",
        "job_id": uuid4(),
        "push_id": uuid4(),
        "stream": "s",
        "tab": "results",
        "section": "results",
        "slug": "results",
        "part": "results",
        "hospital": w.b.code,
        "type_name": document_type,
        "fhir_id": document_id,
        "number": 1,
        "directive_id": signed_permit(w).pk,
        "access_id": print_access_code(w.person, alliance.get_staff_principal(clerk))[1].pk,
        "staff_id": waiting.pk,
        "other_person": pair[0].person_id,
        "confirmation_id": Confirmation.objects.filter(hospital=w.b, subject="tie").latest("pk").pk,
        "emergency_id": do_break_glass(
            w.person,
            ground="rescue",
            reason="unconscious",
            hours=1,
            acting=alliance.get_staff_principal(doctor),
        ).pk,  # type: ignore[arg-type]
        "case_id": case.pk,
        "hold_id": Hold.objects.create(
            case=case, whole_case=True, reason="test", set_by=case.opened_by
        ).pk,
        "seal_id": (
            do_seal_person(
                pair[1].person_id,
                ground="dispute",
                reason="test",
                listed=[],
                acting=alliance.get_staff_principal(officer),
            ).pk
        ),
        "review_id": Review.objects.get(one=pair[0], two=pair[1]).pk,
        "decision_id": do_confirm_card(mine.pk, acting=alliance.get_staff_principal(clerk)).pk,
        "item_code": item.code,
        "prompt_id": prompt.pk,
        "qualification_id": qualify(w.b, item).pk,
        "which": "catalogue",
        "code_id": mapping.code_id,
        "mapping_id": mapping.pk,
        "kind": "laboratory",
        "form": "csv",
        "member": member.code,
        "client_id": make_launching(Client.objects.filter(hospital=w.b)[0]).client_id,
        "enrolment_id": do_make_enrolment_code(w.b, acting=alliance.OPERATOR)[0].pk,
        "ticket": "an-address-that-nobody-was-given",
        "appointment_id": alliance.appoint_officer(
            alliance.make_staff(alliance.make_hospital("core"), Role.PRIVACY), w.b
        ).pk,
        "apart": {
            "alliance/administrator-clients/": {
                "client_id": register_standing(make_administrator(at=w.b))[0].client_id
            },
            "fhir/definitions/": {"path": "CodeSystem/value-origin"},
            "audit/witness/": {"code": offer_browser(w.b)},
        },
        "proposal_id": do_propose_resume(stopped, reason="test", acting=wide).pk,
    }


def offer_browser(at: Hospital) -> str:
    """The code of a browser that waits to be a witness of the log."""
    who = alliance.make_staff(at, Role.AUDITOR)
    return offer_witness_key(at.pk, at.code, "a browser", draws.token_bytes(32), who.pk)


def make_proposed_mapping(w: World, clerk: Staff) -> tuple[CodeMapping, Hospital]:
    """What a clerk of the hospital has proposed of a code of its laboratory, and a member that runs
    the same product.
    """
    w.hold.create(make_local_result(w.at_b, w.b.code))
    follow(w.b)
    code = get_code(w.b)
    member = alliance.make_hospital("same")
    for at in (w.b, member):
        SourceBrand.objects.create(hospital=at, source="lis", brand="LIS")
    acting = alliance.get_staff_principal(clerk)
    return do_propose_mapping(code, LOINC, "1742-6", acting=acting), member


def signed_permit(w: World) -> Directive:
    """With the scan of the paper."""
    return record_consent(
        w.person,  # type: ignore[arg-type]
        build_consent(ConsentChoice(ConsentTemplate.SHARE, [], [], [])),
        sources=source_patients.sources_of_person(w.person),  # type: ignore[arg-type]
        acting=w.clerk,
        image=(b"\x89PNG\r\n", "image/png"),
    )


def address(pattern: str, values: dict[str, Any]) -> str:
    """Of the thing that the values name; "apart" has those of another kind under the same name:
    {beginning of their addresses: values}.
    """
    own = next((v for begin, v in values["apart"].items() if pattern.startswith(begin)), {})
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda m: str((values | own)[m[1]]), pattern)
