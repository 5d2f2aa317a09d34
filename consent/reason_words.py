"""TABLE code of a reason -> words, by who reads them: the clinician who looks, an auditor or
colleague who reads about somebody, the patient.
"""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.roles import UNVOUCHED_MESSAGE

REASONS_FOR_VIEWER = {  # to the clinician who looks
    "unvouched": UNVOUCHED_MESSAGE,
    "launched": gettext_lazy(
        "A system of your hospital opened this page as you: it shows other hospitals' records only"
        " after you have signed in here yourself and allowed it under “My account”."
    ),
    "no_relationship": gettext_lazy(
        "No current treatment of this patient at your hospital is known here. If you are treating"
        " them, confirm it."
    ),
    "no_consent": gettext_lazy(
        "The patient has not yet decided about sharing these records with your hospital. They can"
        " be asked."
    ),
    "unverified": gettext_lazy(
        "A consent of the patient waits for verification: it counts once somebody has seen the"
        " signed paper."
    ),
    "unconfirmed": gettext_lazy(
        "So far only your hospital itself says that it treats this patient. Say that you are"
        " treating them; then a record clerk compares the card under Confirmations, and what the"
        " patient's decision or the alliance's rule permits opens for 72 hours, but for specially"
        " protected records."
    ),
    "unconfirmed_consent": gettext_lazy(
        "So far only the hospital that recorded the patient's consent stands behind it. It counts"
        " once somebody else compares the signed paper under Confirmations: a colleague of another"
        " role where your own hospital recorded it, else a record clerk of a third hospital of the"
        " patient or the alliance's privacy officer."
    ),
    "provisional": gettext_lazy(
        "A colleague has confirmed it for 72 hours: specially protected records stay closed until"
        " it is confirmed fully."
    ),
    "patient_denied": gettext_lazy(
        "The patient has refused to share with your hospital, in whole or in part. Do not ask them"
        " again unless they bring it up."
    ),
    "sensitive": gettext_lazy("Specially protected records need the patient's express consent."),
    "source_suspended": gettext_lazy("A member hospital does not take part at present."),
    "viewer_inactive": gettext_lazy("Your hospital or your employment is not active."),
    "role": gettext_lazy("Your role does not include this."),
    "sealed": gettext_lazy(
        "The record is sealed after an incident: it opens only to those on the seal's list."
    ),
    "policy_closed": gettext_lazy(
        "The patient has decided nothing, and the alliance has resolved that nothing is shared"
        " then. They can be asked."
    ),
    "own_hospital": gettext_lazy("Your own hospital's records, for treatment."),
    "patient_consent": gettext_lazy("The patient has consented."),
    "alliance_policy": gettext_lazy("The alliance's rule for patients who have decided nothing."),
    "emergency": gettext_lazy("You have opened an emergency access."),
}
# in one word, where the reasons themselves stand behind a click; what has none here is no state of
# asking
WITHHELD_STATES = {
    "patient_denied": gettext_lazy("refused by the patient"),
    "no_consent": gettext_lazy("patient not asked yet"),
    "policy_closed": gettext_lazy("patient not asked yet"),
    "unverified": gettext_lazy("consent waits for verification"),
    "unconfirmed_consent": gettext_lazy("consent waits for a second person"),
    "no_relationship": gettext_lazy("no current treatment here known"),
    "unconfirmed": gettext_lazy("treatment waits for confirmation"),
    "unvouched": gettext_lazy("account not vouched for"),
}
REASONS_ABOUT_OTHERS = {  # about somebody
    "unvouched": gettext_lazy("Nobody has vouched for the account yet."),
    "launched": gettext_lazy(
        "A system had opened it as a doctor who had not allowed it to show other hospitals'"
        " records."
    ),
    "no_relationship": gettext_lazy("No current treatment of the patient there is known."),
    "no_consent": gettext_lazy("The patient has not yet decided about this."),
    "unverified": gettext_lazy(
        "A consent waits for verification: nobody has seen the signed paper yet."
    ),
    "unconfirmed": gettext_lazy(
        "Only the hospital itself says that it treats the patient: nobody else has confirmed it"
        " yet."
    ),
    "unconfirmed_consent": gettext_lazy(
        "Only the hospital that recorded the consent stands behind it: nobody else has confirmed it"
        " yet."
    ),
    "provisional": gettext_lazy(
        "A second person there has confirmed it for 72 hours: not for specially protected records."
    ),
    "patient_denied": gettext_lazy("The patient has refused it, in whole or in part."),
    "patient_consent": gettext_lazy("The patient has consented."),
    "source_suspended": gettext_lazy("A member hospital does not take part at present."),
    "viewer_inactive": gettext_lazy("It is not active at present."),
    "sealed": gettext_lazy("The record is sealed after an incident."),
    "policy_closed": gettext_lazy(
        "The alliance has resolved that nothing is shared of patients who have decided nothing."
    ),
    "alliance_policy": gettext_lazy("The alliance's rule for patients who have decided nothing."),
    "own_hospital": gettext_lazy("Its own records, for treatment."),
    "emergency": gettext_lazy("Emergency access was opened."),
    "role": gettext_lazy("The role does not include this."),
}
REASONS_FOR_PATIENT = REASONS_ABOUT_OTHERS | {  # to the patient
    "no_relationship": gettext_lazy("It is not treating you at present."),
    "no_consent": gettext_lazy("You have not decided about this."),
    "unconfirmed": gettext_lazy(
        "Only the hospital itself says that it treats you: nobody else has confirmed it."
    ),
    "unconfirmed_consent": gettext_lazy(
        "Only the hospital that recorded this consent for you stands behind it: neither you nor"
        " anybody else has confirmed it."
    ),
    "unverified": gettext_lazy(
        "Your consent waits for verification: the hospital that sent it has to check the signed"
        " paper."
    ),
    "patient_denied": gettext_lazy("You have refused it, in whole or in part."),
    "patient_consent": gettext_lazy("You have consented."),
    "sealed": gettext_lazy("Your record is sealed after an incident."),
    "policy_closed": gettext_lazy(
        "You have decided nothing, and the alliance has resolved that nothing is shared then."
    ),
    "alliance_policy": gettext_lazy("You have decided nothing: the alliance's rule holds."),
}
REASONS_IN_AUDIT_LOG = REASONS_ABOUT_OTHERS | {
    "own_factor": gettext_lazy("It is not proven that whoever asks is the patient."),
    "own_joined": gettext_lazy(
        "The registration came to the patient after their card was compared."
    ),
    "own_restricted": gettext_lazy("Very restricted records are not on the patient's page."),
    "sensitive": gettext_lazy("Specially protected records need the patient's express consent."),
    "viewer_inactive": gettext_lazy("Hospital or employment is not active."),
    "other_hospital": gettext_lazy("It is work between two other hospitals."),
    "not_of_team": gettext_lazy("Only the experts who were named do this."),
    "not_the_lead": gettext_lazy("Only the lead expert signs."),
    "own_work": gettext_lazy("Who writes does not approve, and who approves does not write."),
    "foreign_store": gettext_lazy("Only a hospital's own systems write to its store."),
    "login": gettext_lazy("Nobody was signed in."),
    "no_token": gettext_lazy("No token was sent."),
    "unknown_token": gettext_lazy("Nobody has this token."),
    "scope": gettext_lazy("The token's scopes do not cover it."),
    "expired_token": gettext_lazy("The token had expired."),
    "revoked": gettext_lazy("The system had been revoked."),
    "two_callers": gettext_lazy("A token and a session's cookie came together."),
    "launch_off": gettext_lazy("The alliance does not let systems open records as doctors."),
    "launch": gettext_lazy("The system might not open records as doctors."),
    "doctor": gettext_lazy("No doctor of this name reads records at the hospital today."),
    "forbidden": gettext_lazy("The doctor does not let this system open records as them."),
    "not_let": gettext_lazy("The doctor does not let this system refer in their name."),
    "ticket": gettext_lazy("The address had been opened already, or its minute was over."),
    "launch_ended": gettext_lazy("What a system had opened was over."),
    "launch_page": gettext_lazy("A system had opened one record: nothing else opens there."),
    "slow": gettext_lazy("It took too long."),
    "unagreed": gettext_lazy("The client waited for another administrator."),
    "client_expired": gettext_lazy("The last day of the client was over."),
    "credentials": gettext_lazy(
        "Role, hospital, password or authenticator had changed since the client was registered."
    ),
    "in_person": gettext_lazy("It took the person: a client agrees to nothing."),
    "unknown_client": gettext_lazy("There is no such system."),
    "sandbox": gettext_lazy("A system of a sandbox reaches nothing but the sandbox."),
    "unknown-code": gettext_lazy("Nobody has this enrolment code."),
    "mistyped-code": gettext_lazy("The enrolment code was mistyped."),
    "mistyped-group": gettext_lazy("The enrolment code was mistyped."),
    "used-code": gettext_lazy("The enrolment code had been used already."),
    "expired-code": gettext_lazy("The enrolment code had expired."),
    "withdrawn-code": gettext_lazy(
        "The enrolment code was withdrawn, or who made it did not administer the hospital any more."
    ),
    "suspended": gettext_lazy("The hospital did not take part."),
    "name-taken": gettext_lazy("The hospital has a system of this name."),
    "weak-key": gettext_lazy("The key was too weak."),
    "key": gettext_lazy("The key could not be taken."),
    "narrow-token": gettext_lazy("The token may less than the system."),
    "slow-down": gettext_lazy("Too many wrong attempts: it was not looked at."),
    "secret": gettext_lazy("The secret was wrong."),
    "proof": gettext_lazy("The signed proof did not fit."),
    "password": gettext_lazy("Account or password was wrong."),
    "code": gettext_lazy("The code was wrong."),
    "used_code": gettext_lazy("The code had been used already."),
    "rate": gettext_lazy(
        "Too many emergency accesses were opened within a minute: the next one had to wait."
    ),
    "new": gettext_lazy(
        "Nobody stood behind the own hospital's tie to the patient yet: the word did not count."
    ),
    "birth": gettext_lazy("No hospital had told the patient's day of birth."),
    "wait": gettext_lazy("Too many wrong attempts: it was not looked at."),
    "object": gettext_lazy("It belongs to another hospital or person."),
    "ended": gettext_lazy("The employment has ended."),
    "self": gettext_lazy("It concerned themselves."),
    "own": gettext_lazy("It concerned their own hospital."),
    "employed": gettext_lazy("The employment was not over."),
    "over": gettext_lazy("The employment was over."),
    "kept": gettext_lazy("An office of the alliance would have been left vacant."),
    "format": gettext_lazy("There is no such format of export."),
    "no_record": gettext_lazy("The hospital has no record of the patient."),
    "appointee": gettext_lazy("The account could not be appointed for a further hospital."),
    "asker": gettext_lazy("Who asked was no privacy officer any more."),
    "changed": gettext_lazy("It had been changed meanwhile."),
    "ground": gettext_lazy("It was not said how the person was known."),
    "inside": gettext_lazy("It needed an officer from outside."),
    "nothing": gettext_lazy("There was nothing to be confirmed."),
    "proposer": gettext_lazy("Who proposed it did not administer the alliance any more."),
    "refused": gettext_lazy("It had been refused: only a full confirmation counted."),
    "second": gettext_lazy("It needed two administrators of the alliance."),
    "unasked": gettext_lazy("Nobody had asked for it, or the time was over."),
    "stale_form": gettext_lazy("The form was out of date, or came from elsewhere."),
    "filter": gettext_lazy("The filter named somebody whom they do not audit."),
    "many": gettext_lazy("Many different refusals: these are counted together."),
    "unknown_code": gettext_lazy("Nobody has this access code."),
    "wrong": gettext_lazy("Birth date, activation number or passphrase was wrong."),
    "in_use": gettext_lazy(
        "Code and birth date were right, the passphrase was not: the code is in use with"
        " another one."
    ),
    "not_activated": gettext_lazy("The code is not activated yet."),
    "code_ended": gettext_lazy("The code has ended."),
    "moved": gettext_lazy("Registrations were joined since the code was activated."),
    "tie": gettext_lazy("That the hospital treats the patient is known from this hospital alone."),
    "printer": gettext_lazy("Who printed the code does not activate it."),
    "voice": gettext_lazy(
        "Their word does not count for this: it takes another hospital's record office, the"
        " alliance's privacy officer, or in part another role of the same hospital."
    ),
    "vouched": gettext_lazy("Nobody vouches for the account yet."),
    "weaker": gettext_lazy("What stands is better confirmed."),
    "signer": gettext_lazy("Everybody signs for themselves."),
    "not_expert": gettext_lazy("The opinion does not name them as an expert."),
    "step_up": gettext_lazy("They had not proved once more who they are."),
    "altered": gettext_lazy("What was stored had been altered."),
    "invalid": gettext_lazy("The content is not valid."),
    "unprocessable": gettext_lazy("The content is not valid."),
    "malformed": gettext_lazy("The content cannot be read."),
    "not-found": gettext_lazy("It does not exist."),
    "conflict": gettext_lazy("Somebody else has changed it in the meantime."),
    "precondition": gettext_lazy("Somebody else has changed it in the meantime."),
    "not-supported": gettext_lazy("The platform does not support it."),
}
LEGAL_BASES = {
    "PIPL 23, 29": gettext_lazy("Personal Information Protection Law, articles 23 and 29"),
    "PIPL 45, 51": gettext_lazy("Personal Information Protection Law, articles 45 and 51"),
    "PIPL 13(1)2": gettext_lazy("Personal Information Protection Law, article 13 (1) 2"),
    "PIPL 13(1)4, 18": gettext_lazy(
        "Personal Information Protection Law, articles 13 (1) 4 and 18"
    ),
    "GB/T 22239-2019 8.1.4.1": gettext_lazy("GB/T 22239-2019, 8.1.4.1"),
    "GB/T 22239-2019 8.1.4.2": gettext_lazy("GB/T 22239-2019, 8.1.4.2"),
    "国卫办医政函〔2025〕262号": gettext_lazy("National Health Commission, notice No. 262 of 2025"),
    "国卫办医政函〔2025〕262号; 医疗纠纷预防和处理条例 24": gettext_lazy(
        "National Health Commission, notice No. 262 of 2025; Regulation on Medical Disputes,"
        " article 24"
    ),
}


def describe_refusal(code: str) -> str:
    """Why a line of the audit log was refused or failed, in words; a code without words is a
    fault of the platform.
    """
    return str(REASONS_IN_AUDIT_LOG.get(code) or _("a technical fault")) if code else ""


def describe_withdrawal(reason: str) -> str:
    """The reason that somebody typed; of a decision that another one replaced, so."""
    return _("a later decision takes its place") if reason == "replaced" else reason
