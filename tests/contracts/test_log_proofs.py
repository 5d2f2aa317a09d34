"""What checks signatures and trees has one source: the witness page's script is the block of
tools/verify.html, byte for byte.
"""

from tools.copy_log_proofs import COPY, HEADER, read_block


def test_the_page_has_the_code_of_the_offline_verifier() -> None:
    assert COPY.read_text(encoding="utf-8") == HEADER + read_block(), (
        "run python tools/copy_log_proofs.py"
    )
