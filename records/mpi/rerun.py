"""New rules over the whole index: who would be linked, parted or asked about; and then making it so, beside the running site.

Humans' decisions stand. What a rule has linked before and the new rules would not is claimed apart, what they would link is claimed the same, all in
one decision that can be undone like any other; person ids follow from the claims and stay what they were wherever the group does.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from django.db import connection, transaction

from alliance.auth.principal import Principal
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from records.models import Claim, Decision, MatchModel, SourcePatient
from records.mpi import graph, link
from records.mpi.arrive import evidence
from records.mpi.correction import read
from records.mpi.force import forget
from records.mpi.model import Model, content
from records.mpi.profile import Profile, profile
from records.mpi.resolve import Fixed, resolve
from records.mpi.sealed import kept
from records.mpi.settle import SAID, alone, around, settle

BATCH = 2000
REKEY = """
WITH new AS (SELECT * FROM unnest(%(sources)s::bigint[], %(keys)s::bigint[]) AS t(source_id, key)), gone AS (
  DELETE FROM records_matchkey o WHERE source_id = ANY(%(ids)s::bigint[]) AND NOT EXISTS (SELECT FROM new n WHERE (n.source_id, n.key) = (o.source_id, o.key))
)
INSERT INTO records_matchkey (source_id, key) SELECT source_id, key FROM new n WHERE NOT EXISTS (SELECT FROM records_matchkey o WHERE (o.source_id, o.key) = (n.source_id, n.key))
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """registrations: how many were compared; splits, merges: groups of registrations, as {person or new group: rows}; reviews: (one, two, reasons); apart,
    same: pairs that the decision will claim."""

    registrations: int
    persons: int
    splits: list[list[list[int]]] = field(default_factory=list)
    merges: list[list[list[int]]] = field(default_factory=list)
    reviews: list[tuple[int, int, tuple[str, ...]]] = field(default_factory=list)
    apart: list[graph.Pair] = field(default_factory=list)
    same: list[graph.Pair] = field(default_factory=list)


def profiles() -> Iterator[tuple[int, Profile]]:
    """All registrations whose words the index has, in order."""
    last = 0
    while rows := list(SourcePatient.objects.filter(pk__gt=last, words__isnull=False).order_by("pk").values_list("pk", "words", "correction", "hospital_id")[:BATCH]):
        for i, words, correction, hospital in rows:
            yield i, profile(read(bytes(words), i, correction), str(i), str(hospital))
        last = rows[-1][0]


def plan(model: Model) -> Plan:
    """What the rules would change. Reads only."""
    given = dict(profiles())
    whose = dict(SourcePatient.objects.values_list("pk", "person_id"))
    with connection.cursor() as cursor:
        cursor.execute(SAID, {"ids": sorted(whose)})
        said = [graph.Said(*r) for r in cursor.fetchall()]
    standing = graph.newest(said)
    human = by_humans(standing.values())
    by_human = [s for s in standing.values() if s.order in human]
    firm = graph.groups(given, by_human)
    foes: dict[str, set[str]] = {}
    for s in by_human:
        if s.same is False:
            foes.setdefault(str(s.one), set()).add(str(s.two))
            foes.setdefault(str(s.two), set()).add(str(s.one))
    fixed = Fixed({str(i): str(g[0]) for i, g in firm.items()}, {k: frozenset(v) for k, v in foes.items()})
    order = sorted(given)
    done = resolve([given[i] for i in order], model, learning=False, fixed=fixed)
    then = {i: order[g] for i, g in zip(order, done.clusters.of, strict=True)}
    apart = sorted(p for p, s in standing.items() if s.same and s.order not in human and p[0] in then and p[1] in then and then[p[0]] != then[p[1]])
    left = graph.groups(whose, [s for p, s in standing.items() if p not in set(apart)])
    same = []
    for group in gather(then).values():
        firsts = sorted({left[i][0] for i in group})
        same += [(min(a, b), max(a, b)) for a, b in pairwise(firsts)]
    now = gather({i: whose[i] for i in order})
    splits = [parts for members in now.values() if len(parts := list(gather({i: then[i] for i in members}).values())) > 1]
    merges = [parts for members in gather(then).values() if len(parts := list(gather({i: whose[i] for i in members}).values())) > 1]
    asked = [(order[e.one], order[e.two], (*evidence(e), f"held:{why}")) for e, why in done.clusters.review]
    return Plan(len(order), len(now), splits, merges, asked, apart, same)


def by_humans(said: Iterable[graph.Said]) -> set[int]:
    """Which of their decisions are humans'."""
    return set(Decision.objects.filter(pk__in={s.order for s in said}, by__startswith="staff/").values_list("pk", flat=True))


def gather(of: Mapping[int, Hashable]) -> dict[Hashable, list[int]]:
    """{group: its members}."""
    out: dict[Hashable, list[int]] = {}
    for i, group in of.items():
        out.setdefault(group, []).append(i)
    return out


def rekey() -> Iterator[int]:
    """The blocks of every registration as this release makes them, in batches; yields how many are done."""
    batch: list[tuple[int, Profile]] = []
    done = 0

    def write() -> None:
        pairs = [(i, k) for i, p in batch for k in kept(p)]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(REKEY, {"ids": [i for i, _ in batch], "sources": [i for i, _ in pairs], "keys": [k for _, k in pairs]})

    for row in profiles():
        batch.append(row)
        if len(batch) == BATCH:
            write()
            done += len(batch)
            batch = []
            yield done
    if batch:
        write()
        yield done + len(batch)


def enforce(model: Model) -> None:
    """From now on it decides on arrivals."""
    MatchModel.objects.update_or_create(version=model.version, defaults={"model": content(model)})
    forget()


@transaction.atomic
def do_apply(found: Plan, model: Model, *, acting: Principal) -> Decision:
    """One decision for all of it; whoever arrived since the plan was made stays as he is, and so does what a human has decided since."""
    alone()
    claims = [*((Claim.Kind.APART, *p) for p in found.apart), *((Claim.Kind.SAME, *p) for p in found.same)]
    touched = {i for _, *pair in claims for i in pair}
    before = around(touched)
    standing = graph.newest(before.said)
    human = by_humans(standing.values())
    claims = [c for c in claims if (said := standing.get((c[1], c[2]))) is None or said.order not in human]
    decision = Decision.objects.create(verb=Decision.Verb.RULES, by=f"rule/{model.version}")
    Claim.objects.bulk_create([Claim(decision=decision, kind=kind, one_id=one, two_id=two) for kind, one, two in claims], batch_size=5000)
    settle(decision, touched, [(one, two) for _, one, two in claims], before, acting)
    for one, two, reasons in found.reviews:
        link.ask(one, [(two, reasons)])
    append(Event.of(acting, EventCode.INDEX_RULES, target=f"decision/{decision.pk}", detail=f"{model.version}: {len(decision.moved)} moved"))
    return decision
