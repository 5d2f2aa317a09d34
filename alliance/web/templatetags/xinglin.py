"""Codes in the reader's language: sexes, states, tabs, events, reasons of the gate and of the patient index."""

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.config.dates import last_day
from alliance.web.audit_words import describe_actor, describe_detail, describe_target
from alliance.web.evidence import FIELD, LEVEL, VERB, ruled, said
from alliance.web.reasons import BASIS, MINE, TOLD, WHY, describe_refusal, describe_withdrawal

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
    "success": gettext_lazy("success"),
    "refused": gettext_lazy("refused"),
    "not-found": gettext_lazy("not found"),
    "failed": gettext_lazy("failed"),
}
EMPLOYMENT = {"coming": gettext_lazy("not begun yet"), "active": gettext_lazy("employed"), "over": gettext_lazy("employment over")}
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
    "records:bundle:process": gettext_lazy("sent records"),
    "records:person:find": gettext_lazy("looked for a patient"),
    "records:person:read": gettext_lazy("looked at who the patient is"),
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
    "consent:directive:shift": gettext_lazy("changed for whom a decision counts"),
    "consent:access:give": gettext_lazy("printed a code for the patient's own page"),
    "consent:access:activate": gettext_lazy("gave an activation number for the patient's code"),
    "consent:access:open": gettext_lazy("set a passphrase of their own"),
    "consent:access:stop": gettext_lazy("stopped a code of the patient's own page"),
    "consent:access:use": gettext_lazy("opened their own page"),
    "consent:relation:declare": gettext_lazy("declared treatment"),
    "consent:tie:confirm": gettext_lazy("confirmed that a hospital treats the patient"),
    "consent:tie:refuse": gettext_lazy("refused that a hospital treats the patient"),
    "consent:directive:confirm": gettext_lazy("confirmed a decision"),
    "consent:directive:refuse": gettext_lazy("refused a decision"),
    "consent:withdrawal:confirm": gettext_lazy("confirmed the end of a refusal"),
    "consent:withdrawal:refuse": gettext_lazy("refused the end of a refusal"),
    "consent:intake:confirm": gettext_lazy("confirmed all registrations of a hospital"),
    "consent:confirmation:read": gettext_lazy("looked at what waits for confirmation"),
    "consent:confirmation:end": gettext_lazy("ended a confirmation"),
    "consent:emergency:open": gettext_lazy("opened an emergency access"),
    "consent:emergency:close": gettext_lazy("ended an emergency access"),
    "consent:emergency:review": gettext_lazy("review of emergency access"),
    "consent:emergency:alarm": gettext_lazy("opened emergency accesses as fast as to be looked into"),
    "consent:emergency:tell": gettext_lazy("told the patient of an emergency access"),
    "consent:record:seal": gettext_lazy("sealed a record"),
    "consent:record:unseal-ask": gettext_lazy("asked that a seal is opened"),
    "consent:record:unseal": gettext_lazy("opened a seal"),
    "consent:policy:set": gettext_lazy("set the alliance's rule"),
    "consent:audit:read": gettext_lazy("read the audit log"),
    "consent:audit:export": gettext_lazy("exported the audit log"),
    "consent:audit:restore": gettext_lazy("went on sealing after a restore"),
    "consent:audit:key": gettext_lazy("renewed the key of the audit log"),
    "alliance:session:sign-in": gettext_lazy("signed in"),
    "alliance:session:sign-out": gettext_lazy("signed out"),
    "alliance:session:password": gettext_lazy("changed the password"),
    "alliance:session:password-reset": gettext_lazy("reset the password by mail"),
    "alliance:session:second-factor": gettext_lazy("set up the second factor"),
    "alliance:session:recovery-codes": gettext_lazy("made new recovery codes"),
    "alliance:session:recovery-code": gettext_lazy("used a recovery code"),
    "alliance:session:second-factor-removed": gettext_lazy("removed the second factor"),
    "alliance:session:step-up": gettext_lazy("confirmed once more who they are"),
    "alliance:door:open": gettext_lazy("asked for a page or for data"),
    "alliance:server:command": gettext_lazy("ran a command on the server"),
    "alliance:token:issue": gettext_lazy("asked for a token"),
    "alliance:hospital:admit": gettext_lazy("admitted a hospital"),
    "alliance:hospital:change": gettext_lazy("changed a hospital"),
    "alliance:hospital:suspend": gettext_lazy("suspended a hospital"),
    "alliance:hospital:resume": gettext_lazy("resumed a hospital"),
    "alliance:staff:enrol": gettext_lazy("enrolled staff"),
    "alliance:staff:change": gettext_lazy("changed an employment"),
    "alliance:staff:end": gettext_lazy("ended an employment"),
    "alliance:staff:return": gettext_lazy("took somebody back"),
    "alliance:staff:reset": gettext_lazy("reset an account"),
    "alliance:staff:vouch": gettext_lazy("vouched for an account"),
    "alliance:proposal:make": gettext_lazy("proposed something to the other administrators"),
    "alliance:proposal:agree": gettext_lazy("agreed to a proposal"),
    "alliance:proposal:refuse": gettext_lazy("refused a proposal"),
    "alliance:client:register": gettext_lazy("registered a system"),
    "alliance:client:vouch": gettext_lazy("vouched for a system"),
    "alliance:client:change": gettext_lazy("changed what a system may do"),
    "alliance:client:revoke": gettext_lazy("revoked a system"),
}


def words(name: str, table: dict[str, object]) -> None:
    """A filter that looks a code up; an unknown code is shown as it is."""
    register.filter(name, lambda code: str(table.get(str(code), code or "")))


for filter_name, filter_table in (
    ("sex", SEX), ("tabname", TAB), ("status", STATUS), ("event", EVENT), ("fieldname", FIELD), ("levelname", LEVEL), ("verb", VERB), ("extent", EXTENT), ("whytold", TOLD),
    ("employment", EMPLOYMENT), ("whymine", MINE), ("basis", BASIS),
):
    words(filter_name, filter_table)


register.filter("refusal", describe_refusal)
register.filter("withdrawal", describe_withdrawal)
register.filter("target", describe_target)
register.filter("detail", describe_detail)
register.filter("actor", describe_actor)
register.filter("reason", said)
register.filter("ruled", ruled)
register.filter("lastday", last_day)


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
