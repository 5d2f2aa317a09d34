"""Say of an export what stands on its cover: which lines, of when, exported by whom and why, what
they prove and what not. In the reader's language.
"""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consent.audit.export_order import ExportOrder
from consent.audit.filter_words import describe_filter
from consent.audit.signing_keys import fingerprint_of_key, own_public_key_bytes
from consent.audit.sm2_suite import SM2


def build_cover(order: ExportOrder) -> list[tuple[str, str]]:
    """(label, text), in the order in which they stand."""
    head = order.head
    second = head.second if head.second and head.second.signature else None
    return [
        (str(_("What this is")), str(_("Export of the audit log of a medical alliance"))),
        (str(_("Filter")), describe_filter(order.audit_filter)),
        (
            str(_("Lines")),
            ngettext("%(n)s line", "%(n)s lines", order.rows) % {"n": order.rows},
        ),
        (str(_("Exported")), order.exported_at),
        (str(_("Exported by")), str(order.exporter) or "-"),
        (str(_("Reason of the export")), order.reason or "-"),
        (str(_("What is proved")), describe_proof()),
        (str(_("What is not proved")), describe_limits()),
        (str(_("Key of the log")), f"SHA256:{fingerprint_of_key(own_public_key_bytes())}"),
        *(
            [(str(_("SM2 key of the log")), SM2.mark(SM2.fingerprint(second.key)))]
            if second
            else []
        ),
        (
            str(_("Signed head")),
            _("%(size)s lines, root %(root)s, sealed %(at)s")
            % {"size": head.size, "root": head.root.hex(), "at": head.sealed_at},
        ),
    ]


def describe_proof() -> str:
    return str(
        _(
            "Each sealed column of each line is what was sealed in the log under the signed head,"
            " unchanged since, and no line that fits the filter was left out after the export: the"
            " signature counts the lines. Whoever holds the public key can check both without the"
            " platform."
        )
    )


def describe_limits() -> str:
    return str(
        _(
            "That a line is true when it was written, that all that happened was written, and the"
            " readable columns beyond the signature: names are those that the platform knew at the"
            " export. Take the key's fingerprint from another place than this file."
        )
    )
