"""Which rules made the keys under which a registration is found: setup gives older ones theirs,
beside the running site.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0017_asked_of_the_owner")]

    operations = [
        # Who waits for the table's lock makes everybody after it wait: rather fail, and be run
        # again.
        migrations.RunSQL("SET LOCAL lock_timeout = '3s'", migrations.RunSQL.noop),
        # The default stays in the database: the previous release writes registrations meanwhile.
        migrations.AddField("sourcepatient", "keyed", models.SmallIntegerField(db_default=0)),
    ]
