"""How often somebody looks for people whom their hospital does not know."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alliance", "0005_sign_in_and_forms"), ("records", "0020_joined_at")]

    operations = [
        migrations.CreateModel(
            name="StrangerSearch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=8)),
                ("actor", models.CharField(max_length=40)),
                ("hour", models.DateTimeField()),
                ("searches", models.IntegerField(default=0)),
                ("strangers", models.IntegerField(default=0)),
                ("urgent", models.IntegerField(default=0)),
                ("refused", models.IntegerField(default=0)),
                (
                    "hospital",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.hospital",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["hospital", "hour"], name="search_hospital_hour")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "actor", "hour"), name="one_count_an_hour"
                    )
                ],
            },
        ),
    ]
