"""What a referral's states, verbs and texts are called on pages and paper."""

from django.utils.translation import gettext_lazy as _

from alliance.workflow.state_table import Need

STATE_WORDS = {
    "sent": _("Sent, waits for an answer"),
    "info-requested": _("Asked back"),
    "accepted": _("Accepted, the patient is expected"),
    "cancel-requested": _("Cancelling waits for the receiver's word"),
    "no-show": _("The patient did not come"),
    "arrived": _("Arrived"),
    "admitted": _("Admitted"),
    "treated": _("Treated"),
    "returned": _("Sent back home"),
    "home-confirmed": _("Taken over at home"),
    "followed-up": _("Followed up"),
    "closed": _("Closed"),
    "declined": _("Declined"),
    "cancelled": _("Cancelled"),
}
DRAFT_WORDS = {
    "draft": _("Draft"),
    "to-approve": _("Waits for approval in your hospital"),
    "sent": _("Sent"),
    "discarded": _("Discarded"),
}
ARRIVAL_WORDS = {
    "reported": _("Waits for the hospital that the patient came from"),
    "confirmed": _("Confirmed by the hospital that the patient came from"),
    "refused": _("Refused by the hospital that the patient came from"),
    "withdrawn": _("Taken back"),
}
DEBT_WORDS = {
    "papers": _("papers owed"),
    "approval": _("approval owed"),
}
VERB_WORDS = {  # on a button
    "accept": _("Accept the patient"),
    "ask": _("Ask back"),
    "decline": _("Decline"),
    "withdraw": _("Take it back"),
    "answer": _("Answer"),
    "arrange": _("Arrange anew"),
    "cancel": _("Ask to cancel"),
    "confirm-cancel": _("Confirm the cancelling"),
    "keep": _("Do not cancel"),
    "arrive": _("The patient has arrived"),
    "miss": _("The patient did not come"),
    "admit": _("Admit"),
    "treat": _("Treatment is over"),
    "return": _("Send back home"),
    "confirm-home": _("Take the patient over"),
    "follow-up": _("Record a follow-up"),
    "close": _("Close"),
    "discard": _("Discard"),
    "save": _("Keep as a draft"),
    "submit": _("Ask for approval"),
    "approve": _("Approve"),
    "send-back": _("Send back to its author"),
    "take-back": _("Go on writing"),
}
DONE_WORDS = {  # in the course of it
    "send": _("sent"),
    "accept": _("accepted"),
    "ask": _("asked back"),
    "decline": _("declined"),
    "withdraw": _("withdrawn"),
    "answer": _("answered"),
    "arrange": _("arranged anew"),
    "cancel": _("asked to cancel"),
    "confirm-cancel": _("confirmed the cancelling"),
    "keep": _("did not agree to cancel"),
    "arrive": _("the patient has arrived"),
    "miss": _("the patient did not come"),
    "admit": _("admitted"),
    "treat": _("treatment ended"),
    "return": _("sent back home"),
    "confirm-home": _("taken over at home"),
    "follow-up": _("followed up"),
    "close": _("closed"),
    "save": _("kept as a draft"),
    "submit": _("asked for approval"),
    "approve": _("approved"),
    "send-back": _("sent back to its author"),
    "take-back": _("taken back by its author"),
    "discard": _("discarded"),
    "papers": _("papers added"),
}
NEED_WORDS = {
    Need.REASON: _("Reason; you may propose something else"),
    Need.MESSAGE: _("Question or answer"),
    Need.ARRANGEMENT: _("Arrangement: department, doctor, bed"),
    Need.OUTCOME: _("Outcome"),
    Need.PLAN: _("Plan: treatment at home, warning signs, whom to call"),
    Need.FOLLOW_UP: _("What the follow-up found"),
}
