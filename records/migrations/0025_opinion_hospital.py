"""For which hospital a curator said whether two are one: it stays that hospital's word wherever the
curator works later.
"""

import django.db.models.deletion
from django.db import migrations, models

FILL = (
    "UPDATE records_opinion o SET hospital_id = s.hospital_id FROM alliance_staff s"
    " WHERE s.id = o.staff_id AND o.hospital_id IS NULL"
)


class Migration(migrations.Migration):
    dependencies = [("records", "0024_scopes")]

    operations = [
        migrations.RunSQL("SET LOCAL lock_timeout = '5s'", migrations.RunSQL.noop),
        migrations.AddField(
            "opinion",
            "hospital",
            models.ForeignKey(
                null=True,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="alliance.hospital",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
