"""One of each thing that an address of the site can name, and requests that leave no trace."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from alliance.models import Client, Hospital, Staff
from alliance.roles import Role
from alliance.services.enrolment import do_make_enrolment_code
from alliance.services.membership import do_propose_resume, do_suspend_hospital
from consent.audit.log_query import AuditFilter, list_audit_lines
from consent.models import Confirmation, Directive
from consent.services.emergencies import do_break_glass
from consent.templates import ConsentChoice, ConsentTemplate, build_consent
from records.mapping.map_decisions import do_propose_mapping
from records.meaning.result_identity import LOINC
from records.models import CodeMapping, Review, SourceBrand, SourcePatient
from records.mpi.curation.decisions import do_confirm_card
from records.mpi.index import source_patients
from records.operations.person_seal import do_seal_person
from tests.factories import alliance
from tests.factories.administrator_clients import make_administrator, register_standing
from tests.factories.consents import record_consent
from tests.factories.documents import make_document
from tests.factories.fhir import Api, make_patient, make_unique_name
from tests.factories.local_codes import follow, get_code, make_local_result
from tests.factories.portal_access import print_access_code
from tests.factories.recognition import make_item, make_prompt, qualify
