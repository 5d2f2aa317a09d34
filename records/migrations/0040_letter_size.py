"""What is kept of each dead letter, for the quota of its system (docs/adr/0071)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("records", "0039_sync_board")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE record_sync_dead_letter ADD COLUMN size integer",
            "ALTER TABLE record_sync_dead_letter DROP COLUMN size",
        )
    ]
