"""Changes of the SM2 signatures of a package that has them: altered, exchanged, taken out."""

from consent.audit.sm2_suite import SM2
from tests.factories.evidence_packages import (
    LOG_KEY,
    OTHER_SM2_KEY,
    SM2_KEY,
    EvidencePackage,
    pem,
    sign_twice,
)
from tests.support.package_tampering import Tampering, told

TAMPERINGS: list[Tampering] = []
BOTH = f"{pem(LOG_KEY)}\n{SM2.pem(SM2_KEY.public)}"
ENDED = f"{pem(LOG_KEY)}\nuntil: 2026-11-01T00:00:00+08:00\n{SM2.pem(SM2_KEY.public)}"
ANOTHER = f"{pem(LOG_KEY)}\n{SM2.pem(OTHER_SM2_KEY.public)}"


@told(TAMPERINGS, "manifest-sm2-signature")
def an_sm2_signature_of_the_manifest_altered(p: EvidencePackage) -> None:
    sign_twice(p)
    p.manifest["sm2_signature"] = SM2_KEY.sign(b"another text").hex()
    p.pack_manifest()


@told(TAMPERINGS, "manifest-sm2-gone")
def an_sm2_signature_of_the_manifest_taken_out(p: EvidencePackage) -> None:
    sign_twice(p)
    del p.manifest["sm2_signature"]
    p.pack_manifest()


@told(TAMPERINGS, "manifest-signature")
def a_manifest_that_says_nothing_of_sm2_any_more(p: EvidencePackage) -> None:
    sign_twice(p)
    del p.manifest["sm2"], p.manifest["sm2_signature"]
    p.pack_manifest()


@told(TAMPERINGS, "manifest-signature", "manifest-sm2-missing", key=BOTH)
def the_same_under_a_key_of_sm2(p: EvidencePackage) -> None:
    a_manifest_that_says_nothing_of_sm2_any_more(p)


@told(TAMPERINGS, "manifest-form")
def an_sm2_signature_of_which_nothing_is_said(p: EvidencePackage) -> None:
    sign_twice(p)
    del p.manifest["sm2"]
    p.pack_manifest()


@told(TAMPERINGS, "head-sm2-signature")
def an_sm2_signature_of_the_head_altered(p: EvidencePackage) -> None:
    sign_twice(p)
    p.manifest["head"]["sm2_signature"] = SM2_KEY.sign(b"another text").hex()
    p.sign()


@told(TAMPERINGS, "head-sm2-gone")
def an_sm2_signature_of_the_head_taken_out(p: EvidencePackage) -> None:
    sign_twice(p)
    del p.manifest["head"]["sm2_signature"]
    p.sign()


@told(TAMPERINGS, "head-signature", "head-sm2-signature")
def a_head_of_another_sm2_key(p: EvidencePackage) -> None:
    sign_twice(p)
    p.manifest["head"]["sm2"] = {"key": OTHER_SM2_KEY.public.hex()}
    p.sign()


@told(TAMPERINGS, "manifest-sm2-key", "head-sm2-key", key=ANOTHER)
def another_sm2_key_than_the_one_given(p: EvidencePackage) -> None:
    sign_twice(p)


@told(TAMPERINGS, "manifest-sm2-time", "head-sm2-time", key=ENDED)
def an_sm2_key_that_had_ended(p: EvidencePackage) -> None:
    sign_twice(p)


@told(TAMPERINGS, "manifest-sm2-missing", "head-sm2-missing", key=BOTH)
def a_package_without_sm2_while_its_key_signs(p: EvidencePackage) -> None:
    pass


@told(TAMPERINGS, "manifest-sm2-missing", "head-sm2-missing", key=SM2_KEY.mark)
def what_sm2_alone_should_prove_and_could_not_sign(p: EvidencePackage) -> None:
    sign_twice(p, absent="library")


@told(TAMPERINGS, "checkpoint-sm2")
def a_checkpoint_without_its_sm2_line(p: EvidencePackage) -> None:
    sign_twice(p)
    *lines, _sm2, end = p.members["checkpoint.txt"].decode().split("\n")
    p.members["checkpoint.txt"] = "\n".join([*lines, end]).encode()
    p.count_files().sign()
