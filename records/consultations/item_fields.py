"""Fill in the fields that nobody types: whom it is about, who asks, who is asked, when it ended.
Pure.
"""

import datetime as dt
from collections.abc import Mapping

from records.consultations.opinion_parties import OpinionContext

CHINA = dt.timezone(dt.timedelta(hours=8))


def add_item_fields(fields: Mapping[str, str], context: OpinionContext) -> dict[str, str]:
    lead = context.experts[0] if context.experts else None
    return {
        **find_age(context.patient.birth_date, context.ended_at),
        **fields,
        "request_number": context.number,
        "patient_name": context.patient.name,
        "sex_code": context.patient.sex_code,
        "consultation_kind": context.kind,
        "asking_doctor": context.asking.name,
        "asking_department": context.asking.department,
        "asking_hospital": context.asking.hospital.name,
        "expert": lead.name if lead else "",
        "consulted_department": lead.department if lead else "",
        "expert_hospital": lead.hospital.name if lead else "",
        "consulted_hospital": context.consulted.name,
        "ended_at": write_compact(context.ended_at.isoformat()),
    }


def find_age(birth_date: str, at: dt.datetime) -> dict[str, str]:
    """In years from the first birthday on, before in months and thirtieths (3 12/30); {} where the
    day of birth is not known.
    """
    try:
        born = dt.date.fromisoformat(birth_date)
    except ValueError:
        return {}
    day = at.astimezone(CHINA).date()
    months = (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)
    if day < born:
        return {}
    if months >= 12:
        return {"age_years": str(months // 12)}
    begun = born.month - 1 + months
    year, month = born.year + begun // 12, begun % 12 + 1
    last = (dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)).day
    days = (day - dt.date(year, month, min(born.day, last))).days
    return {"age_months": f"{months} {min(days, 29)}/30"}


def write_compact(moment: str) -> str:
    """Of ISO 8601 with offset, as the data elements write it (DT15)."""
    return f"{dt.datetime.fromisoformat(moment).astimezone(CHINA):%Y%m%dT%H%M%S}"
