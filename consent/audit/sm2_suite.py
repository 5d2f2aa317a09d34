"""SM2 with SM3 (GB/T 32918, GB/T 32905, GM/T 0009): a second signature beside Ed25519, where the
operator has turned it on. Whatever library a machine lacks, it verifies: by plain arithmetic then,
that of the stand-alone verifier.
"""

import hashlib

from consent.audit import libcrypto_sm2
from consent.audit.signature_suite import SignatureSuite
from consent.audit.standalone_verifier import load_verifier

NOTE_KIND = b"\xffxinglin sm2-with-sm3"  # C2SP has assigned none to SM2


def hash_sm3(data: bytes) -> bytes:
    try:
        return hashlib.new("sm3", data).digest()
    except ValueError:  # a library without it
        return bytes(load_verifier().hash_sm3_plainly(data))


def is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        return libcrypto_sm2.is_signed(key, signature, message)
    except libcrypto_sm2.Sm2Unavailable:
        return bool(load_verifier().is_sm2_signed(key, signature, message))


SM2 = SignatureSuite("SM2", libcrypto_sm2.SPKI, 65, "SM3", hash_sm3, NOTE_KIND, is_signed)
