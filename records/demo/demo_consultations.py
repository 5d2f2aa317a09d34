"""Living consultations of the demo: an emergency that nobody has taken yet, one with a meeting
ahead, one whose opinion is being written, one that was signed and waits to be acknowledged.
"""

import datetime as dt

from django.utils import timezone

from alliance.consultations.consultation_effects import NewTeam
from alliance.consultations.request_consultation import NewRequest, do_request_consultation
from alliance.consultations.write_opinion import do_save_draft
from alliance.models import Hospital, WorkItem
from alliance.workflow.move_item import MoveWords, do_move
from alliance.workflow.send_item import NewItem
from consent.models import Directive
from records.consultations.deliver_opinion import do_sign_opinion
from records.consultations.sign_opinion import StepUp
from records.demo.demo_referrals import principal_of
from records.models import SourcePatient

Kind = WorkItem.Kind
# sender, doctor, kind, urgency, department, {what is asked}, question, how far it has come
CASES: tuple[tuple[str, str, Kind, str, str, dict[str, str], str, str], ...] = (
    (
        "nanqiao",
        "lin",
        Kind.ECG_READING,
        "emergency",
        "心血管内科",
        {
            "purpose": "心电图诊断",
            "reason": "突发胸闷1小时，基层无心电诊断医师",
            "summary": "高血压病史，突发胸闷伴出汗1小时。",
            "examination": "12导联心电图",
        },
        "是否存在急性心肌缺血？需要立即转院吗？",
        "sent",
    ),
    (
        "donghu",
        "zhou",
        Kind.CONSULTATION,
        "routine",
        "心血管内科",
        {
            "purpose": "调整治疗方案",
            "reason": "血压控制不佳，合并糖尿病",
            "summary": "高血压8年，2型糖尿病5年，三药联合血压仍高于150/90mmHg。",
        },
        "降压方案如何调整？是否需排查继发性高血压？",
        "arranged",
    ),
    (
        "beishan",
        "wu",
        Kind.CONSULTATION,
        "urgent",
        "心血管内科",
        {
            "purpose": "明确诊断",
            "reason": "反复心悸，动态心电图示频发室早",
            "summary": "反复心悸3月，动态心电图示室早12000次/24小时。",
        },
        "是否需要抗心律失常药物或消融治疗？",
        "writing",
    ),
    (
        "nanqiao",
        "lin",
        Kind.CONSULTATION,
        "routine",
        "心血管内科",
        {
            "purpose": "指导抗凝治疗",
            "reason": "新发心房颤动，高龄，出血风险不明",
            "summary": "新发房颤2周，肌酐清除率48ml/min，无出血史。",
        },
        "抗凝药物及剂量如何选择？",
        "signed",
    ),
)
OPINIONS = {
    "writing": "频发室早，建议完善心脏超声评估左室功能；",
    "signed": (
        "新发心房颤动，卒中风险高，建议口服抗凝治疗，按肾功能调整剂量，3个月后复查肾功能及血常规。"
    ),
}


def make_demo_consultations() -> int:
    """How many were asked: none where a hospital has no patient who shares."""
    core = Hospital.objects.get(code="xinglin")
    sharing = Directive.objects.filter(denies=False, withdrawn_at=None).values("person")
    asked = 0
    for number, (code, doctor, kind, urgency, department, fields, question, far) in enumerate(
        CASES
    ):
        patient = (
            SourcePatient.objects.filter(
                hospital__code=code, registered=True, person_id__in=sharing
            )
            .order_by("-pk")[number : number + 1]
            .first()
        )
        if patient is None:
            continue
        item = do_request_consultation(
            NewItem(
                kind,
                patient.home,
                patient.pk,
                core,
                urgency,
                fields["reason"],
                department,
                question,
            ),
            NewRequest(
                fields | {"asking_department": "全科医学科"},
                "signed",
                "患者本人",
                timezone.now() - dt.timedelta(minutes=10),
            ),
            [],
            acting=principal_of(doctor),
        )
        move_demo_consultation(item, far)
        asked += 1
    return asked


def move_demo_consultation(item: WorkItem, far: str) -> None:
    if far == "sent":
        return
    lead = principal_of("chen")
    meets = timezone.now() + dt.timedelta(days=1) if far == "arranged" else None
    link = "https://meeting.example.org/xinglin" if meets else ""
    team = NewTeam(int(lead.id), (), meets, link)
    do_move(
        item.pk,
        "accept",
        MoveWords(brought=(team,)),
        expected_version=item.version,
        acting=principal_of("he"),
    )
    if far not in OPINIONS:
        return
    draft = do_save_draft(item.pk, {"opinion": OPINIONS[far]}, seen=0, acting=lead)
    if far == "signed":
        now = WorkItem.objects.get(pk=item.pk)
        step_up = StepUp(("pwd",), timezone.now())
        do_sign_opinion(now, now.version, draft.number, step_up, acting=lead)
