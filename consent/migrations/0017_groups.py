"""Groups of practitioners whom decisions name: who was in them, since when and until when."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("consent", "0016_found_by_registration"), ("alliance", "0001_initial")]
    operations = [
        migrations.CreateModel(
            "GroupMember",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("group", models.CharField(max_length=64)),
                ("member", models.CharField(blank=True, max_length=140)),
                ("staff", models.BigIntegerField(null=True)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
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
        ),
        migrations.CreateModel(
            "NumberedPractitioner",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=140)),
                ("staff", models.BigIntegerField(null=True)),
                ("through", models.CharField(blank=True, max_length=140)),
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
        ),
        migrations.AddIndex(
            "groupmember", models.Index(fields=["hospital", "group"], name="groupmember_group")
        ),
        migrations.AddIndex(
            "groupmember", models.Index(fields=["hospital", "member"], name="groupmember_member")
        ),
        migrations.AddIndex(
            "numberedpractitioner",
            models.Index(
                condition=~models.Q(through=""),
                fields=["hospital", "through"],
                name="numbered_through",
            ),
        ),
        migrations.AddConstraint(
            "numberedpractitioner",
            models.UniqueConstraint(fields=("hospital", "reference"), name="numbered_once"),
        ),
    ]
