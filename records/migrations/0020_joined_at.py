"""Since when each registration is its person's: registrations that are there, since the decision
that moved them last, or since they were made.
"""

import django.db.models.functions.datetime
from django.db import migrations, models

FILL = """
UPDATE records_sourcepatient s SET joined_at = p.created_at FROM records_person p
  WHERE p.id = s.home;
UPDATE records_sourcepatient s SET joined_at = m.at FROM (
  SELECT (x->>0)::bigint AS source, max(d.at) AS at FROM records_decision d
    CROSS JOIN LATERAL jsonb_array_elements(d.moved) x GROUP BY 1
) m WHERE m.source = s.id;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0019_birth_dates")]

    operations = [
        migrations.AddField(
            "sourcepatient",
            "joined_at",
            models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
