"""An index that is built beside the running site, for migrations of this app."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently

VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"


class BuildIndex(AddIndexConcurrently):
    """Like AddIndexConcurrently, and may be run again: an index that a broken-off run has left
    invalid is built anew, one that it has finished stays.
    """

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(VALID, [schema_editor.quote_name(self.index.name)])
            found = cursor.fetchone()
            if found == (True,):
                return
            if found:
                cursor.execute(
                    f"DROP INDEX CONCURRENTLY {schema_editor.quote_name(self.index.name)}"
                )
        super().database_forwards(app_label, schema_editor, from_state, to_state)
