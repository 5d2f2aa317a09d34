"""TABLE codes -> sensitivity labels, put on at every write. The sender may add labels by meta.security, never take one off.

Source: v3-ActCode sensitivity policies, v3-Confidentiality; ICD-10 chapters; GB/T 39725-2020 level 5 (HIV, STD).
"""

from functools import lru_cache
from typing import Any

from consent.terms import Label

ICD10 = ("http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-10-cm", "urn:oid:2.16.156.10011.2.3.3.11", "urn:oid:2.16.156.10011.2.3.3.11.3")
# (code systems, prefix of the code) -> label
PREFIXES: tuple[tuple[tuple[str, ...], str, Label], ...] = (
    *((ICD10, p, Label.HIV) for p in ("B20", "B21", "B22", "B23", "B24", "Z21", "R75")),
    *((ICD10, f"F{n}", Label.ETH) for n in range(10, 20)),
    *((ICD10, f"F{n}", Label.PSY) for n in (*range(20, 70), *range(80, 100))),
    *((ICD10, f"A5{n}", Label.STD) for n in range(10)),
    *((ICD10, f"A6{n}", Label.STD) for n in range(5)),
    *((ICD10, p, Label.SDV) for p in ("T74", "Y07")),
)
EXACT: dict[tuple[str, str], Label] = {
    **{("http://loinc.org", c): Label.HIV for c in ("75622-1", "7917-8", "29893-5", "25836-8", "24467-3", "56888-1", "80387-4", "89365-1")},
    **{("http://loinc.org", c): Label.STD for c in ("20507-0", "22461-8", "24312-1", "31147-2")},
    **{("http://snomed.info/sct", c): Label.HIV for c in ("86406008", "165816005", "62479008")},
    **{("http://snomed.info/sct", c): Label.PSY for c in ("370143000", "58214004", "13746004", "35489007", "47505003")},
    **{("http://snomed.info/sct", c): Label.ETH for c in ("55680006", "5602001", "7200002", "66590003", "6525002")},
}
SECURITY: dict[str, Label] = {
    "HIV": Label.HIV, "PSY": Label.PSY, "PSYTHPN": Label.PSY, "ETH": Label.ETH, "ETHUD": Label.ETH, "OPIOIDUD": Label.ETH,
    "SUD": Label.ETH, "SDV": Label.SDV, "DVD": Label.SDV, "STD": Label.STD, "SEX": Label.STD, "GDIS": Label.GDIS,
    "R": Label.RESTRICTED, "V": Label.VERY_RESTRICTED,
}


@lru_cache(maxsize=50_000)
def of_coding(system: str, code: str) -> int:
    found = EXACT.get((system, code), Label.NONE)
    if system in ICD10:
        for systems, prefix, label in PREFIXES:
            if code.startswith(prefix) and system in systems:
                found |= label
    return int(found)


def labels_of(resource: dict[str, Any]) -> int:
    """All labels that the resource's codes and security tags call for. Contained resources count."""
    found, bits = Label.NONE, 0
    for tag in (resource.get("meta") or {}).get("security") or []:
        found |= SECURITY.get(tag.get("code") or "", Label.RESTRICTED if tag.get("code") not in ("N", "M", "L", "U") else Label.NONE)
    stack: list[Any] = [v for k, v in resource.items() if k != "meta" and (type(v) is dict or type(v) is list)]
    while stack:
        node = stack.pop()
        if type(node) is list:
            stack += [v for v in node if type(v) is dict or type(v) is list]
            continue
        system, code = node.get("system"), node.get("code")
        if type(system) is str and type(code) is str:
            bits |= of_coding(system, code)
        stack += [v for v in node.values() if type(v) is dict or type(v) is list]
    return int(found) | bits
