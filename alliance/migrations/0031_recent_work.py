"""Work items by when they last moved (docs/adr/0090)."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # indexes beside those who write
    dependencies = [
        ("alliance", "0030_work_faces"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="workitem",
            index=models.Index(
                fields=["sender", "state", "entered_at", "id"], name="work_sent_recent"
            ),
        ),
        AddIndexConcurrently(
            model_name="workitem",
            index=models.Index(
                fields=["receiver", "state", "entered_at", "id"], name="work_received_recent"
            ),
        ),
    ]
