"""Codes in the reader's language: sexes, states, tabs, events, reasons of the gate and of the patient index."""

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

register = template.Library()
G = gettext_lazy
SEX = {"male": G("male"), "female": G("female"), "other": G("other sex"), "unknown": G("sex unknown")}
TAB = {"summary": G("Summary"), "problems": G("Problems"), "medicines": G("Medicines"), "results": G("Results"), "encounters": G("Encounters"), "documents": G("Documents")}
STATUS = {
    "active": G("active"), "resolved": G("resolved"), "inactive": G("inactive"), "remission": G("in remission"), "recurrence": G("recurrent"),
    "finished": G("finished"), "in-progress": G("in progress"), "planned": G("planned"), "completed": G("completed"), "stopped": G("stopped"),
    "final": G("final"), "preliminary": G("preliminary"), "amended": G("amended"), "current": G("current"), "superseded": G("superseded"), "on-hold": G("on hold"),
    "cancelled": G("cancelled"), "entered-in-error": G("entered in error"), "success": G("success"), "refused": G("refused"), "not-found": G("not found"), "failed": G("failed"),
}
WHY = {
    "no_relationship": G("Your hospital has not declared to treat this patient."),
    "no_consent": G("The patient has not consented to share with your hospital."),
    "patient_denied": G("The patient does not wish to share everything with your hospital."),
    "sensitive": G("Specially protected records need the patient's express consent."),
    "source_suspended": G("A member hospital does not take part at present."),
    "viewer_inactive": G("Your hospital or your employment is not active."),
    "role": G("Your role does not include this."),
}
REASON = {
    "number_equal": G("same citizen number"), "name_equal": G("same name"), "name_differs": G("different names"), "birth_equal": G("same birth date"),
    "birth_differs": G("different birth dates"), "sex_differs": G("different sex"), "number_contradicts_birth": G("number contradicts the birth date"),
    "number_contradicts_sex": G("number contradicts the sex"), "human": G("decided by a person"),
}
EVENT = {
    "records:record:open": G("opened the record"), "records:record:read": G("read"), "records:record:search": G("searched records"), "records:record:history": G("read the history"),
    "records:record:feed": G("read changes"), "records:record:create": G("created"), "records:record:update": G("updated"), "records:record:delete": G("deleted"),
    "records:bundle:process": G("sent a transaction"), "records:person:find": G("looked for a patient"), "records:person:read": G("read a person"), "records:person:link": G("linked"),
    "records:person:unlink": G("unlinked"), "records:link:review": G("reviewed a pair"), "consent:directive:read": G("read consents"), "consent:directive:record": G("recorded consent"),
    "consent:directive:withdraw": G("withdrew consent"), "consent:relation:declare": G("declared treatment"), "consent:emergency:open": G("broke the glass"),
    "consent:emergency:close": G("closed the emergency"), "consent:audit:read": G("read the audit log"), "consent:audit:export": G("exported the audit log"),
    "alliance:session:sign-in": G("signed in"), "alliance:session:sign-out": G("signed out"), "alliance:session:password": G("changed the password"), "alliance:token:issue": G("asked for a token"),
    "alliance:hospital:admit": G("admitted a hospital"), "alliance:hospital:change": G("changed a hospital"), "alliance:hospital:suspend": G("suspended a hospital"),
    "alliance:hospital:resume": G("resumed a hospital"), "alliance:staff:enrol": G("enrolled staff"), "alliance:staff:end": G("ended an employment"),
    "alliance:client:register": G("registered a system"), "alliance:client:revoke": G("revoked a system"),
}


def words(name: str, table: dict[str, object]) -> None:
    """A filter that looks a code up; an unknown code is shown as it is."""
    register.filter(name, lambda code: str(table.get(str(code), code or "")))


for filter_name, filter_table in (("sex", SEX), ("tabname", TAB), ("status", STATUS), ("reason", REASON), ("event", EVENT)):
    words(filter_name, filter_table)


@register.filter
def why(code: str) -> str:
    return str(WHY.get(code) or _("This is not permitted."))


@register.filter
def unlocal(number: float) -> str:
    """A number for SVG, with a point in every language."""
    return f"{number:g}"
