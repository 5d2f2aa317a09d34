"""Living referrals of the demo: one that waits urgently, one whose patient is expected, one that is
on its way home with a plan, and one down whose tasks run at home.
"""

from alliance.auth.principal import Principal, principal_from_staff
from alliance.models import Hospital, Staff, WorkItem
from alliance.workflow.move_item import MoveWords, do_move
from alliance.workflow.send_item import NewItem, do_send
from consent.models import Directive
from records.demo.demo_home_plans import ADVICE, make_demo_way_home, make_heart_plan
from records.models import SourcePatient

UP = WorkItem.Kind.UP
# sender, doctor, urgency, department, reason, then (verb, text) of the receiver's
CASES = (
    (
        "nanqiao",
        "lin",
        "urgent",
        "心血管内科",
        "胸闷、活动后气促3天，疑心力衰竭，请进一步诊治。",
        (),
    ),
    (
        "donghu",
        "zhou",
        "routine",
        "内分泌科",
        "2型糖尿病血糖控制不佳，请协助调整治疗方案。",
        (("accept", "内分泌科3诊室，请携带近期血糖记录。"),),
    ),
    (
        "beishan",
        "wu",
        "emergency",
        "心血管内科",
        "突发胸痛2小时，心电图示ST段抬高。",
        (
            ("accept", "直接送胸痛中心，绿色通道。"),
            ("arrive", ""),
            ("admit", ""),
            ("treat", "急诊PCI术后，病情平稳。"),
            ("return", ADVICE),
        ),
    ),
)


def make_demo_referrals() -> int:
    """How many were sent: none where a hospital has nobody to refer."""
    core = Hospital.objects.get(code="xinglin")
    receiver = principal_of("chen")
    sharing = Directive.objects.filter(denies=False, withdrawn_at=None).values("person")
    sent = 0
    for number, (code, doctor, urgency, department, reason, verbs) in enumerate(CASES):
        patients = SourcePatient.objects.filter(
            hospital__code=code, registered=True, person_id__in=sharing
        )
        patient = patients.order_by("pk")[number : number + 1].first()
        if patient is None:
            continue
        item = do_send(
            NewItem(UP, patient.home, patient.pk, core, urgency, reason, department),
            [],
            acting=principal_of(doctor),
        )
        for verb, text in verbs:
            brought = (make_heart_plan(),) if verb == "return" else ()
            item = do_move(
                item.pk,
                verb,
                MoveWords(text, brought=brought),
                expected_version=item.version,
                acting=receiver,
            )
        sent += 1
    return sent + make_demo_way_home(receiver, principal_of("lin"))


def principal_of(username: str) -> Principal:
    return principal_from_staff(
        Staff.objects.select_related("hospital").get(user__username=username)
    )
