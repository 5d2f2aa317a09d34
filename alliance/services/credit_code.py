"""The unified social credit code of an organization (GB 32100-2015): eighteen characters, of
which the last checks the others.
"""

CREDIT_CODE_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_CODE_WEIGHTS = tuple(3**n % 31 for n in range(17))


def is_valid_credit_code(code: str) -> bool:
    if len(code) != 18 or not set(code) <= set(CREDIT_CODE_LETTERS):
        return False
    return (
        CREDIT_CODE_LETTERS[
            -sum(
                CREDIT_CODE_LETTERS.index(c) * w
                for c, w in zip(code, CREDIT_CODE_WEIGHTS, strict=False)
            )
            % 31
        ]
        == code[-1]
    )
