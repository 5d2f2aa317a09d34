"""Ask another hospital's experts: the work item with what a consultation needs beside it, and that
the patient was told and agreed (国卫医发〔2018〕50号), in one transaction.
"""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.auth.principal import Principal
from alliance.models import ConsultationRequest, WorkItem
from alliance.workflow.move_item import database_now
from alliance.workflow.send_item import NewDocument, NewItem, do_send

Agreement = ConsultationRequest.Agreement


@dataclass(frozen=True, slots=True)
class NewRequest:
    """As of alliance.models.ConsultationRequest."""

    fields: dict[str, str]
    agreement: str
    agreed_by: str
    agreed_at: dt.datetime


@transaction.atomic
def do_request_consultation(
    new: NewItem, request: NewRequest, documents: Sequence[NewDocument], *, acting: Principal
) -> WorkItem:
    """new.reason: why experts are asked; new.question: what. Raises Forbidden, ValidationError."""
    if not (new.question.strip() and request.agreed_by.strip()):
        raise ValidationError(_("Write what you ask, and who agreed."))
    if request.agreed_at > database_now():
        raise ValidationError(_("The patient has agreed before you ask."))
    if request.agreement == Agreement.IMPOSSIBLE and new.urgency != WorkItem.Urgency.EMERGENCY:
        raise ValidationError(_("Only in an emergency is nobody asked whether they agree."))
    item = do_send(new, documents, acting=acting)
    ConsultationRequest.objects.create(
        item=item,
        fields=json.dumps(request.fields, ensure_ascii=False, sort_keys=True),
        agreement=request.agreement,
        agreed_by=request.agreed_by,
        agreed_at=request.agreed_at,
    )
    return item
