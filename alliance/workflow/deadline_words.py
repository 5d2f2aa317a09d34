"""What deadlines, their units and urgencies are called. Pure."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.models.work_item import WorkItem
from alliance.models.work_setting import WorkDeadline
from alliance.workflow.deadlines import CLOSES, MOMENT, OPENS, RIGHTS, Span

DEADLINE_WORDS = {
    "accept": gettext_lazy("To be answered, else the duty office is told"),
    "accept-escalated": gettext_lazy("To be answered, else the alliance's office is told"),
    "answer": gettext_lazy("A question back to be answered"),
    "no-show": gettext_lazy("After the time arranged: noted as not come"),
    "outcome": gettext_lazy("Outcome, after arrival or treatment"),
    "stay": gettext_lazy("Admitted: how long until the owner is reminded"),
    "missed": gettext_lazy("Not come: to be decided how it goes on"),
    "home": gettext_lazy("To be taken over at home"),
    "follow-up": gettext_lazy("To be followed up"),
    "opinion": gettext_lazy("Opinion of the experts, once they are named"),
    "opinion-escalated": gettext_lazy("Opinion of the experts, else the duty office is told"),
    "acknowledge": gettext_lazy("Opinion to be acknowledged"),
    "acknowledge-escalated": gettext_lazy("To be acknowledged, else the duty office is told"),
    "rating": gettext_lazy("Consultation to be rated and closed"),
    "draft": gettext_lazy("A draft to be sent or discarded"),
    "approve": gettext_lazy("To be approved inside the hospital"),
    "papers": gettext_lazy("Papers after an emergency"),
    "approval": gettext_lazy("Approval after an emergency"),
    RIGHTS: gettext_lazy("Access stays after the end"),
    OPENS: gettext_lazy("A working day begins"),
    CLOSES: gettext_lazy("A working day ends"),
}
UNIT_WORDS = dict(WorkDeadline.Unit.choices)


def say_span(span: Span) -> str:
    if span.unit == MOMENT:
        return f"{span.amount // 60:02}:{span.amount % 60:02}"
    return f"{span.amount} {UNIT_WORDS[WorkDeadline.Unit(span.unit)]}"


def say_deadline(name: str) -> str:
    return str(DEADLINE_WORDS[name])


def say_urgency(urgency: str) -> str:
    return str(WorkItem.Urgency(urgency).label) if urgency else _("all")
