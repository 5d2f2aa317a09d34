"""Words that the script of the witness page says; `{…}` is filled in by it."""

from django.utils.translation import gettext as _


def say_witness_words() -> dict[str, str]:
    """In the reader's language."""
    return {
        "first": _(
            "This browser has not looked yet. With the first look it keeps the log's key and its"
            " head."
        ),
        "looking": _("Looking…"),
        "well": _("The log goes on from what this browser saw: {n} lines, nothing cut or changed."),
        "began": _(
            "First look: {n} lines. From now on this browser will notice a log that is cut,"
            " changed or replaced. Compare the key's fingerprint by telephone."
        ),
        "away": _("The platform did not answer. That is no alarm: look again in a few minutes."),
        "cosigned": _("This browser has co-signed that."),
        "not_registered": _(
            "It has checked that, and co-signed nothing: its key has not been accepted yet."
        ),
        "alarm": _("Alarm"),
        "key": _(
            "The log is signed with another key ({new}) than the one that this browser keeps"
            " ({old}). The key was swapped, or this is another installation."
        ),
        "smaller": _(
            "The log is shorter ({now} lines) than what this browser saw ({seen} lines): it was cut"
            " or set back to an older backup."
        ),
        "fork": _(
            "The log does not go on from what this browser saw ({seen} lines): it was rewritten, or"
            " there are two of them."
        ),
        "proof": _(
            "The platform says that all is well, and its proof does not hold: it does not lead from"
            " what this browser saw ({seen} lines) to what it shows now ({now} lines)."
        ),
        "split": _(
            "{witness} has co-signed another log ({seen} lines) than the one that is shown to you:"
            " the platform shows two of them."
        ),
        "forged": _(
            "A co-signature that is said to be of {witness} is not by the key that this browser"
            " knows of it: somebody forged it."
        ),
        "restored": _(
            "The platform says, and its key has signed, that it was restored from a backup at {at}:"
            " the log went back to {now} lines, and this browser had seen {seen}. Ask the alliance"
            " whether that is so."
        ),
        "keep": _(
            "Save the evidence file now, keep it outside of the platform, and call the alliance's"
            " auditor and your own. What this browser saw stays as it is until somebody accepts."
        ),
        "bad_file": _("This file holds no head of a log."),
        "file_well": _("The file's head ({n} lines) and the log that is shown to you are one log."),
        "confirmed": _("compared by telephone"),
        "unconfirmed": _("not compared yet"),
        "safe_key": _("The key cannot be taken out of this browser."),
        "plain_key": _(
            "This browser cannot lock keys away: the key lies in its storage. A newer browser is"
            " better."
        ),
        "waits": _("offered, waits to be accepted"),
        "stands": _("accepted"),
        "ended": _("ended"),
        "unknown": _("not offered yet"),
        "nobody": _("Nobody else has co-signed this log yet."),
        "missing": _("the platform names it no more"),
        "browser": _("browser"),
        "agent": _("system"),
        "no_storage": _("This browser keeps nothing: private windows cannot be witnesses."),
        "wrong_print": _("That is not the fingerprint of the key that signs now."),
    }
