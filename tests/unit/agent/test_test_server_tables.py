"""What the test server says and knows is what the platform says and knows; its log's proofs are
those of RFC 6962.
"""

import hashlib

from alliance.services.enrolment_refusal import REFUSALS
from consent.audit import merkle_tree
from records.agent.test_server.fhir_types import HAS_ERROR, NEEDED, VERIFIED
from records.agent.test_server.item_rules import RULES
from records.agent.test_server.refusals import REASONS
from records.agent.test_server.signed_log import compute_root, prove_consistency
from records.fhir.resource_types import TYPES
from records.sync import recall, rules, sync_error


def test_a_refusal_has_the_platforms_words() -> None:
    for reason, told in REASONS.items():
        if reason.startswith("enrol."):
            words = REFUSALS[reason.partition(".")[2]]
            assert told[1:] == (words.status, words.zh, words.en), reason
        else:
            assert told == sync_error.REASONS[reason], reason


def test_a_rule_has_the_platforms_words() -> None:
    assert {code: rules.RULES[code] for code in RULES} == RULES


def test_a_type_needs_what_it_needs_on_the_platform() -> None:
    assert {name: set(needed) for name, needed in NEEDED.items()} == {
        name: set(known.required) for name, known in TYPES.items()
    }
    assert {name for name in TYPES if recall.has_error_status(name)} == HAS_ERROR
    assert VERIFIED == recall.VERIFIED


def test_the_log_proves_that_it_goes_on() -> None:
    leaves = [hashlib.sha256(bytes([n])).digest() for n in range(20)]
    for second in range(1, 21):
        levels = merkle_tree.build_tree_levels(leaves[:second])
        assert compute_root(leaves[:second]) == levels[-1][0]
        for first in range(1, second + 1):
            expected = merkle_tree.build_consistency_proof(levels, first)
            assert prove_consistency(first, leaves[:second]) == expected, (first, second)
