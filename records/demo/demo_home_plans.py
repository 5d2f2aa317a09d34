"""Ways home of the demo: the plan with which the core hospital sends a patient back, and a referral
down whose tasks run at home, one of them overdue.
"""

import datetime as dt

from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.models import HomeTask, Hospital, WorkItem
from alliance.referrals.home_plan import HomePlanDraft, PlannedMedicine, PlannedTask
from alliance.referrals.mark_task import do_mark_task
from alliance.workflow.move_item import MoveWords, do_move
from alliance.workflow.send_item import NewItem, do_send
from consent.models import Directive
from records.models import SourcePatient

ADVICE = "低盐低脂饮食，戒烟；每日步行30分钟，逐渐增加；双抗至少服用12个月，不可自行停药。"


def make_heart_plan() -> HomePlanDraft:
    """After an infarction; its tasks begin in three days."""
    today = timezone.localdate()
    return HomePlanDraft(
        diagnosis="急性前壁心肌梗死，PCI术后；高血压病3级",
        course="急诊行冠脉造影及支架植入术，术后予双联抗血小板、他汀治疗，病情平稳出院。",
        findings="心脏彩超：LVEF 52%；肌钙蛋白已降至正常；LDL-C 2.9 mmol/L。",
        advice=ADVICE,
        warning_signs="再发胸痛超过15分钟、气促、晕厥、黑便：立即拨打120，并联系心内科。",
        call_name="心血管内科5病区护士站",
        call_phone="0730-5550105",
        record_number="ZY2026-118",
        medicines=(
            PlannedMedicine("阿司匹林肠溶片", "100mg 口服 每日1次", "new", "", "支架术后"),
            PlannedMedicine("氯吡格雷片", "75mg 口服 每日1次", "new", "", "支架术后，至少12个月"),
            PlannedMedicine(
                "美托洛尔缓释片",
                "23.75mg 口服 每日1次",
                "changed",
                "47.5mg 每日1次",
                "静息心率52次/分",
            ),
            PlannedMedicine("布洛芬片", "", "stopped", "", "与双抗合用增加出血风险"),
            PlannedMedicine("阿托伐他汀片", "20mg 口服 每晚1次", "unchanged"),
        ),
        tasks=(
            PlannedTask("复查血压、心率，查看穿刺处", today + dt.timedelta(days=3), "community"),
            PlannedTask("复查血脂、肝功能", today + dt.timedelta(days=28), "community"),
            PlannedTask("每日早晚自测血压并记录", today + dt.timedelta(days=7), "patient"),
            PlannedTask("心内科门诊复诊（预约）", today + dt.timedelta(days=30), "hospital"),
        ),
    )


def make_demo_way_home(doctor: Principal, community: Principal) -> bool:
    """A referral down that the community has taken over: one task done, one overdue. False where
    the doctor's hospital has no patient to refer.
    """
    patient = (
        SourcePatient.objects.filter(
            hospital=doctor.hospital_id,
            registered=True,
            person_id__in=Directive.objects.filter(denies=False, withdrawn_at=None).values(
                "person"
            ),
        )
        .order_by("pk")
        .first()
    )
    if patient is None:
        return False
    item = do_send(
        NewItem(
            WorkItem.Kind.DOWN,
            patient.home,
            patient.pk,
            Hospital.objects.get(pk=community.hospital_id),
            "routine",
            "病情稳定，转回社区康复与随访。",
            "全科",
        ),
        [],
        acting=doctor,
        brought=(make_heart_plan(),),
    )
    first, second, *_rest = HomeTask.objects.filter(plan__item=item).order_by("position")
    HomeTask.objects.filter(pk=second.pk).update(due_on=timezone.localdate() - dt.timedelta(days=2))
    for verb, text in (("accept", "全科门诊，张护士接待。"), ("confirm-home", "")):
        item = do_move(
            item.pk, verb, MoveWords(text), expected_version=item.version, acting=community
        )
    do_mark_task(
        first.pk, "done", "血压132/80mmHg，穿刺处干燥", expected_entries=0, acting=community
    )
    return True
