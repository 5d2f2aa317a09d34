"""Pictures of pages in 96 colours, in place: a third of the bytes, with nothing to be seen of
it. shrink.py FILE.png …
"""

import sys

from PIL import Image

for name in sys.argv[1:]:
    with Image.open(name) as picture:
        picture.convert("RGB").quantize(
            96, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
        ).save(name, optimize=True)
