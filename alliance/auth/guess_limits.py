"""How long a guesser waits: rules, and the arithmetic of a bucket that wrong guesses fill and
time empties. Pure.
"""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GuessLimit:
    """free: wrong guesses without a wait; the next one costs `delay` seconds, each further one
    twice as many, `most` at most. leak: seconds after which one wrong guess is forgotten.
    """

    free: int
    delay: int
    most: int
    leak: int

    def remaining_guesses(self, wrong: float, elapsed: float) -> float:
        """Of so many wrong guesses, those that still count after so many seconds."""
        return max(0.0, wrong - max(0.0, elapsed) / self.leak)

    def wait_seconds(self, wrong: float) -> int:
        """Seconds until the next guess is looked at, after so many wrong ones."""
        over = round(wrong) - self.free
        return 0 if over < 0 else min(self.most, self.delay * 2 ** min(over, 20))


# Numbers and what they mean for a guesser: docs/threat-model.md.
PASSWORD_HERE_LIMIT = GuessLimit(
    free=5, delay=30, most=900, leak=600
)  # one account from one browser or address
PASSWORD_ELSEWHERE_LIMIT = GuessLimit(
    free=20, delay=60, most=3600, leak=3600
)  # one account from everywhere it has never signed in from, together
ADDRESS_LIMIT = GuessLimit(free=100, delay=30, most=600, leak=20)  # any account from one address
CODE_HERE_LIMIT = GuessLimit(
    free=5, delay=60, most=3600, leak=3600
)  # the second factor of one account from one browser or address
CODE_ELSEWHERE_LIMIT = GuessLimit(
    free=10, delay=120, most=14400, leak=7200
)  # the same from everywhere it has never signed in from, together
STEP_UP_LIMIT = GuessLimit(
    free=5, delay=15, most=120, leak=120
)  # whoever is signed in confirms that it is they: one session
PATIENT_CODE_LIMIT = GuessLimit(
    free=30, delay=60, most=600, leak=60
)  # codes that nobody has, from one address
PRINT_CODE_LIMIT = GuessLimit(
    free=30, delay=60, most=600, leak=60
)  # codes of printed pages that nobody has, from one address

ENROLMENT_LIMIT = GuessLimit(
    free=30, delay=60, most=600, leak=60
)  # enrolment codes that nobody has, from one address

TOKEN_PROOF_LIMIT = GuessLimit(
    free=10, delay=30, most=300, leak=30
)  # wrong secrets and assertions of one client from one address
TOKEN_ADDRESS_LIMIT = GuessLimit(
    free=200, delay=5, most=60, leak=2
)  # of any client, known or not, from one address
TOKEN_ISSUE_LIMIT = GuessLimit(
    free=100, delay=1, most=30, leak=2
)  # no guesses: tokens that one client was given
LAUNCH_LIMIT = GuessLimit(
    free=300, delay=1, most=30, leak=1
)  # no guesses: patients that one system asks about as doctors (POST /launch)
LAUNCH_DOCTOR_LIMIT = GuessLimit(
    free=60, delay=5, most=300, leak=20
)  # the same as one doctor: what somebody at work can have in front of them


@dataclass(frozen=True, slots=True)
class GuessBucket:
    """What is counted together: by a rule, of whoever the key names."""

    rule: GuessLimit
    key: str


@dataclass(frozen=True, slots=True)
class BucketState:
    """Of one bucket: wrong guesses at the moment when they were counted, and until when no other
    one is looked at.
    """

    wrong: float
    counted: dt.datetime
    until: dt.datetime

    def add_guess(self, rule: GuessLimit, now: dt.datetime) -> "BucketState":
        """One more wrong guess."""
        wrong = rule.remaining_guesses(self.wrong, (now - self.counted).total_seconds()) + 1
        return BucketState(wrong, now, now + dt.timedelta(seconds=rule.wait_seconds(wrong)))

    def forgive_guess(self, rule: GuessLimit, now: dt.datetime) -> "BucketState":
        """The last guess was right after all."""
        wrong = max(
            0.0, rule.remaining_guesses(self.wrong, (now - self.counted).total_seconds()) - 1
        )
        return BucketState(wrong, now, now + dt.timedelta(seconds=rule.wait_seconds(wrong)))
