"""Whose word it is that a decision was seen on paper, or withdrawn: the hospital at which somebody said so, wherever they work later."""

import django.db.models.deletion
from django.db import migrations, models

HOSPITAL = {
    "null": True,
    "db_index": False,
    "on_delete": django.db.models.deletion.PROTECT,
    "related_name": "+",
    "to": "alliance.hospital",
}


class Migration(migrations.Migration):
    dependencies = [("consent", "0014_encrypted_columns")]
    operations = [
        migrations.RunSQL("SET LOCAL lock_timeout = '5s'", migrations.RunSQL.noop),
        migrations.AddField("directive", "verified_where", models.ForeignKey(**HOSPITAL)),
        migrations.AddField("directive", "withdrawn_where", models.ForeignKey(**HOSPITAL)),
    ]
