"""What guards sign-in: counts of wrong guesses, and where an account has signed in before. Keys
and places are hashes.
"""

from django.db import models

from alliance.models.staff import User


class GuessCount(models.Model):
    """key: hash of who is guessed at and from where; wrong: guesses that still count; until: no
    guess is looked at before.
    """

    key = models.CharField(max_length=64, primary_key=True)
    wrong = models.FloatField(default=0)
    counted_at = models.DateTimeField()
    until = models.DateTimeField()


class KnownPlace(models.Model):
    """A browser (its cookie) or a network address from which the account has signed in with both
    factors; place: a hash.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    place = models.CharField(max_length=64)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "place"], name="known_place_once")]
