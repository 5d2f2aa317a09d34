"""Say how a member's system is in one sentence, in the reader's language: us or them."""

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from records.sync.system_state import Side, SystemState, Trouble

SIDE_WORDS = {
    Side.US: lambda: _("us"),
    Side.THEM: lambda: _("them"),
    Side.NOBODY: lambda: _("well"),
}


def describe_seconds(seconds: float) -> str:
    """In the largest unit of which there are two."""
    seconds = abs(seconds)
    if 0 < seconds < 1:
        return _("under 1 s")
    for size, text in (
        (86_400, _("%(n)d days")),
        (3_600, _("%(n)d h")),
        (60, _("%(n)d min")),
    ):
        if seconds >= 2 * size:
            return text % {"n": seconds // size}
    return _("%(n)d s") % {"n": seconds}


def say_state(state: SystemState) -> str:
    said = {
        "n": f"{abs(state.number):,.0f}",
        "span": describe_seconds(state.number),
        "at": date_format(timezone.localtime(state.since), "Y-m-d H:i") if state.since else "",
    }
    return words_of(state.trouble) % said


def words_of(trouble: Trouble) -> str:
    match trouble:
        case Trouble.WITNESS:
            return _(
                "Its witness has seen another audit log than ours (%(at)s). Tell the platform's"
                " operator at once; repair nothing."
            )
        case Trouble.SUSPENDED:
            return _(
                "The hospital does not take part at present, so its systems are refused. An"
                " administrator of the alliance can have it take part again."
            )
        case Trouble.REFUSED:
            return _(
                "Its credentials are refused, last at %(at)s: enrol the machine again, or look for"
                " a wrong clock there."
            )
        case Trouble.REVOKED:
            return _("An administrator revoked this system at %(at)s. It cannot send any more.")
        case Trouble.QUEUE:
            return _(
                "The platform is behind: the oldest batch has waited here for %(span)s. Nothing to"
                " do at the hospital."
            )
        case Trouble.DISK:
            return _("The disk of its machine is full: it takes nothing more. Make room there.")
        case Trouble.SILENT:
            return _(
                "Its agent has been silent since %(at)s: is the machine on, does xinglin-agent run,"
                " does the line work?"
            )
        case Trouble.CLOCK:
            return _("The clock of its machine is off by %(span)s: set it.")
        case Trouble.DIFFERS:
            return _(
                "Days that differed when both sides were compared at %(at)s: %(n)s. What was"
                " missing is sent again by the agent; look whether the next comparison agrees."
            )
        case Trouble.BACKLOG:
            return _(
                "Items that wait at the hospital: %(n)s, the oldest for more than an hour. Its line"
                " is slow, or it may send only at certain hours."
            )
        case Trouble.UNKEPT:
            return _(
                "Its refused records have reached what the platform keeps of one system: %(n)s"
                " stand without their content. Mend the causes and send those records again."
            )
        case Trouble.LETTERS:
            return _("Records that were refused and wait to be mended: %(n)s.")
        case Trouble.HELD:
            return _(
                "Records that wait for others which have not come: %(n)s, the oldest since %(at)s."
                " Were those sent?"
            )
    return _("All is well.")
