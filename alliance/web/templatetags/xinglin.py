"""Codes in the reader's language: sexes, states, tabs, events, reasons of the gate and of the patient index."""

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.web.evidence import FIELD, LEVEL, VERB, ruled, said

register = template.Library()
SEX = {"male": gettext_lazy("male"), "female": gettext_lazy("female"), "other": gettext_lazy("other sex"), "unknown": gettext_lazy("sex unknown")}
TAB = {
    "summary": gettext_lazy("Summary"),
    "problems": gettext_lazy("Problems"),
    "medicines": gettext_lazy("Medicines"),
    "results": gettext_lazy("Results"),
    "encounters": gettext_lazy("Encounters"),
    "documents": gettext_lazy("Documents"),
    "other": gettext_lazy("Others"),
}
EXTENT = {"all": gettext_lazy("all records"), "part": gettext_lazy("a part of the records"), "none": gettext_lazy("nothing")}
STATUS = {
    "active": gettext_lazy("active"),
    "resolved": gettext_lazy("resolved"),
    "inactive": gettext_lazy("inactive"),
    "remission": gettext_lazy("in remission"),
    "recurrence": gettext_lazy("recurrent"),
    "finished": gettext_lazy("finished"),
    "in-progress": gettext_lazy("in progress"),
    "planned": gettext_lazy("planned"),
    "completed": gettext_lazy("completed"),
    "stopped": gettext_lazy("stopped"),
    "final": gettext_lazy("final"),
    "preliminary": gettext_lazy("preliminary"),
    "amended": gettext_lazy("amended"),
    "current": gettext_lazy("current"),
    "superseded": gettext_lazy("superseded"),
    "on-hold": gettext_lazy("on hold"),
    "cancelled": gettext_lazy("cancelled"),
    "entered-in-error": gettext_lazy("entered in error"),
    "success": gettext_lazy("success"),
    "refused": gettext_lazy("refused"),
    "not-found": gettext_lazy("not found"),
    "failed": gettext_lazy("failed"),
}
WHY = {
    "no_relationship": gettext_lazy("Your hospital has not declared to treat this patient."),
    "no_consent": gettext_lazy("The patient has not consented to share with your hospital."),
    "patient_denied": gettext_lazy("The patient does not wish to share everything with your hospital. He is not asked again until he wishes."),
    "sensitive": gettext_lazy("Specially protected records need the patient's express consent."),
    "source_suspended": gettext_lazy("A member hospital does not take part at present."),
    "viewer_inactive": gettext_lazy("Your hospital or your employment is not active."),
    "role": gettext_lazy("Your role does not include this."),
    "sealed": gettext_lazy("The record is sealed after an incident: it opens only to those on the seal's list."),
    "policy_closed": gettext_lazy("The alliance has resolved that nothing is shared of patients who have decided nothing."),
    "own_hospital": gettext_lazy("Your own hospital's records, for treatment."),
    "patient_consent": gettext_lazy("The patient has consented."),
    "alliance_policy": gettext_lazy("The alliance's rule for patients who have decided nothing."),
    "emergency": gettext_lazy("The glass is broken: an emergency that you declared."),
}
TOLD = {  # the same, told to the patient or of another
    "no_relationship": gettext_lazy("It does not treat the patient."),
    "no_consent": gettext_lazy("The patient has not consented."),
    "patient_denied": gettext_lazy("The patient has denied it."),
    "patient_consent": gettext_lazy("The patient has consented."),
    "source_suspended": gettext_lazy("A member hospital does not take part at present."),
    "viewer_inactive": gettext_lazy("It is not active at present."),
    "sealed": gettext_lazy("The record is sealed after an incident."),
    "policy_closed": gettext_lazy("The alliance has resolved that nothing is shared of patients who have decided nothing."),
    "alliance_policy": gettext_lazy("The alliance's rule for patients who have decided nothing."),
    "own_hospital": gettext_lazy("Its own records, for treatment."),
    "emergency": gettext_lazy("The glass is broken: an emergency was declared."),
    "role": gettext_lazy("The role does not include this."),
}
EVENT = {
    "records:record:open": gettext_lazy("opened the record"),
    "records:record:read": gettext_lazy("read"),
    "records:record:search": gettext_lazy("searched records"),
    "records:record:history": gettext_lazy("read the history"),
    "records:record:feed": gettext_lazy("read changes"),
    "records:record:create": gettext_lazy("created"),
    "records:record:update": gettext_lazy("updated"),
    "records:record:validate": gettext_lazy("asked whether a record would be taken"),
    "records:record:patch": gettext_lazy("changed a part"),
    "records:record:delete": gettext_lazy("deleted"),
    "records:record:export": gettext_lazy("exported records"),
    "records:record:import": gettext_lazy("imported records"),
    "records:record:notify": gettext_lazy("was told of a change"),
    "records:store:key": gettext_lazy("changed a key of the store"),
    "records:bundle:process": gettext_lazy("sent a transaction"),
    "records:person:find": gettext_lazy("looked for a patient"),
    "records:person:read": gettext_lazy("read a person"),
    "records:person:link": gettext_lazy("linked"),
    "records:person:merge": gettext_lazy("merged persons"),
    "records:person:split": gettext_lazy("split a person"),
    "records:person:differ": gettext_lazy("called two patients different"),
    "records:person:identify": gettext_lazy("identified an unknown patient"),
    "records:person:confirm": gettext_lazy("confirmed a registration"),
    "records:person:correct": gettext_lazy("corrected a number"),
    "records:index:rules": gettext_lazy("put rules of the index into force"),
    "records:decision:undo": gettext_lazy("undid a decision"),
    "records:link:review": gettext_lazy("reviewed a pair"),
    "consent:directive:read": gettext_lazy("read consents"),
    "consent:directive:record": gettext_lazy("recorded consent"),
    "consent:directive:verify": gettext_lazy("verified a consent"),
    "consent:directive:withdraw": gettext_lazy("withdrew consent"),
    "consent:access:give": gettext_lazy("gave the patient a way to his own page"),
    "consent:access:use": gettext_lazy("opened his own page"),
    "consent:relation:declare": gettext_lazy("declared treatment"),
    "consent:emergency:open": gettext_lazy("broke the glass"),
    "consent:emergency:close": gettext_lazy("closed the emergency"),
    "consent:emergency:review": gettext_lazy("reviewed an emergency"),
    "consent:emergency:tell": gettext_lazy("told the patient of an emergency"),
    "consent:record:seal": gettext_lazy("sealed a record"),
    "consent:record:unseal": gettext_lazy("opened a seal"),
    "consent:policy:set": gettext_lazy("set the alliance's rule"),
    "consent:audit:read": gettext_lazy("read the audit log"),
    "consent:audit:export": gettext_lazy("exported the audit log"),
    "alliance:session:sign-in": gettext_lazy("signed in"),
    "alliance:session:sign-out": gettext_lazy("signed out"),
    "alliance:session:password": gettext_lazy("changed the password"),
    "alliance:token:issue": gettext_lazy("asked for a token"),
    "alliance:hospital:admit": gettext_lazy("admitted a hospital"),
    "alliance:hospital:change": gettext_lazy("changed a hospital"),
    "alliance:hospital:suspend": gettext_lazy("suspended a hospital"),
    "alliance:hospital:resume": gettext_lazy("resumed a hospital"),
    "alliance:staff:enrol": gettext_lazy("enrolled staff"),
    "alliance:staff:end": gettext_lazy("ended an employment"),
    "alliance:client:register": gettext_lazy("registered a system"),
    "alliance:client:revoke": gettext_lazy("revoked a system"),
}


def words(name: str, table: dict[str, object]) -> None:
    """A filter that looks a code up; an unknown code is shown as it is."""
    register.filter(name, lambda code: str(table.get(str(code), code or "")))


for filter_name, filter_table in (
    ("sex", SEX), ("tabname", TAB), ("status", STATUS), ("event", EVENT), ("fieldname", FIELD), ("levelname", LEVEL), ("verb", VERB), ("extent", EXTENT), ("whytold", TOLD),
):
    words(filter_name, filter_table)


register.filter("reason", said)
register.filter("ruled", ruled)


@register.filter
def doubt(code: str) -> str:
    return said(f"held:{code}")


@register.filter
def left(width: int) -> int:
    """Where a bar of this width begins that ends in the middle of 200."""
    return 100 - width


@register.filter
def why(code: str) -> str:
    return str(WHY.get(code) or _("This is not permitted."))


@register.filter
def unlocal(number: float) -> str:
    """A number for SVG, with a point in every language."""
    return f"{number:g}"
