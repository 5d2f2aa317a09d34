"""How many people of one birth date a hospital has; built beside the running site."""

from django.db import migrations, models

from records.migrations._build_index import BuildIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("records", "0018_keyed")]

    operations = [
        BuildIndex(
            model_name="sourcepatient",
            index=models.Index(fields=["hospital", "birth_date"], name="source_birth"),
        )
    ]
