"""The model that decides now: the newest that an operator has put into force, else the release's
own. Every process asks again after a few seconds.
"""

import time

from records.models import MatchModel
from records.mpi.matching.linkage_model import LinkageModel, parse_model, release_model

CACHE_SECONDS = 5.0
cached_model: list[tuple[float, LinkageModel]] = []


def get_active_model() -> LinkageModel:
    if not cached_model or cached_model[0][0] < time.monotonic():
        row = MatchModel.objects.order_by("-since").values_list("model", flat=True).first()
        cached_model[:] = [
            (time.monotonic() + CACHE_SECONDS, parse_model(row) if row else release_model())
        ]
    return cached_model[0][1]


def forget_active_model() -> None:
    """Ask again at once: another one was put into force."""
    cached_model.clear()
