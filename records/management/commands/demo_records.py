"""Write the demo's patients through the real REST API, as four member systems would; then a few
patients' consents, confirmed by the alliance's privacy officer.
"""

import datetime as dt
import json
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils import timezone

from alliance.auth.principal import Principal, operator_principal, principal_from_staff
from alliance.demo.directory import make_demo_directory
from alliance.models import Hospital, Staff
from alliance.platform.operator_command import OperatorCommand
from alliance.platform.state_files import state_folder
from alliance.services.clients import do_register_client, do_revoke_client
from consent.models import Directive
from consent.services.confirmations import do_confirm_intake
from consent.services.directive_confirmations import do_confirm_directive
from consent.services.directive_records import do_record_directive
from consent.templates import ConsentChoice, ConsentTemplate, build_consent
from records.demo import ambiguous_patients
from records.demo.clinical_histories import (
    LOCAL_CODES,
    LOCAL_HOSPITAL,
    LOINC,
    make_history_bundle,
)
from records.demo.demo_consultations import make_demo_consultations
from records.demo.demo_patients import make_demo_patients
from records.demo.demo_referrals import make_demo_referrals
from records.mapping.map_decisions import do_agree_to_mapping, do_propose_mapping
from records.mapping.work import run_mapping_work
from records.models import LocalCode, SourcePatient
from records.mpi.index import source_patients
from records.recognition.demo_catalogue import set_up_recognition

FORWARDED = (
    {"X-Forwarded-Proto": "https"} if settings.HTTPS else {}
)  # on this machine: where the site wants TLS, this stands in for its proxy


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", required=True)

    def handle(self, *args: Any, url: str, **options: Any) -> None:
        done = state_folder() / "demo-records"
        if done.exists():
            return
        self.stdout.write("writing the demo's records …")
        today = timezone.localdate()
        for code in ("donghu", "beishan", "nanqiao", "xinglin"):
            client, secret = do_register_client(
                Hospital.objects.get(code=code),
                name="demo loader",
                acting=operator_principal("demo"),
                again=True,
            )
            token = self.token(url, client.client_id, secret)
            for who in make_demo_patients():
                if code in who.hospitals:
                    self.send(f"{url}/fhir/{code}/", token, make_history_bundle(who, code, today))
            self.send(
                f"{url}/fhir/{code}/",
                token,
                ambiguous_patients.make_patient_bundle(
                    [p for at, p in ambiguous_patients.make_ambiguous_patients(today) if at == code]
                ),
            )
            do_revoke_client(client, reason="the demo is loaded", acting=operator_principal("demo"))
        self.consents()
        self.confirm()
        self.map_codes()
        make_demo_directory()
        make_demo_referrals()
        make_demo_consultations()
        set_up_recognition()
        self.finish(done)

    def map_codes(self) -> None:
        """Of one member's own laboratory codes one is mapped, by its clerk and the alliance's; the
        others wait.
        """
        at = Hospital.objects.get(code=LOCAL_HOSPITAL)
        run_mapping_work(hospitals=[at])
        code = LocalCode.objects.filter(hospital=at, code=LOCAL_CODES["718-7"]).first()
        if code is None:
            self.stdout.write(
                "the demo's local codes are counted by the worker, and none is mapped"
            )
            return
        one, two = (
            principal_from_staff(Staff.objects.select_related("hospital").get(user__username=name))
            for name in ("tang", "gao")
        )
        do_agree_to_mapping(do_propose_mapping(code, LOINC, "718-7", acting=one), acting=two)
        run_mapping_work(hospitals=[at])

    def finish(self, done: Path) -> None:
        done.write_text(dt.datetime.now(dt.UTC).isoformat())
        self.stdout.write(
            f"the demo's records are there: {SourcePatient.objects.filter(registered=True).count()}"
            " registrations"
        )

    def token(self, url: str, client_id: str, secret: str) -> str:
        form = urllib.parse.urlencode(
            {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        ).encode()
        request = urllib.request.Request(f"{url}/oauth/token", form, FORWARDED)  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            return str(json.load(response)["access_token"])

    def send(self, url: str, token: str, body: dict[str, Any]) -> None:
        headers = FORWARDED | {
            "Content-Type": "application/fhir+json",
            "Authorization": f"Bearer {token}",
        }
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            response.read()

    def confirm(self) -> None:
        """The alliance's privacy officer has compared the members' lists and the patients'
        forms: what they said on the first day is confirmed.
        """
        officer = Staff.objects.select_related("hospital").get(user__username="fang")
        acting = Principal(
            "staff",
            str(officer.pk),
            officer.hospital_id,
            officer.hospital.code,
            officer.role,
            alliance_wide=officer.alliance_wide,
        )
        for hospital in Hospital.objects.all():
            do_confirm_intake(hospital.pk, evidence="首批登记名单", acting=acting)
        for directive in Directive.objects.filter(withdrawn_at=None, confirmations=None).exclude(
            template=ConsentTemplate.REFUSE
        ):
            do_confirm_directive(
                directive.pk,
                directive.person,
                evidence="知情同意书",
                sources=source_patients.sources_of_person(directive.person),
                acting=acting,
            )

    def consents(self) -> None:
        """Two of three patients share with the whole alliance, one in nine refuses the central
        hospital; the rest are silent.
        """
        for i, who in enumerate(make_demo_patients()):
            source = SourcePatient.objects.get(hospital__code=who.hospitals[0], fhir_id=who.key)
            staff = Staff.objects.select_related("hospital").get(
                hospital=source.hospital_id, role="clinician"
            )
            acting = Principal(
                "staff", str(staff.pk), staff.hospital_id, staff.hospital.code, staff.role
            )
            if (i % 3 == 2 and i % 9 != 8) or Directive.objects.filter(
                person=source.person_id
            ).exists():
                continue
            denies = i % 9 == 8
            choice = (
                ConsentChoice(ConsentTemplate.REFUSE, ["xinglin"])
                if denies
                else ConsentChoice(ConsentTemplate.SHARE)
            )
            do_record_directive(
                source.person_id,
                build_consent(choice),
                template=choice.template,
                method="paper",
                evidence=f"知情同意书 {who.key}",
                sources=source_patients.sources_of_person(source.person_id),
                acting=acting,
            )
