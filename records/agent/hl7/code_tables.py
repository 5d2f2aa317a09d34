"""TABLES from HL7 v2 to FHIR codes, with what Chinese systems write in their place."""

from __future__ import annotations

V3, V2, FHIR = (
    "http://terminology.hl7.org/CodeSystem/v3-",
    "http://terminology.hl7.org/CodeSystem/v2-",
    "http://terminology.hl7.org/CodeSystem/",
)
RESIDENT = "urn:oid:2.16.156.10011.1.3"  # citizen number
HEALTH_RECORD = "urn:oid:2.16.156.10011.1.2"
LOINC, ICD10 = "http://loinc.org", "http://hl7.org/fhir/sid/icd-10"

# table 0396, what systems name in CWE.3
CODE_SYSTEMS = {
    "LN": LOINC,
    "LOINC": LOINC,
    "SCT": "http://snomed.info/sct",
    "SNOMED": "http://snomed.info/sct",
    "SNOMED-CT": "http://snomed.info/sct",
    "I10": ICD10,
    "ICD10": ICD10,
    "ICD-10": ICD10,
    "I10C": "http://hl7.org/fhir/sid/icd-10-cm",
    "I9C": "http://hl7.org/fhir/sid/icd-9-cm",
    "ICD-10-CN": "urn:oid:2.16.156.10011.2.3.3.11",
    "GB/T14396": "urn:oid:2.16.156.10011.2.3.3.11",
    "CVX": "http://hl7.org/fhir/sid/cvx",
    "RXNORM": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "C4": "http://www.ama-assn.org/go/cpt",
}

GENDERS = {
    "M": "male",
    "1": "male",
    "男": "male",
    "男性": "male",
    "F": "female",
    "2": "female",
    "女": "female",
    "女性": "female",
    "O": "other",
    "A": "other",
    "U": "unknown",
    "N": "unknown",
    "0": "unknown",
    "9": "unknown",
    "未知": "unknown",
    "未说明": "unknown",
}

MARITAL = {  # table 0002 is v3's, but for a few; GB/T 2261.2 beside it
    **{c: c for c in "ADILMPSTW"},
    "10": "S",
    "20": "M",
    "21": "M",
    "22": "M",
    "23": "M",
    "30": "W",
    "40": "D",
    "未婚": "S",
    "已婚": "M",
    "丧偶": "W",
    "离婚": "D",
}

NAME_USES = {
    "L": "official",
    "M": "maiden",
    "N": "nickname",
    "D": "usual",
    "A": "anonymous",
    "S": "anonymous",
    "P": "official",
    "T": "temp",
}
ADDRESS_USES = {"H": "home", "O": "work", "B": "work", "C": "temp", "BA": "old"}
PHONE_USES = {"PRN": "home", "ORN": "home", "WPN": "work", "VHN": "temp", "PRS": "mobile"}
PHONE_SYSTEMS = {
    "PH": "phone",
    "CP": "phone",
    "FX": "fax",
    "INTERNET": "email",
    "X.400": "email",
    "BP": "pager",
}

# CX.5: identifiers that mean the same outside of the hospital, by what systems call them
IDENTIFIER_SYSTEMS = {
    **dict.fromkeys(("NI", "NNCHN", "NNCN", "SFZ", "IDCARD", "ID", "01", "身份证"), RESIDENT),
    **dict.fromkeys(("JKDA", "健康档案"), HEALTH_RECORD),
}
IDENTIFIER_TYPES = frozenset(  # table 0203, what systems send of it
    [
        "MR",
        "PI",
        "PT",
        "VN",
        "AN",
        "RI",
        "HC",
        "MB",
        "MC",
        "MA",
        "SN",
        "SS",
        "DL",
        "PPN",
        "NI",
        "PRC",
        "PNT",
        "EI",
        "FI",
        "XX",
        "U",
    ]
)
RECORD_NUMBER_TYPES = ("MR", "PI", "PT")

ENCOUNTER_CLASSES = {  # PV1-2 → v3-ActCode; digits: the visit types of the national data sets
    "I": "IMP",
    "O": "AMB",
    "E": "EMER",
    "P": "PRENC",
    "R": "AMB",
    "B": "IMP",
    "1": "AMB",
    "2": "EMER",
    "3": "IMP",
    "4": "AMB",
    "门诊": "AMB",
    "急诊": "EMER",
    "住院": "IMP",
    "体检": "AMB",
}
CLASS_WORDS = {
    "IMP": "inpatient encounter",
    "AMB": "ambulatory",
    "EMER": "emergency",
    "PRENC": "pre-admission",
}

# trigger event → status of the visit; "": the event says nothing of it, its times do
VISIT_EVENTS = {
    "A01": "in-progress",
    "A02": "in-progress",
    "A03": "finished",
    "A04": "in-progress",
    "A05": "planned",
    "A06": "in-progress",
    "A07": "in-progress",
    "A08": "",
    "A09": "in-progress",
    "A10": "in-progress",
    "A11": "cancelled",
    "A12": "in-progress",
    "A13": "in-progress",
    "A14": "planned",
    "A15": "in-progress",
    "A16": "in-progress",
    "A25": "in-progress",
    "A26": "in-progress",
    "A27": "cancelled",
    "A38": "cancelled",
    "A45": "",
    "A60": "",
}
REOPENING = frozenset({"A13"})  # a discharge was taken back: there is no end
PERSON_EVENTS = frozenset({"A28", "A31"})
MERGE_EVENTS = frozenset({"A40", "A47"})  # PID stays, MRG-1 is merged

OBSERVATION_STATUS = {  # OBX-11, table 0085
    "F": "final",
    "U": "final",
    "P": "preliminary",
    "R": "preliminary",
    "S": "preliminary",
    "C": "corrected",
    "A": "amended",
    "B": "final",
    "V": "final",
    "I": "registered",
    "O": "registered",
    "X": "cancelled",
    "N": "cancelled",
}
RECALLED = frozenset({"D", "W"})  # deleted; wrong, such as of another patient
REPORT_STATUS = {  # OBR-25, table 0123
    "F": "final",
    "C": "corrected",
    "P": "preliminary",
    "R": "preliminary",
    "A": "partial",
    "S": "registered",
    "I": "registered",
    "O": "registered",
    "X": "cancelled",
    "M": "corrected",
}
ORDER_CONTROL = {  # ORC-1, table 0119
    **dict.fromkeys(("CA", "OC", "DC", "OD", "CR", "DR", "UA"), "revoked"),
    **dict.fromkeys(("HD", "OH", "HR"), "on-hold"),
}
ORDER_STATUS = {  # ORC-5, table 0038
    "CM": "completed",
    "CA": "revoked",
    "DC": "revoked",
    "RP": "revoked",
    "HD": "on-hold",
    "ER": "unknown",
}
PRIORITIES = {"S": "stat", "A": "asap", "R": "routine", "急": "stat", "急诊": "stat"}

ALLERGY_CATEGORIES = {  # AL1-2, table 0127
    "DA": "medication",
    "MA": "medication",
    "FA": "food",
    "EA": "environment",
    "AA": "environment",
    "PA": "environment",
    "LA": "environment",
    "MC": "medication",
}
REACTION_SEVERITY = {"SV": "severe", "MO": "moderate", "MI": "mild"}  # table 0128
DIAGNOSIS_VERIFICATION = {"A": "provisional", "W": "provisional", "F": "confirmed"}  # DG1-6
REPORT_CATEGORIES = frozenset(  # OBR-24, table 0074
    [
        "AU",
        "BG",
        "BLB",
        "CG",
        "CUS",
        "CTH",
        "CT",
        "CH",
        "CP",
        "EC",
        "EN",
        "HM",
        "ICU",
        "IMM",
        "LAB",
        "MB",
        "MCB",
        "MYC",
        "NMS",
        "NMR",
        "NRS",
        "OUS",
        "OT",
        "OTH",
        "OSL",
        "PHR",
        "PT",
        "PHY",
        "PF",
        "RAD",
        "RX",
        "RUS",
        "RC",
        "RT",
        "RXT",
        "SR",
        "SP",
        "TX",
        "VUS",
        "VR",
        "XRC",
    ]
)
RELATIONS = frozenset(
    [
        "BRO",
        "CHD",
        "FTH",
        "MTH",
        "SIS",
        "SPO",
        "GRD",
        "GCH",
        "GRP",
        "PAR",
        "SCH",
        "SEL",
        "SIB",
        "EME",
    ]
)
CONTACT_ROLE = {"MTH": "N", "FTH": "N", "GRD": "N", "PAR": "N", "SPO": "N", "EME": "C"}  # 0131
