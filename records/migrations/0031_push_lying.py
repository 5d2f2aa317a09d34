"""What a hospital leaves lying, as pushes that wait and as answers, is counted from an index; it
also tells whose turn is next, as the one before it did.
"""

from django.db import migrations


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("records", "0030_epoch")]
    operations = [
        migrations.RunSQL(
            [
                "DROP INDEX CONCURRENTLY IF EXISTS record_push_lying",  # of a run that broke off
                "CREATE INDEX CONCURRENTLY record_push_lying ON record_push (hospital, done_at)"
                " INCLUDE (size)",
                "DROP INDEX CONCURRENTLY IF EXISTS record_push_served",
            ],
            [
                "CREATE INDEX CONCURRENTLY record_push_served ON record_push (hospital, done_at)"
                " WHERE done_at IS NOT NULL",
                "DROP INDEX CONCURRENTLY IF EXISTS record_push_lying",
            ],
        )
    ]
