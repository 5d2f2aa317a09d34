"""A home plan as the text in which a draft of a referral down keeps it."""

import datetime as dt
import json
from dataclasses import asdict

from alliance.models import WorkDraft
from alliance.referrals.home_plan import HomePlanDraft, PlannedMedicine, PlannedTask
from alliance.workflow.new_item import NewDocument


def write_plan(plan: HomePlanDraft | None) -> str:
    """As JSON; "" for none."""
    return json.dumps(asdict(plan), default=str, ensure_ascii=False) if plan else ""


def read_plan(draft: WorkDraft) -> HomePlanDraft | None:
    """What write_plan wrote; None where the draft has no plan."""
    if not draft.plan:
        return None
    kept = json.loads(draft.plan)
    kept["medicines"] = tuple(PlannedMedicine(**m) for m in kept["medicines"])
    kept["tasks"] = tuple(
        PlannedTask(t["what"], t["due_on"] and dt.date.fromisoformat(t["due_on"]), t["doer"])
        for t in kept["tasks"]
    )
    kept["summary"] = NewDocument(**kept["summary"]) if kept["summary"] else None
    return HomePlanDraft(**kept)
