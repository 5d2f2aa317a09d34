"""Batches of an outbox and their answers, for tests of the agent."""

from records.agent.outbox import Outbox
from records.agent.outbox_batches import Batch


def form(outbox: Outbox, stream: int, number: int = 1, **limits: int) -> Batch:
    outbox.batches.set_next_number(stream, number)
    batch = outbox.batches.form_batch(stream, **limits)
    assert batch is not None
    return batch


def answer(outcome: str = "stored", refused: tuple[int, ...] = (), items: int = 0) -> dict:
    return {
        "receipt": {
            "outcomes": {outcome: items - len(refused), "refused": len(refused)},
            "refused": [
                {
                    "item": n,
                    "outcome": "refused",
                    "rule": "code.unknown",
                    "field": "Observation.code",
                }
                for n in refused
            ],
        },
        "signature": "00",
        "key": "SHA256:0",
        "dead_letters": [
            {"item": n, "why": {"zh": "代码不认识", "en": "unknown"}, "mend": {"zh": "请对码"}}
            for n in refused
        ],
    }


def lines_of(outbox: Outbox, batch: Batch) -> bytes:
    return b"".join(outbox.batches.iterate_lines(batch))
