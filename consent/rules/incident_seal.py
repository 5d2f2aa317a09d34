"""A record that is sealed after an incident opens to nobody who is not on the seal's list, not even in his own hospital (262号 2025; 医疗纠纷条例 24)."""

from consent.terms import AccessRequest, Facts, Vote

CODE = "sealed"
BASIS = "国卫办医政函〔2025〕262号; 医疗纠纷预防和处理条例 24"


def votes(request: AccessRequest, facts: Facts, hospital: str) -> tuple[Vote, ...]:
    return (Vote("deny", CODE, BASIS, overridable=False),) if hospital in facts.sealed else ()
