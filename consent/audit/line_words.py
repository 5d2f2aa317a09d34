"""What a line of the audit log was about, in words: its target and detail are codes
(consent/audit/event.py).
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from alliance.resource_names import RESOURCE_NAMES
from alliance.roles import STAFF_ROLES

TARGET_WORDS = {  # the target as a whole, or its last part
    "record": gettext_lazy("shared record"),
    "referrals": gettext_lazy("list of referrals"),
    "consultations": gettext_lazy("list of consultations"),
    "face": gettext_lazy("name, sex and birth date"),
    "identity": gettext_lazy("registrations"),
    "directives": gettext_lazy("decisions of the patient"),
    "explanation": gettext_lazy("reasons for access"),
    "simulation": gettext_lazy("what others would see"),
    "my": gettext_lazy("the patient's own page"),
    "access": gettext_lazy("codes of the patient's own page"),
    "index": gettext_lazy("list of links and searches"),
    "log": gettext_lazy("log"),
    "unusual": gettext_lazy("unusual accesses"),
    "access-rules": gettext_lazy("rules for accesses"),
    "holds": gettext_lazy("holds on the log"),
    "launch": gettext_lazy("what there is of the patient"),
    "home": gettext_lazy("first page"),
    "verify": gettext_lazy("check of the log"),
    "package": gettext_lazy("evidence package"),
    "reviews": gettext_lazy("pairs that wait"),
    "_history": gettext_lazy("changes"),
    "_async": gettext_lazy("push"),
    "$everything": gettext_lazy("everything of the patient"),
    "$summary": gettext_lazy("patient summary"),
    "$match": gettext_lazy("search for the same patient"),
    "$export": gettext_lazy("bulk export"),
    "$lastn": gettext_lazy("newest results"),
    "fhir": "FHIR",
    "api": gettext_lazy("administration interface"),
    "list": gettext_lazy("all that waits"),
    "transaction": gettext_lazy("several records at once"),
    "card": gettext_lazy("a number that was not the patient's"),
    "$meta": gettext_lazy("labels"),
    "$ihe-pix": gettext_lazy("numbers of the patient"),
    "metadata": gettext_lazy("capability statement"),
}
NUMBERED_TARGETS = {  # target "word/number"
    "directive": gettext_lazy("decision of the patient no. %s"),
    "emergency": gettext_lazy("emergency access no. %s"),
    "access": gettext_lazy("access code no. %s"),
    "episode": gettext_lazy("access no. %s"),
    "access-rule": gettext_lazy("rule for accesses no. %s"),
    "decision": gettext_lazy("decision of the index no. %s"),
    "seal": gettext_lazy("seal no. %s"),
    "case": gettext_lazy("case file no. %s"),
    "hold": gettext_lazy("hold no. %s"),
    "relationship": gettext_lazy("treatment no. %s"),
    "review": gettext_lazy("pair no. %s"),
    "work": gettext_lazy("referral or consultation no. %s"),
    "work-arrival": gettext_lazy("arrival without a referral no. %s"),
    "work-draft": gettext_lazy("draft of a referral no. %s"),
    "crowded": gettext_lazy("registration no. %s"),
    "policy": gettext_lazy("version %s of the rule"),
    "client": gettext_lazy("system %s"),
    "launch": gettext_lazy("opened record no. %s"),
    "administrator-client": gettext_lazy("administrator's client %s"),
    "staff": gettext_lazy("account no. %s"),
    "hospital": gettext_lazy("hospital %s"),
    "proposal": gettext_lazy("proposal no. %s"),
    "confirmation": gettext_lazy("confirmation no. %s"),
    "command": gettext_lazy("command %s"),
    "page": gettext_lazy("page %s"),
    "print": gettext_lazy("print no. %s"),
    "report": gettext_lazy("report no. %s"),
    "report-rule": gettext_lazy("reports by rule no. %s"),
    "month": gettext_lazy("log of %s"),
}
DETAIL_WORDS = {
    "refer": gettext_lazy("prepares a referral"),
    "referral-up": gettext_lazy("Referral up"),
    "referral-down": gettext_lazy("Referral down"),
    "referral-sideways": gettext_lazy("Referral between equals"),
    "consult": gettext_lazy("prepares a consultation"),
    "consultation": gettext_lazy("Remote consultation"),
    "consultation-joint": gettext_lazy("Remote consultation of several departments"),
    "reading-ecg": gettext_lazy("Remote reading of an ECG"),
    "reading-imaging": gettext_lazy("Remote reading of images"),
    "reading-pathology": gettext_lazy("Remote reading of pathology"),
    "mine": gettext_lazy("consultations for which they were named"),
    "start": gettext_lazy("began the meeting"),
    "end": gettext_lazy("ended the meeting"),
    "not-hold": gettext_lazy("the meeting did not take place"),
    "write": gettext_lazy("began to write the opinion"),
    "opinion-draft": gettext_lazy("draft of the opinion"),
    "sign": gettext_lazy("signed the opinion"),
    "acknowledge": gettext_lazy("acknowledged the opinion"),
    "rate": gettext_lazy("rated and closed"),
    "opinion-file": gettext_lazy("took the signed opinion along as a file"),
    "turn": gettext_lazy("whose turn is the own hospital's"),
    "received": gettext_lazy("received by the hospital"),
    "sent": gettext_lazy("sent by the hospital"),
    "closed": gettext_lazy("closed"),
    "accept": gettext_lazy("accepted"),
    "ask": gettext_lazy("asked back"),
    "decline": gettext_lazy("declined"),
    "withdraw": gettext_lazy("withdrawn"),
    "answer": gettext_lazy("answered"),
    "arrange": gettext_lazy("arranged anew"),
    "cancel": gettext_lazy("asked to cancel"),
    "confirm-cancel": gettext_lazy("confirmed the cancelling"),
    "keep": gettext_lazy("did not agree to cancel"),
    "arrive": gettext_lazy("the patient has arrived"),
    "miss": gettext_lazy("the patient did not come"),
    "admit": gettext_lazy("admitted"),
    "treat": gettext_lazy("treatment ended"),
    "return": gettext_lazy("sent back home"),
    "confirm-home": gettext_lazy("taken over at home"),
    "follow-up": gettext_lazy("followed up"),
    "close": gettext_lazy("closed"),
    "remind": gettext_lazy("a deadline has passed"),
    "along": gettext_lazy("sent along with a referral"),
    "draft": gettext_lazy("looked at a draft"),
    "report": gettext_lazy("registered the arrival"),
    "arrival": gettext_lazy("looked at an arrival"),
    "arrivals": gettext_lazy("arrivals without a referral"),
    "confirmed": gettext_lazy("confirmed"),
    "refused": gettext_lazy("refused"),
    "withdrawn": gettext_lazy("taken back"),
    "drafts": gettext_lazy("referrals that are not sent"),
    "owed": gettext_lazy("referrals of which something is owed"),
    "save": gettext_lazy("saved"),
    "submit": gettext_lazy("asked for approval"),
    "approve": gettext_lazy("approved"),
    "send-back": gettext_lazy("sent back to its author"),
    "take-back": gettext_lazy("taken back by its author"),
    "discard": gettext_lazy("discarded"),
    "send": gettext_lazy("sent"),
    "papers": gettext_lazy("papers added"),
    "duty": gettext_lazy("a deadline has passed: the duty office is told"),
    "office": gettext_lazy("a deadline has passed: the alliance's office is told"),
    "summary": gettext_lazy("summary"),
    "problems": gettext_lazy("diagnoses"),
    "medicines": gettext_lazy("medicines"),
    "results": gettext_lazy("results"),
    "encounters": gettext_lazy("visits"),
    "encounter": gettext_lazy("one visit"),
    "documents": gettext_lazy("letters and notes"),
    "print": gettext_lazy("print and take along"),
    "in hospital now": gettext_lazy("patients in the hospital now"),
    "share": gettext_lazy("shared with all"),
    "only": gettext_lazy("shared with some"),
    "without": gettext_lazy("shared but for some kinds"),
    "refuse": gettext_lazy("some refused"),
    "nothing": gettext_lazy("all refused"),
    "consent": gettext_lazy("decision in FHIR"),
    "replaced": gettext_lazy("a later decision takes its place"),
    "sent by a system": gettext_lazy("sent by a hospital's system"),
    "by its system": gettext_lazy("by the hospital's system"),
    "household": gettext_lazy("people of one household"),
    "taken": gettext_lazy("begun"),
    "one person": gettext_lazy("one patient"),
    "two persons": gettext_lazy("two patients"),
    "intact": gettext_lazy("intact"),
    "not intact": gettext_lazy("not intact"),
    "unconscious": gettext_lazy("Patient cannot express consent"),
    "rescue": gettext_lazy("Acute danger to life or health"),
    "infection": gettext_lazy("Public health emergency"),
    "missing": gettext_lazy("Legitimate, data missing"),
    "unusual": gettext_lazy("Legitimate, unusual"),
    "violation": gettext_lazy("Violation"),
    "unclear": gettext_lazy("Cannot tell"),
    "justified": gettext_lazy("Justified"),
    "doubtful": gettext_lazy("Doubtful: to be explained"),
    "abuse": gettext_lazy("Not justified: reported"),
    "unrecorded": gettext_lazy("Justified, but not documented"),
    "lawful": gettext_lazy("Everything was lawful"),
    "handed": gettext_lazy("Handed over to the court or authority"),
    "court": gettext_lazy("Order of a court"),
    "authority": gettext_lazy("Inquiry by an authority"),
    "complaint": gettext_lazy("Complaint"),
    "finding": gettext_lazy("Own finding"),
    "kept": gettext_lazy("it stays"),
    "dispute": gettext_lazy("Medical dispute"),
    "attention": gettext_lazy("Public attention"),
    "inquiry": gettext_lazy("Inquiry by an authority"),
    "Policy-break-glass-only": gettext_lazy("Nothing crosses, but for an emergency"),
    "Policy-basic-normal": gettext_lazy(
        "Hospitals that treat the patient see records that are not specially protected"
    ),
    "Policy-all-normal": gettext_lazy("Hospitals that treat the patient see all records"),
    "Policy-deny": gettext_lazy("Nothing crosses, not in an emergency either"),
    "full activation": gettext_lazy("activated"),
    "provisional activation": gettext_lazy("activated provisionally"),
    "urgent": gettext_lazy("in an emergency"),
    "limit": gettext_lazy("own hospital's patients alone: the limit of the hour was reached"),
    "lapses": gettext_lazy("what it permits no longer counts"),
    "returns": gettext_lazy("the registrations that it covers are one patient's again"),
    "extends": gettext_lazy("counts for more registrations"),
    "shrinks": gettext_lazy("counts for fewer registrations"),
    "moves": gettext_lazy("counts for other registrations"),
    "card": gettext_lazy("seen, with a staff or identity card"),
    "known": gettext_lazy("seen, and known from work"),
    "first officer": gettext_lazy("the installation's first officer: counts at once"),
    "client-scopes": gettext_lazy("A system is allowed more"),
    "launch allowed": gettext_lazy("allowed, for 30 days"),
    "launch and work allowed": gettext_lazy("allowed, for 30 days, and to refer in their name"),
    "launch forbidden": gettext_lazy("forbidden"),
    "client-launch": gettext_lazy("A system opens records as doctors"),
    "appointment": gettext_lazy("A privacy officer serves for a further hospital"),
    "admin-client": gettext_lazy("A script acts for an administrator of the alliance"),
    "alliance-role": gettext_lazy("A role for the whole alliance"),
    "resume": gettext_lazy("A suspended hospital takes part again"),
    "readmit": gettext_lazy("A former member takes part again"),
    "policy": gettext_lazy("A new version of the alliance's rule"),
    "full": gettext_lazy("confirmed"),
    "provisional": gettext_lazy("confirmed for 72 hours"),
    "forget": gettext_lazy("a push is cancelled, or what came of it forgotten"),
    "accepted": gettext_lazy("a push is accepted, to be done in its turn"),
    "done": gettext_lazy("a push is done"),
    "given up": gettext_lazy("a push that nobody could do is given up"),
    "csv": "CSV",
    "ndjson": "NDJSON",
    "xlsx": "XLSX",
    "package": gettext_lazy("evidence package"),
    "pdf": "PDF",
    "zip": "ZIP",
    "lines": gettext_lazy("lines of a filter"),
    "overview": gettext_lazy("overview of the log"),
    "bundle": gettext_lazy("bundle for a grading inspection"),
    "weekly": gettext_lazy("each week"),
    "monthly": gettext_lazy("each month"),
    "quarterly": gettext_lazy("each quarter"),
    "half-yearly": gettext_lazy("each half-year"),
    "rule set": gettext_lazy("set up"),
    "rule ended": gettext_lazy("ended"),
}
ACTOR_KINDS = {
    "staff": gettext_lazy("Staff"),
    "administrator_client": gettext_lazy("client of an administrator"),
    "client": gettext_lazy("system"),
    "patient": gettext_lazy("the patient"),
    "operator": gettext_lazy("operator of the server"),
    "stranger": gettext_lazy("somebody unknown"),
}
MOVED = re.compile(r"(?:(.+): )?(\d+) moved")
HOURS = re.compile(r"(\w+) (\d+)h")
ROLE_AT = re.compile(r"(\w+)@(\S+)")
DIGEST = re.compile(r"(\w+) [0-9a-f]{64}")
STAFF_NO = re.compile(r"of staff (\d+)")
LINE_NO = re.compile(r"of line (\d+)")
APPOINTED = re.compile(r"appointed, of (\S+)")
REASON = re.compile(r"reason=(.+)", re.S)
ROWS = re.compile(r"(\d+) rows")
BYTES = re.compile(r"(\d+) bytes")
MORE = re.compile(r"(\d+) more")
HOURLY = re.compile(r"(\d+) within an hour")
KEPT = re.compile(r"kept of directive/(\d+) for others")
BY_CLIENT = re.compile(r"by client/([\w.-]+)")
DECIDED = re.compile(r"(?:decision|hold|staff|emergency)/\d+")
PARAMETERS = re.compile(r"[\w.:$-]+(?:[&,][\w.:$-]+)*")


def describe_target(target: str) -> str:
    """What was looked at or changed: "directive/12" -> "decision of the patient no. 12"."""
    parts = target.split("/")
    if len(parts) >= 2 and parts[0] in NUMBERED_TARGETS:
        return " · ".join(
            [
                NUMBERED_TARGETS[parts[0]] % parts[1],
                *(describe_target(p) if p in TARGET_WORDS else p for p in parts[2:]),
            ]
        )
    at = (
        parts[0] if len(parts) > 1 and parts[0] not in RESOURCE_NAMES else ""
    )  # the base: "alliance", or a hospital's code
    words = [str(TARGET_WORDS.get(p) or RESOURCE_NAMES.get(p) or p) for p in parts[bool(at) :] if p]
    return " · ".join([*words, at] if at and at != "alliance" else words)


def describe_detail(detail: str) -> str:
    """How: a tab, a reason, names of search parameters; free text stays as it was typed."""
    return " · ".join(describe_detail_part(p) for p in detail.split(" · ")) if detail else ""


def describe_detail_part(text: str) -> str:
    if text in DETAIL_WORDS:
        return str(DETAIL_WORDS[text])
    if m := MOVED.fullmatch(text):
        return ngettext("%(n)s registration moved", "%(n)s registrations moved", int(m[2])) % {
            "n": m[2]
        }
    if (m := HOURS.fullmatch(text)) and m[1] in DETAIL_WORDS:
        hours = _("%(n)s h") % {"n": m[2]}
        return f"{DETAIL_WORDS[m[1]]} · {hours}"
    if (m := ROLE_AT.fullmatch(text)) and m[1] in dict(STAFF_ROLES):
        return f"{dict(STAFF_ROLES)[m[1]]} · {m[2]}"
    if (m := ROLE_AT.fullmatch(text)) and m[1] in ("full", "provisional", "refused"):
        return f"{DETAIL_WORDS.get(m[1]) or _('refused')} · {m[2]}"
    if (m := DIGEST.fullmatch(text)) and m[1] in DETAIL_WORDS:
        return str(DETAIL_WORDS[m[1]])
    if m := STAFF_NO.fullmatch(text):
        return _("of account no. %s") % m[1]
    if m := LINE_NO.fullmatch(text):
        return _("of line no. %s of the log") % m[1]
    if m := APPOINTED.fullmatch(text):
        return _("by appointment, as an officer of %s") % m[1]
    if m := REASON.fullmatch(text):
        return _("reason as typed: “%s”") % m[1]
    if m := ROWS.fullmatch(text):
        return ngettext("%(n)s line", "%(n)s lines", int(m[1])) % {"n": m[1]}
    if m := BYTES.fullmatch(text):
        return _("%(n)s bytes") % {"n": m[1]}
    if m := MORE.fullmatch(text):
        return _("%(n)s more within the minute") % {"n": m[1]}
    if m := HOURLY.fullmatch(text):
        return _("%(n)s within an hour") % {"n": m[1]}
    if m := BY_CLIENT.fullmatch(text):
        return _("by the client %s") % m[1]
    if DECIDED.fullmatch(text):
        return describe_target(text)
    if m := KEPT.fullmatch(text):
        return _("the refusal of no. %s goes on for another patient") % m[1]
    return text


def describe_refs(refs: Sequence[str]) -> str:
    """Records by kind: ["h/Condition/1/1", "h/Condition/2/1"] -> "diagnosis ×2"."""
    kinds = Counter(ref.split("/")[1] for ref in refs if ref.count("/") > 1)
    return " · ".join(f"{RESOURCE_NAMES.get(kind) or kind} ×{n}" for kind, n in kinds.most_common())


def describe_actor(line: dict[str, Any]) -> str:
    """Who, where it is nobody of the staff: a system, a patient, the operator."""
    kind = str(ACTOR_KINDS.get(line["actor_kind"], ""))
    name = line["actor"] if line["actor_kind"] in ("client", "operator") else ""
    return f"{kind} {name}".strip()
