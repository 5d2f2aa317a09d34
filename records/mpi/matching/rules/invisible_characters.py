"""Characters that nobody sees and that come along when text is copied: marks of direction and
joining, selectors of glyphs, byte order marks. Pure.

Unicode's Default_Ignorable_Code_Point and control characters (UAX 44, DerivedCoreProperties.txt),
blanks that are no spaces, halves of surrogate pairs.
"""

import re

INVISIBLE = re.compile(
    "[\\x00-\\x08\\x0e-\\x1b\\x7f-\\x84\\x86-\\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def strip_invisible(text: str) -> str:
    """Without them; spaces of all kinds stay."""
    return INVISIBLE.sub("", text)
