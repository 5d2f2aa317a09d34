"""A time before which the store stamps nothing any more (records.store.clock, docs/adr/0039)."""

from django.db import migrations

SQL = """
CREATE TABLE record_clock (one boolean PRIMARY KEY DEFAULT true CHECK (one),
    floor timestamptz NOT NULL);
INSERT INTO record_clock (floor) VALUES (date_trunc('milliseconds', now()));
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0025_opinion_hospital")]
    operations = [migrations.RunSQL(SQL, "DROP TABLE record_clock")]
