"""The side tables are written with their resource, by the same statement: a foreign key locked each
resource once more a row.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("records", "0002_store")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE record_string DROP CONSTRAINT IF EXISTS record_string_rid_fkey;"
            "ALTER TABLE record_date DROP CONSTRAINT IF EXISTS record_date_rid_fkey",
            migrations.RunSQL.noop,
        )
    ]
