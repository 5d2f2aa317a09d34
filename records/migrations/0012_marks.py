"""What a consent may name: a hash of each code, reference and author of a resource."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("records", "0011_decisions")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE record_resource ADD COLUMN marks bigint[] NOT NULL DEFAULT '{}'",
            "ALTER TABLE record_resource DROP COLUMN marks",
        )
    ]
