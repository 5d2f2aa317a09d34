"""What has changed of a hospital's work, newest first, and what was sent since: built beside the
running site (docs/adr/0092).
"""

from django.db import migrations, models

from alliance.migrations._build_index import BuildIndex


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("alliance", "0028_home_plan"),
    ]

    operations = [
        BuildIndex(
            model_name="workitem",
            index=models.Index(fields=["sender", "-entered_at"], name="work_sent_newest"),
        ),
        BuildIndex(
            model_name="workitem",
            index=models.Index(fields=["receiver", "-entered_at"], name="work_received_newest"),
        ),
        BuildIndex(
            model_name="workitem",
            index=models.Index(fields=["sent_at"], name="work_sent_at"),
        ),
    ]
