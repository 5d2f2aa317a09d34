"""Say of the heads of a log which of them are signed with SM2, and which are not though it was on
(docs/adr/0087).
"""

from collections.abc import Sequence
from itertools import groupby

from consent.audit.signing_keys import PinnedKey
from consent.audit.sm2_suite import SM2
from consent.audit.tree_head import TreeHead

MISSING = {
    "library": "no library of the machine that sealed it had SM2",
    "key": "the machine that sealed it lacked the key of SM2",
}


def count_sm2_heads(heads: Sequence[TreeHead]) -> int:
    return sum(bool(h.second and h.second.signature) for h in heads)


def list_sm2_notices(heads: Sequence[TreeHead], pins: Sequence[PinnedKey]) -> list[str]:
    """What somebody has to explain: it is no fault, for the first signature says so itself."""
    notices = []
    for absent, group in groupby(heads, lambda h: h.second.absent if h.second else ""):
        if absent:
            run = list(group)
            notices.append(
                f"{len(run)} tree heads, {run[0].size} to {run[-1].size} ({run[0].sealed_at} to"
                f" {run[-1].sealed_at}), have no SM2 signature though it was on:"
                f" {MISSING.get(absent, absent)}"
            )
    known = {p.fingerprint for p in pins if p.suite == SM2.name}
    keys = {h.second.key for h in heads if h.second and h.second.signature}
    strange = sorted(SM2.fingerprint(k) for k in keys if len(k) == SM2.key_bytes)
    if not known and strange:
        marks = ", ".join(map(SM2.mark, strange))
        notices.append(
            f"the SM2 signatures are by keys that are not pinned, which the Ed25519 signatures name"
            f" ({marks}): ask somebody you trust for them (audit_key --sm2 show)"
        )
    return notices
