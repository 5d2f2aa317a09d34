"""Seal what lies in the tables of sync with the key of its hospital, bound to its place: nobody who
can change a row has it taken for another one's.
"""

from records.store.chunks import decrypt_content, encrypt_content


def seal_content(content: bytes, hospital_id: int, *place: object) -> bytes:
    return encrypt_content(content, hospital_id, name_place(hospital_id, place))


def open_content(stored: bytes, hospital_id: int, *place: object) -> bytes:
    """Raises UnreadableBody where it, or the row around it, is not what was written."""
    return decrypt_content(bytes(stored), name_place(hospital_id, place))


def name_place(hospital_id: int, place: tuple[object, ...]) -> str:
    return "\n".join(("sync", str(hospital_id), *map(str, place)))
