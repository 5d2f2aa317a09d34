"""What was printed of a patient's record, so that paper can be held against it."""

from django.db import models

from alliance.encryption.fields import EncryptedBinaryField, EncryptedTextField


class PrintedDocument(models.Model):
    """One print; only ever added to. code: random, on each page; key: of the codes of its pages
    (records/printing/page_codes.py); patient: who it is about, as far as whoever holds the paper is
    told; digest: SHA-256 of the file.
    """

    code = models.CharField(max_length=12, unique=True)
    key = EncryptedBinaryField()
    person = models.UUIDField()
    patient = EncryptedTextField(max_length=60)
    hospital = models.ForeignKey(
        "alliance.Hospital", models.PROTECT, related_name="+", db_index=False
    )
    printed_by = models.ForeignKey(
        "alliance.Staff", models.PROTECT, related_name="+", db_index=False
    )
    printed_at = models.DateTimeField()
    part = models.CharField(max_length=12)  # summary, results
    pages = models.SmallIntegerField()
    digest = models.BinaryField()
