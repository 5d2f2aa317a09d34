"""What came of each backup and of each drill."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alliance", "0015_epoch")]
    operations = [
        migrations.CreateModel(
            "Backup",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("full", "full"),
                            ("incremental", "incremental"),
                            ("drill", "drill"),
                        ],
                        max_length=11,
                    ),
                ),
                ("name", models.CharField(max_length=40)),
                ("began", models.DateTimeField()),
                ("ended", models.DateTimeField()),
                ("bytes", models.BigIntegerField(default=0)),
                ("verified", models.BooleanField(default=False)),
                ("until", models.DateTimeField(null=True)),
                ("wrong", models.TextField(default="")),
                ("seconds", models.FloatField(null=True)),
                ("lost_seconds", models.FloatField(null=True)),
            ],
            options={
                "db_table": "alliance_backup",
                "indexes": [models.Index(fields=["kind", "-ended"], name="alliance_backup_newest")],
            },
        ),
    ]
