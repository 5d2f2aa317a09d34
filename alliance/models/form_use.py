"""Forms that were carried out: a second sending of the same one is answered with the same
address (docs/adr/0026).
"""

from django.db import models


class FormUse(models.Model):
    """key: hash of the session, the address and the rendered form's token; location: where its
    answer led to.
    """

    key = models.CharField(max_length=64, primary_key=True)
    location = models.CharField(max_length=2000)
    used_at = models.DateTimeField(auto_now_add=True, db_index=True)
