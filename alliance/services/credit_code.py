"""The unified social credit code of an organization (GB 32100-2015): eighteen characters, of which the last checks the others."""

LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = tuple(3**n % 31 for n in range(17))


def fits(code: str) -> bool:
    if len(code) != 18 or not set(code) <= set(LETTERS):
        return False
    return LETTERS[-sum(LETTERS.index(c) * w for c, w in zip(code, WEIGHTS, strict=False)) % 31] == code[-1]
