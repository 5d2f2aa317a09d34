"""Which code may serve the database, and the row in which /readyz tries whether it takes writes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alliance", "0013_scopes")]
    operations = [
        migrations.CreateModel(
            "Release",
            [
                ("only", models.BooleanField(default=True, primary_key=True, serialize=False)),
                ("number", models.IntegerField()),
                ("served_since", models.IntegerField()),
                ("recorded_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(only=True), name="one_release")
                ]
            },
        ),
        migrations.CreateModel(
            "WriteProbe",
            [
                ("only", models.BooleanField(default=True, primary_key=True, serialize=False)),
                ("written_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(only=True), name="one_write_probe")
                ]
            },
        ),
    ]
