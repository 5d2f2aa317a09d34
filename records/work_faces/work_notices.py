"""Note each transition of a work item for those who subscribe, in its own transaction: what is done
is told, and what is undone is not (docs/adr/0090).
"""

from typing import Any

from alliance.models import WorkTransition
from records.models import WorkTopicNotice


def note_transition(instance: WorkTransition, created: bool, **_: Any) -> None:
    """Called when a transition is saved, by whichever verb, sending or timer."""
    if created:
        WorkTopicNotice.objects.create(
            item_id=instance.item_id,
            version=instance.version,
            state=instance.to_state,
            at=instance.at,
        )
