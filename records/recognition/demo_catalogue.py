"""The demo's mutual recognition: the catalogue to begin with, agreed to by its two administrators,
and hospitals that are qualified, so that a newcomer finds a result elsewhere that counts.
"""

import datetime as dt

from alliance.auth.principal import principal_from_staff
from alliance.models import Hospital, Staff
from alliance.services.proposals import do_agree_to_proposal
from records.models import RecognitionItem
from records.recognition.catalogue_changes import do_propose_catalogue, do_qualify
from records.recognition.catalogue_table import STARTING, read_catalogue

ADMINISTRATORS = ("admin", "qian")
QUALIFIED = ("xinglin", "donghu", "beishan")
# invented, as all of the demo: (price in yuan, whether a higher hospital recognises a lower one)
RULES = {"K": ("3.00", False), "LDL": ("8.00", True), "HBA1C": ("50.00", True)}


def set_up_recognition() -> None:
    """Once: a catalogue that is there stays as it is."""
    if RecognitionItem.objects.exists():
        return
    one, two = (
        principal_from_staff(Staff.objects.select_related("hospital").get(user__username=name))
        for name in ADMINISTRATORS
    )
    rows, _faults = read_catalogue(STARTING.read_bytes())
    for row in rows:
        if rule := RULES.get(row["code"]):
            row["price"], row["upward"] = rule
    do_agree_to_proposal(do_propose_catalogue(rows, reason="demo", acting=one), acting=two)
    for code in QUALIFIED:
        for item in RULES:
            values = {
                "hospital": Hospital.objects.get(code=code).code,
                "item": item,
                "starts": dt.date(2024, 1, 1).isoformat(),
                "ends": None,
                "quality": "passed",
                "note": "demo",
            }
            do_qualify(values, acting=two, proposer=one)
