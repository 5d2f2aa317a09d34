"""Write reference ranges as they are shown beside a value."""

from typing import Any

from records.meaning.range_concepts import NORMAL_WORDS, SEX_CODES, is_normal_range, make_list
from records.meaning.range_reading import is_disputed, parse_range
from records.meaning.reference_ranges import ReferenceRange
from records.meaning.result_units import unit_of_quantity
from records.meaning.value_text import join_bounds


def summarize_ranges(
    nodes: Any, fit: ReferenceRange | None, unit_code: str, chinese: bool = True
) -> str:
    """What stands beside a value: the range that fits, then those that are no norm (a
    treatment's goal), each with its name; where none fits, all as sent.
    """
    known = [n for n in nodes if isinstance(n, dict)] if isinstance(nodes, list) else []
    apart = "；" if chinese else "; "
    if fit is None:
        return apart.join(filter(None, (range_text(n, unit_code, chinese=chinese) for n in known)))
    return apart.join(
        filter(
            None,
            (
                fit.text,
                *(
                    range_text(n, unit_code, chinese=chinese)
                    for n in known
                    if not is_normal_range(n)
                ),
            ),
        )
    )


def range_text(
    node: dict[str, Any], unit_code: str = "", whole: bool = True, chinese: bool = True
) -> str:
    """As sent: its text, or its bounds, with their unit where it is not the value's; whole: and
    whom or what it is for.
    """
    ends: list[dict[str, Any]] = [
        e if isinstance(e := node.get(k), dict) else {} for k in ("low", "high")
    ]
    units = [unit_of_quantity(e) for e in ends if e]
    body = str(node.get("text") or "").strip() or join_ends(*ends)
    if not node.get("text") and any(u.code not in ("", unit_code) for u in units):
        alike = len({u.code for u in units}) == 1
        body = (
            f"{body} {units[0].shown()}"
            if alike
            else "–".join(
                f"{exact_number_text(e)} {unit_of_quantity(e).shown()}".strip() for e in ends if e
            )
        )
    if node.get("text") and (
        is_disputed(node)
        or (
            not parse_range(body).known
            and any(e and exact_number_text(e) not in body for e in ends)
        )
    ):
        body = f"{body}{'；' if chinese else '; '}{join_ends(*ends)}"
    for_whom = [
        name
        for concept in (node.get("type"), *make_list(node.get("appliesTo")))
        if (name := concept_label(concept))
    ]
    if isinstance(age := node.get("age"), dict):
        for_whom.append(age_range_text(age, chinese))
    return (
        f"{'·'.join(filter(None, for_whom))}{'：' if chinese else ': '}{body}"
        if whole and any(for_whom) and body
        else body
    )


def age_range_text(age: dict[str, Any], chinese: bool) -> str:
    """Both ends, or one with its direction in words: "18岁及以上", "up to 17 y"."""
    low, high = (
        (
            f"{exact_number_text(e)}{unit_of_quantity(e).shown(chinese)}"
            if isinstance(e := age.get(k), dict) and "value" in e
            else ""
        )
        for k in ("low", "high")
    )
    if low and high:
        return f"{low}–{high}"
    if chinese:
        return f"{low}及以上" if low else f"{high}及以下" if high else ""
    return f"{low} and over" if low else f"up to {high}" if high else ""


def join_ends(low: Any, high: Any) -> str:
    """Two Quantities as one text, of a single one on which side it lies; a sign that was sent with
    one ("<") is told as it is.
    """
    ends = [exact_number_text(end) for end in (low, high)]
    signs = [
        str(end.get("comparator") or "") if text else ""
        for end, text in zip((low, high), ends, strict=True)
    ]
    if not any(signs):
        return join_bounds(*ends)
    return "–".join(f"{sign}{text}" for sign, text in zip(signs, ends, strict=True) if text)


def concept_label(concept: Any) -> str:
    if not isinstance(concept, dict):
        return (
            concept if isinstance(concept, str) and concept.casefold() not in NORMAL_WORDS else ""
        )
    found = [c for c in make_list(concept.get("coding")) if isinstance(c, dict)]
    sexes = {SEX_CODES.get(str(c.get("code"))) for c in found} & {"male", "female"}
    if not concept.get("text") and not any(c.get("display") for c in found) and len(sexes) == 1:
        return "♂" if sexes == {"male"} else "♀"
    return (
        ""
        if {c.get("code") for c in found} == {"normal"}
        else str(
            concept.get("text") or next((c.get("display") or c.get("code") for c in found), "")
        )
    )


def exact_number_text(quantity: Any) -> str:
    value = quantity.get("value") if isinstance(quantity, dict) else None
    return str(getattr(value, "text", value)) if value is not None else ""
