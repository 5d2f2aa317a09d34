import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("consent", "0002_audit")]

    operations = [
        migrations.AddField(
            "directive",
            "covers",
            django.contrib.postgres.fields.ArrayField(
                models.BigIntegerField(), default=list, size=None
            ),
        ),
        migrations.AddIndex(
            "directive",
            django.contrib.postgres.indexes.GinIndex(
                fields=["covers"], condition=models.Q(effect="deny"), name="directive_covers"
            ),
        ),
    ]
