"""Statistics follow a load at once: with stale ones the planner walks a whole store to find one
number.
"""

from django.db import migrations

TABLES = (
    "record_resource",
    "record_string",
    "record_date",
    "record_reference",
    "record_quantity",
    "records_sourcepatient",
    "records_patientidentifier",
    "records_namekey",
)


class Migration(migrations.Migration):
    dependencies = [("records", "0005_references_and_quantities")]
    operations = [
        migrations.RunSQL(
            ["ALTER TABLE record_resource ALTER COLUMN body SET STATISTICS 0"]
            + [
                f"ALTER TABLE {t} SET (autovacuum_analyze_threshold = 500,"
                " autovacuum_analyze_scale_factor = 0.1)"
                for t in TABLES
            ],
            [
                f"ALTER TABLE {t} RESET (autovacuum_analyze_threshold,"
                " autovacuum_analyze_scale_factor)"
                for t in TABLES
            ],
        )
    ]
