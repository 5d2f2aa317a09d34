from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alliance", "0002_client_keys")]
    operations = [
        migrations.AlterField(
            "staff",
            "role",
            models.CharField(
                choices=[
                    ("clinician", "Clinician"),
                    ("clerk", "Record clerk"),
                    ("auditor", "Auditor"),
                    ("privacy", "Privacy officer"),
                    ("administrator", "Alliance administrator"),
                ],
                max_length=16,
                verbose_name="Role",
            ),
        )
    ]
