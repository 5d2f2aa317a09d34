"""Who registered a system, and who stands behind it. Systems of earlier releases are vouched for."""

import django.db.models.deletion
from django.db import migrations, models

STAFF = {
    "null": True,
    "on_delete": django.db.models.deletion.PROTECT,
    "related_name": "+",
    "to": "alliance.staff",
}
FILL = "UPDATE alliance_client SET vouched_at = now() WHERE vouched_at IS NULL"


class Migration(migrations.Migration):
    dependencies = [("alliance", "0007_proposals")]
    operations = [
        migrations.AddField("client", "registered_by", models.ForeignKey(**STAFF)),
        migrations.AddField("client", "vouched_at", models.DateTimeField(null=True)),
        migrations.AddField("client", "vouched_by", models.ForeignKey(**STAFF)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
