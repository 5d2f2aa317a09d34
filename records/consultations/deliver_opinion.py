"""Sign a consultation's opinion and deliver it: document, signature, the log's line and the verb
that hands the work back, in one transaction.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.consultations.consultation_effects import OpinionToKeep
from alliance.models import OpinionDraft, WorkItem
from alliance.workflow.move_item import MoveWords, do_move
from records.consultations.item_document import build_document, list_doctors
from records.consultations.opinion_document import encode_document
from records.consultations.sign_opinion import StepUp, sign_document
from records.models import SourcePatient


@transaction.atomic
def do_sign_opinion(
    item: WorkItem, version: int, number: int, step_up: StepUp, *, acting: Principal
) -> None:
    """Document, signature, the log's line and the verb, or none of them. Raises Forbidden,
    MovedMeanwhile, and ValidationError where the draft is another.
    """
    draft = OpinionDraft.objects.get(item=item, number=number)
    document = build_document(item, draft, acting)
    experts = list_doctors(item)
    signer = next((d for d in experts if d.staff_id == int(acting.id)), None)
    if signer is None:
        raise Forbidden("not_of_team", _("Only the experts who were named do this."))
    source = SourcePatient.objects.get(pk=item.source_patient)
    signature = sign_document(
        document,
        signer,
        step_up,
        acting=acting,
        person=source.person_id,
        work_item=item.pk,
    )
    opinion = OpinionToKeep(
        number,
        draft.fields,
        encode_document(document),
        signature.jws,
        signature.key.name,
        signature.digest,
    )
    words = MoveWords(brought=(opinion,))
    do_move(item.pk, "sign", words, expected_version=version, acting=acting)
