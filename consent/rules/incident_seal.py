"""Deny a record that is sealed after an incident to everybody who is not on the seal's list, also
in the hospital that keeps it (262号 2025; 医疗纠纷条例 24).
"""

from consent.terms import AccessRequest, Facts, RuleVote

CODE = "sealed"
BASIS = "国卫办医政函〔2025〕262号; 医疗纠纷预防和处理条例 24"


def votes(request: AccessRequest, facts: Facts, hospital: str) -> tuple[RuleVote, ...]:
    return (RuleVote("deny", CODE, BASIS, overridable=False),) if hospital in facts.sealed else ()
