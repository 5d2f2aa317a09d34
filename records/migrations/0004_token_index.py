"""Tokens go into their index at once: a search after many writes had to read through the list of
those that waited.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("records", "0003_side_tables")]
    operations = [
        migrations.RunSQL(
            "ALTER INDEX record_resource_tokens SET (fastupdate = off)",
            "ALTER INDEX record_resource_tokens RESET (fastupdate)",
        ),
        migrations.RunSQL(
            "SELECT gin_clean_pending_list('record_resource_tokens')", migrations.RunSQL.noop
        ),
    ]
