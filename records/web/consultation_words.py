"""What a consultation's states, verbs and texts are called on pages and paper."""

from django.utils.translation import gettext_lazy as _

from alliance.workflow.state_table import Need
from records.web.referral_words import DONE_WORDS, NEED_WORDS, VERB_WORDS

CONSULTATION_STATES = {
    "sent": _("Sent, waits for an answer"),
    "info-requested": _("Asked back"),
    "arranged": _("Experts are named"),
    "in-session": _("In session"),
    "not-held": _("The meeting did not take place"),
    "writing": _("The opinion is being written"),
    "asked-back": _("The experts have asked back"),
    "cancel-requested": _("Cancelling waits for the other hospital's word"),
    "delivered": _("The signed opinion is there"),
    "acknowledged": _("Acknowledged"),
    "closed": _("Closed"),
    "declined": _("Declined"),
    "cancelled": _("Cancelled"),
}
CONSULTATION_VERBS = {  # on a button
    **VERB_WORDS,
    "accept": _("Accept and name the experts"),
    "arrange": _("Name the experts anew"),
    "start": _("Begin the meeting"),
    "end": _("End the meeting"),
    "not-hold": _("The meeting did not take place"),
    "write": _("Write the opinion"),
    "sign": _("Sign the opinion"),
    "acknowledge": _("Acknowledge the opinion"),
    "rate": _("Rate and close"),
    "close": _("Close without rating"),
}
CONSULTATION_DONE = {  # in the course of it
    **DONE_WORDS,
    "accept": _("accepted, experts named"),
    "arrange": _("named the experts anew"),
    "start": _("began the meeting"),
    "end": _("ended the meeting"),
    "not-hold": _("the meeting did not take place"),
    "write": _("began to write the opinion"),
    "sign": _("signed the opinion"),
    "acknowledge": _("acknowledged the opinion"),
    "rate": _("rated and closed"),
}
CONSULTATION_NEEDS = NEED_WORDS | {
    Need.OUTCOME: _("What you have decided"),
    Need.REASON: _("Reason; you may propose something else"),
}
