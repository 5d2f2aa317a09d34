"""Of the patients whom a hospital finds under one key the newest are found from the index alone,
however many there are. The index that had no registration in it is not needed beside it.
"""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

from records.migrations._build_index import BuildIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("records", "0031_push_lying")]
    operations = [
        BuildIndex(
            "namekey",
            models.Index(fields=["hospital_id", "key", "source"], name="name_key_newest"),
        ),
        RemoveIndexConcurrently("namekey", "name_key_hospital"),
    ]
