"""New rules over the whole index: who would be linked, parted or asked about; and then making it
so, beside the running site.

Humans' decisions stand. What a rule has linked before and the new rules would not is claimed apart,
what they would link is claimed the same, all in one decision that can be undone like any other;
person ids follow from the claims and stay what they were wherever the group does.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from django.db import connection, transaction

from alliance.auth.principal import Principal
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from records.models import Claim, Decision, MatchModel, SourcePatient
from records.mpi.index import claim_graph, rule_links
from records.mpi.index.active_model import forget_active_model
from records.mpi.index.arrival_matching import evidence_codes
from records.mpi.index.claim_settlement import (
    CLAIMS_SQL,
    apply_decision,
    load_affected,
    lock_decisions,
)
from records.mpi.index.field_protection import hash_all_keys
from records.mpi.index.number_correction import read_demographics
from records.mpi.matching.linkage_model import LinkageModel, model_content
from records.mpi.matching.profile import Profile, build_profile
from records.mpi.matching.resolution import FixedGroups, resolve_registrations

REKEY_BATCH = 2000
REKEY_BLOCKS_SQL = """
WITH new AS (SELECT * FROM unnest(%(sources)s::bigint[], %(keys)s::bigint[]) AS t(source_id, key)),
  gone AS (
  DELETE FROM records_matchkey o WHERE source_id = ANY(%(ids)s::bigint[])
    AND NOT EXISTS (SELECT FROM new n WHERE (n.source_id, n.key) = (o.source_id, o.key))
)
INSERT INTO records_matchkey (source_id, key) SELECT source_id, key FROM new n
  WHERE NOT EXISTS (SELECT FROM records_matchkey o
    WHERE (o.source_id, o.key) = (n.source_id, n.key))
"""


@dataclass(frozen=True, slots=True)
class RuleChangePlan:
    """registrations: how many were compared; splits, merges: groups of registrations, as {person
    or new group: rows}; reviews: (one, two, reasons); apart, same: pairs that the decision will
    claim.
    """

    registrations: int
    persons: int
    splits: list[list[list[int]]] = field(default_factory=list)
    merges: list[list[list[int]]] = field(default_factory=list)
    reviews: list[tuple[int, int, tuple[str, ...]]] = field(default_factory=list)
    apart: list[claim_graph.Pair] = field(default_factory=list)
    same: list[claim_graph.Pair] = field(default_factory=list)


def iter_profiles() -> Iterator[tuple[int, Profile]]:
    """All registrations whose words the index has, in order."""
    last_id = 0
    while rows := list(
        SourcePatient.objects.filter(pk__gt=last_id, words__isnull=False)
        .order_by("pk")
        .values_list("pk", "words", "correction", "hospital_id")[:REKEY_BATCH]
    ):
        for source_patient_id, encrypted_demographics, encrypted_correction, hospital_id in rows:
            yield (
                source_patient_id,
                build_profile(
                    read_demographics(
                        bytes(encrypted_demographics), source_patient_id, encrypted_correction
                    ),
                    str(source_patient_id),
                    str(hospital_id),
                ),
            )
        last_id = rows[-1][0]


def plan_rule_change(model: LinkageModel) -> RuleChangePlan:
    """What the rules would change. Reads only."""
    profiles = dict(iter_profiles())
    person_of = dict(SourcePatient.objects.values_list("pk", "person_id"))
    with connection.cursor() as cursor:
        cursor.execute(CLAIMS_SQL, {"ids": sorted(person_of)})
        claims = [claim_graph.PairClaim(*r) for r in cursor.fetchall()]
    newest = claim_graph.newest_claims(claims)
    human_decisions = human_decision_ids(newest.values())
    human_claims = [claim for claim in newest.values() if claim.order in human_decisions]
    human_groups = claim_graph.group_by_claims(profiles, human_claims)
    called_different: dict[str, set[str]] = {}
    for claim in human_claims:
        if claim.same_person is False:
            called_different.setdefault(str(claim.one_id), set()).add(str(claim.two_id))
            called_different.setdefault(str(claim.two_id), set()).add(str(claim.one_id))
    fixed = FixedGroups(
        {str(i): str(g[0]) for i, g in human_groups.items()},
        {k: frozenset(v) for k, v in called_different.items()},
    )
    order = sorted(profiles)
    resolution = resolve_registrations(
        [profiles[i] for i in order], model, learning=False, fixed=fixed
    )
    group_then = {i: order[g] for i, g in zip(order, resolution.clusters.group_of, strict=True)}
    apart = sorted(
        pair
        for pair, claim in newest.items()
        if claim.same_person
        and claim.order not in human_decisions
        and pair[0] in group_then
        and pair[1] in group_then
        and group_then[pair[0]] != group_then[pair[1]]
    )
    groups_left = claim_graph.group_by_claims(
        person_of, [claim for pair, claim in newest.items() if pair not in set(apart)]
    )
    same = []
    for group in group_members(group_then).values():
        group_leaders = sorted({groups_left[i][0] for i in group})
        same += [(min(a, b), max(a, b)) for a, b in pairwise(group_leaders)]
    persons_now = group_members({i: person_of[i] for i in order})
    splits = [
        parts
        for members in persons_now.values()
        if len(parts := list(group_members({i: group_then[i] for i in members}).values())) > 1
    ]
    merges = [
        parts
        for members in group_members(group_then).values()
        if len(parts := list(group_members({i: person_of[i] for i in members}).values())) > 1
    ]
    reviews = [
        (order[edge.one], order[edge.two], (*evidence_codes(edge), f"held:{why}"))
        for edge, why in resolution.clusters.review
    ]
    return RuleChangePlan(len(order), len(persons_now), splits, merges, reviews, apart, same)


def human_decision_ids(claims: Iterable[claim_graph.PairClaim]) -> set[int]:
    """Which of their decisions are humans'."""
    return set(
        Decision.objects.filter(
            pk__in={claim.order for claim in claims}, by__startswith="staff/"
        ).values_list("pk", flat=True)
    )


def group_members(group_of: Mapping[int, Hashable]) -> dict[Hashable, list[int]]:
    """{group: its members}."""
    members: dict[Hashable, list[int]] = {}
    for source_patient_id, group in group_of.items():
        members.setdefault(group, []).append(source_patient_id)
    return members


def rekey_blocks() -> Iterator[int]:
    """The blocks of every registration as this release makes them, in batches; yields how many
    are done.
    """
    batch: list[tuple[int, Profile]] = []
    done = 0

    def write() -> None:
        pairs = [(i, k) for i, p in batch for k in hash_all_keys(p)]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                REKEY_BLOCKS_SQL,
                {
                    "ids": [i for i, _ in batch],
                    "sources": [i for i, _ in pairs],
                    "keys": [k for _, k in pairs],
                },
            )

    for row in iter_profiles():
        batch.append(row)
        if len(batch) == REKEY_BATCH:
            write()
            done += len(batch)
            batch = []
            yield done
    if batch:
        write()
        yield done + len(batch)


def activate_model(model: LinkageModel) -> None:
    """From now on it decides on arrivals."""
    MatchModel.objects.update_or_create(
        version=model.version, defaults={"model": model_content(model)}
    )
    forget_active_model()


@transaction.atomic
def do_apply_rule_change(
    plan: RuleChangePlan, model: LinkageModel, *, acting: Principal
) -> Decision:
    """One decision for all of it; whoever arrived since the plan was made stays as they are, and so
    does what a human has decided since.
    """
    lock_decisions()
    claims = [
        *((Claim.Kind.APART, *p) for p in plan.apart),
        *((Claim.Kind.SAME, *p) for p in plan.same),
    ]
    source_patient_ids = {i for _, *pair in claims for i in pair}
    affected = load_affected(source_patient_ids)
    newest = claim_graph.newest_claims(affected.claims)
    human_decisions = human_decision_ids(newest.values())
    claims = [
        c
        for c in claims
        if (claim := newest.get((c[1], c[2]))) is None or claim.order not in human_decisions
    ]
    decision = Decision.objects.create(verb=Decision.Verb.RULES, by=f"rule/{model.version}")
    Claim.objects.bulk_create(
        [
            Claim(decision=decision, kind=kind, one_id=one_id, two_id=two_id)
            for kind, one_id, two_id in claims
        ],
        batch_size=5000,
    )
    apply_decision(
        decision,
        source_patient_ids,
        [(one_id, two_id) for _, one_id, two_id in claims],
        affected,
        acting,
    )
    for one_id, two_id, reasons in plan.reviews:
        rule_links.open_reviews(one_id, [(two_id, reasons)])
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.INDEX_RULES,
            target=f"decision/{decision.pk}",
            detail=f"{model.version}: {len(decision.moved)} moved",
        )
    )
    return decision
