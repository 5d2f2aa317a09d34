"""Tell by what a person was found, for whoever looks at the list. Pure."""

from collections.abc import Iterable

from records.mpi.matching.rules.name_forms import fold_name, is_chinese

# The best first; of the ways in which a name is written the best one is told alone.
REASONS = (
    "citizen",
    "number",
    "phone",
    "name",
    "pinyin",
    "initials",
    "family",
    "last_four",
    "birth",
)
WAYS_OF_A_NAME = frozenset({"name", "pinyin", "initials"})


def match_reasons(hits: Iterable[str], name: str) -> tuple[str, ...]:
    """hits: codes of REASONS, and name keys as `key:` with the key; name: as the person is
    called.
    """
    found = {reason_of_key(h[4:], name) if h.startswith("key:") else h for h in hits}
    if "citizen" in found:
        found.discard("number")  # a citizen number is kept as any number, too
    ways = [reason for reason in REASONS if reason in found & WAYS_OF_A_NAME]
    return tuple(reason for reason in REASONS if reason in found and reason not in ways[1:])


def reason_of_key(key: str, name: str) -> str:
    """Whether a name key is the name as it is written, as it is said, or its initials."""
    folded = fold_name(name)
    if is_chinese(key):
        return "name"
    if is_chinese(folded):
        return "initials" if len(key) == len(folded) else "pinyin"
    return "initials" if key == "".join(w[0] for w in folded.split()) else "name"
