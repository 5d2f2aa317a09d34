"""The absolute addresses that mean this very base (FHIR R4 http.html#root, references.html#literal). Pure."""

SCHEMES = ("https://", "http://")


def relative(text: str, base: str) -> str:
    """What stands behind the base's own address, whatever the scheme; any other text as it is. base: such as https://host/fhir/donghu."""
    for scheme in SCHEMES:
        if text.startswith(scheme):
            own = base.partition("://")[2].rstrip("/") + "/"
            rest = text[len(scheme) :]
            return rest[len(own) :] if own != "/" and rest.startswith(own) else text
    return text


def elsewhere(root: str, base: str) -> bool:
    """Whether an absolute address is another base's than this one's."""
    return relative(f"{root}/", base) != ""
