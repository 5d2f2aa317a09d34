"""Who is whom, and who said so: decisions that stand until they are undone, what each of them
claims, and the pairs that wait for a human.
"""

from django.db import models


class Decision(models.Model):
    """A rule or a human said who is whom. Never erased; undoing it is a decision of its own,
    which can be undone as well.
    """

    class Verb(models.TextChoices):
        LINK = "link"  # two registrations are one person
        MERGE = "merge"  # two persons are one
        SPLIT = "split"  # some registrations of a person are another one
        DIFFERENT = "different"  # two registrations are two persons
        IDENTIFY = "identify"  # an unknown patient was somebody who is known
        CONFIRM = "confirm"  # somebody has seen this patient's card
        CORRECT = "correct"  # a registration has another's number, or a wrong one
        RULES = "rules"  # new rules over the whole index
        UNDO = "undo"

    verb = models.CharField(max_length=9, choices=Verb.choices)
    by = models.CharField(max_length=40)  # rule/<version>, or staff/<id>
    reasons = models.JSONField(default=list)  # codes of the evidence
    note = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    moved = models.JSONField(default=list)  # [[registration, person before, person after]]
    told = models.BooleanField(default=True)  # whether subscribers know of it
    undoes = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False)
    undone_by = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", db_index=False
    )  # empty: it stands

    class Meta:
        indexes = [
            models.Index(
                fields=["undoes"], condition=models.Q(undoes__isnull=False), name="decision_undoing"
            ),
            models.Index(fields=["id"], condition=models.Q(told=False), name="decision_untold"),
            models.Index(
                fields=["at"],
                condition=models.Q(verb__in=["split", "undo", "rules"]),
                name="decision_parting",
            ),
        ]


class Claim(models.Model):
    """What a decision says of a pair of registrations (one < two), or of one alone. Of a pair
    the newest that stands counts.
    """

    class Kind(models.TextChoices):
        SAME = "same"
        DIFFERENT = "different"
        APART = "apart"  # later rules would not have linked them
        CONFIRMED = "confirmed"
        NUMBER = "number"

    decision = models.ForeignKey(Decision, models.PROTECT, related_name="claims")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    one = models.ForeignKey("records.SourcePatient", models.PROTECT, related_name="+")
    two = models.ForeignKey("records.SourcePatient", models.PROTECT, null=True, related_name="+")
    value = models.BinaryField(null=True)  # of a number: what was sent and what is right, sealed

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(two=None) | models.Q(one__lt=models.F("two")),
                name="claim_in_order",
            )
        ]


class MatchModel(models.Model):
    """A model that was put into force (mpi/model.py); the newest counts. Without any the
    release's own does.
    """

    version = models.CharField(max_length=60, primary_key=True)
    model = models.JSONField()
    since = models.DateTimeField(auto_now=True)


class Review(models.Model):
    """Two registrations that may be one person, with the reasons for doubt: one row a pair."""

    class State(models.TextChoices):
        OPEN = "open"
        SAME = "same"
        DIFFERENT = "different"

    one = models.ForeignKey("records.SourcePatient", models.CASCADE, related_name="+")
    two = models.ForeignKey("records.SourcePatient", models.CASCADE, related_name="+")
    reasons = models.JSONField(default=list)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    verb = models.CharField(
        max_length=9, choices=Decision.Verb.choices, default=Decision.Verb.LINK
    )  # what joining them would be called
    risk = models.SmallIntegerField(
        default=0
    )  # how much speaks against joining them: these come first, and need two who agree
    opened_at = models.DateTimeField(auto_now_add=True)
    decision = models.ForeignKey(
        Decision, models.PROTECT, null=True, related_name="+"
    )  # that closed it
    round = models.SmallIntegerField(
        default=0
    )  # how often it was asked anew, because its decision was undone
    taken_by = models.ForeignKey(
        "alliance.Staff", models.PROTECT, null=True, related_name="+"
    )  # who looks at it now
    taken_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["opened_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["one", "two"], name="one_review_a_pair"),
            models.CheckConstraint(
                condition=models.Q(one__lt=models.F("two")), name="review_in_order"
            ),
        ]
        indexes = [
            models.Index(
                models.F("risk").desc(),
                "opened_at",
                "id",
                name="review_queue",
                condition=models.Q(state="open"),
            )
        ]


class Opinion(models.Model):
    """What one curator says of a pair; a risky pair needs two who agree, and neither is told
    what the other said.
    """

    review = models.ForeignKey(Review, models.CASCADE, related_name="opinions")
    staff = models.ForeignKey("alliance.Staff", models.PROTECT, related_name="+")
    hospital = models.ForeignKey(
        "alliance.Hospital", models.PROTECT, null=True, related_name="+", db_index=False
    )  # for which they said so, wherever they work later
    same = models.BooleanField()
    note = models.CharField(max_length=200, blank=True)  # how they know
    round = models.SmallIntegerField(
        default=0
    )  # of the review: asked anew, what was said before no longer counts
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "staff", "round"], name="one_opinion_each")
        ]
