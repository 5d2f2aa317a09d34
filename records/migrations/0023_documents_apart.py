"""Bundles that were stored as they are were filed with whoever had an id that their entries speak
of: a stranger's letter could stand in a record. They stand in nobody's until they are sent again,
by their own Patient's identifiers.
"""

from typing import Any

from django.db import migrations

BUNDLE = 11  # the number of the type (records/fhir/definitions/types.json)


def apart(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        for table in ("record_resource", "record_history"):
            cursor.execute(
                f"UPDATE {table} SET patient = 0, others = NULL"
                " WHERE type = %s AND (patient <> 0 OR others IS NOT NULL)",
                [BUNDLE],
            )


class Migration(migrations.Migration):
    dependencies = [("records", "0022_joined_by_rule")]

    operations = [migrations.RunPython(apart, migrations.RunPython.noop)]
