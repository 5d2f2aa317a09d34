"""Sign and verify SM2 with SM3 (GB/T 32918.2, GM/T 0009) by the libcrypto that Python itself is
linked with, OpenSSL 3 or newer. Nothing is installed for it; a machine whose libcrypto was built
without SM2 has none, and is told so (docs/adr/0087).

Keys are the 32 bytes of a private key and the 65 bytes of a point (04, x, y); signatures are DER.
"""

import ctypes
import ctypes.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

USER_ID = b"1234567812345678"  # GM/T 0009: where two parties have agreed on no other
SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")  # before the point
PKCS8 = (  # before the private key, between it and the point
    bytes.fromhex("308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420"),
    bytes.fromhex("a144034200"),
)
PKCS8_ALONE = bytes.fromhex(  # before a private key without its point
    "3041020100301306072a8648ce3d020106082a811ccf5501822d042730250201010420"
)
OPENSSL_3 = 0x30000000
LONGEST = 72  # bytes of a signature
# GB/T 32918.5 A.2: by it a library shows that it computes what the standard says
KNOWN_KEY = bytes.fromhex(
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
KNOWN_TEXT = b"message digest"
KNOWN_SIGNATURE = bytes.fromhex(
    "3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)


class Sm2Unavailable(Exception):
    """No library of this machine signs with SM2; why, and what mends it."""


def find_libraries() -> Iterator[str]:
    """Where libcrypto may be: behind Python's own hashes, and the system's."""
    try:
        import _hashlib

        yield _hashlib.__file__
    except (ImportError, AttributeError):
        pass
    if found := ctypes.util.find_library("crypto"):
        yield found


@lru_cache(maxsize=1)
def load_library() -> Any:
    """libcrypto, tried by the standard's own example. Raises Sm2Unavailable."""
    cause = "no libcrypto was found"
    for place in find_libraries():
        try:
            library = ctypes.CDLL(place)
            describe_functions(library)
        except OSError:
            continue
        except AttributeError:
            cause = "libcrypto is older than OpenSSL 3, or hidden inside of Python"
            continue
        if library.OpenSSL_version_num() < OPENSSL_3:
            cause = "libcrypto is older than OpenSSL 3"
        elif not is_signed_by(library, KNOWN_KEY, KNOWN_SIGNATURE, KNOWN_TEXT):
            cause = "libcrypto was built without SM2"
        else:
            return library
    raise Sm2Unavailable(
        f"{cause}: it takes OpenSSL 3 or newer with SM2, as Debian, Ubuntu, openEuler and the"
        " project's image have it"
    )


def describe_functions(library: Any) -> None:
    """Raises AttributeError where one is missing."""
    pointer, size, data = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
    places = ctypes.POINTER(data)
    for name, result, arguments in (
        ("OpenSSL_version_num", ctypes.c_ulong, []),
        ("ERR_clear_error", None, []),
        ("EVP_sm3", pointer, []),
        ("EVP_MD_CTX_new", pointer, []),
        ("EVP_MD_CTX_free", None, [pointer]),
        ("EVP_PKEY_CTX_set1_id", ctypes.c_int, [pointer, data, ctypes.c_int]),
        ("EVP_PKEY_free", None, [pointer]),
        ("d2i_AutoPrivateKey", pointer, [pointer, places, ctypes.c_long]),
        ("d2i_PUBKEY", pointer, [pointer, places, ctypes.c_long]),
        ("i2d_PUBKEY", ctypes.c_int, [pointer, places]),
        ("EVP_DigestSignInit", ctypes.c_int, [pointer] * 5),
        ("EVP_DigestVerifyInit", ctypes.c_int, [pointer] * 5),
        ("EVP_DigestSign", ctypes.c_int, [pointer, data, ctypes.POINTER(size), data, size]),
        ("EVP_DigestVerify", ctypes.c_int, [pointer, data, size, data, size]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments


@contextmanager
def open_key(library: Any, read: Callable[..., Any], der: bytes) -> Iterator[Any]:
    """Yields None where the library reads no such key."""
    key = read(None, ctypes.byref(ctypes.c_char_p(der)), len(der))
    try:
        yield key
    finally:
        library.EVP_PKEY_free(key)
        library.ERR_clear_error()


@contextmanager
def open_context(library: Any, begin: Callable[..., int], key: Any) -> Iterator[Any]:
    """A digest's context with the user's id set; yields None where the library refuses."""
    context, inner = library.EVP_MD_CTX_new(), ctypes.c_void_p()
    try:
        good = (
            key
            and begin(context, ctypes.byref(inner), library.EVP_sm3(), None, key) == 1
            and library.EVP_PKEY_CTX_set1_id(inner, USER_ID, len(USER_ID)) == 1
        )
        yield context if good else None
    finally:
        library.EVP_MD_CTX_free(context)
        library.ERR_clear_error()


def is_signed_by(library: Any, key: bytes, signature: bytes, message: bytes) -> bool:
    with (
        open_key(library, library.d2i_PUBKEY, SPKI + key) as public,
        open_context(library, library.EVP_DigestVerifyInit, public) as context,
    ):
        given = (signature, len(signature), message, len(message))
        return bool(context) and library.EVP_DigestVerify(context, *given) == 1


def is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    """Raises Sm2Unavailable."""
    return is_signed_by(load_library(), key, signature, message)


def find_public_key(private: bytes) -> bytes:
    """The point of a private key. Raises ValueError, Sm2Unavailable."""
    library = load_library()
    with open_key(library, library.d2i_AutoPrivateKey, PKCS8_ALONE + private) as key:
        if not key:
            raise ValueError("this is no private key of SM2")
        room = ctypes.create_string_buffer(len(SPKI) + 65)
        place = ctypes.c_char_p(ctypes.addressof(room))
        if library.i2d_PUBKEY(key, ctypes.byref(place)) != len(SPKI) + 65:
            raise ValueError("its public key is none of SM2")
        return room.raw[len(SPKI) :]


def sign(private: bytes, public: bytes, message: bytes) -> bytes:
    """Raises ValueError where the key is none, Sm2Unavailable where the library gives no signature
    that it verifies itself.
    """
    library = load_library()
    der = PKCS8[0] + private + PKCS8[1] + public
    room, length = ctypes.create_string_buffer(LONGEST), ctypes.c_size_t(LONGEST)
    with (
        open_key(library, library.d2i_AutoPrivateKey, der) as key,
        open_context(library, library.EVP_DigestSignInit, key) as context,
    ):
        if not context:
            raise ValueError("this is no private key of SM2")
        asked = (context, room, ctypes.byref(length), message, len(message))
        made = room.raw[: length.value] if library.EVP_DigestSign(*asked) == 1 else b""
    if not is_signed_by(library, public, made, message):
        raise Sm2Unavailable("libcrypto gave a signature that does not verify")
    return made
