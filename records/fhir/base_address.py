"""Absolute addresses that mean the same (RFC 3986 6.2.2 and 6.2.3; http and https alike, FHIR R4
references.html#literal), and those that mean this very base. Pure.
"""

import re
from functools import lru_cache

ADDRESS = re.compile(r"(https?)://([^/?#]*)(.*)", re.I | re.S)
PORT = re.compile(r":(80|443)?$")
STEPS = re.compile(r"/+(\.?/+)*")


@lru_cache(maxsize=4000)
def normalize_address(text: str) -> str:
    """An absolute address in its one spelling: the host in small letters, without the usual
    port, as http. Any other text as it is.
    """
    m = ADDRESS.fullmatch(text)
    return f"http://{PORT.sub('', m[2].lower())}{m[3]}" if m else text


def make_relative(text: str, base: str) -> str:
    """What stands behind the base's own address, however that is spelled; any other text as it
    is. base: such as https://host/fhir/donghu.
    """
    if text[:4].lower() != "http" or not base:
        return text
    own, said = normalize_address(base.rstrip("/")) + "/", normalize_address(text)
    return said[len(own) :] if said.startswith(own) else text


def is_foreign_base(root: str, base: str) -> bool:
    """Whether an absolute address is another base's than this one's."""
    return make_relative(f"{root}/", base) != ""


def is_nearly_own_address(text: str, base: str) -> bool:
    """Whether an address would be below this base with other slashes, steps or letters in its
    path: a reference that is meant to lead here and leads nowhere.
    """
    if text[:4].lower() != "http" or not base or make_relative(text, base) != text:
        return False
    return fold_address(normalize_address(text)).startswith(
        fold_address(normalize_address(base)).rstrip("/") + "/"
    )


def fold_address(text: str) -> str:
    head, mark, path = text.partition("://")
    path = STEPS.sub("/", path)
    while (shorter := re.sub(r"/[^/]+/\.\.(?=/|$)", "", path, count=1)) != path:
        path = shorter
    return head + mark + path.lower()
