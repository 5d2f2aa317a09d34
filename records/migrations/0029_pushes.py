"""Pushes: writes that were taken at once and are done in order beside the site."""

from django.db import migrations

PUSHES = """
CREATE TABLE record_push (
  -- the order in which a system sent them
  number    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id        uuid NOT NULL UNIQUE,
  hospital  integer NOT NULL,                     -- of the system that sent it
  client    varchar(64) NOT NULL,
  scopes    text NOT NULL,                        -- of the token that it was sent with
  size      integer NOT NULL,                     -- bytes of what was sent
  tries     smallint NOT NULL DEFAULT 0,          -- how often it was begun
  taken_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  done_at   timestamptz,
  -- what was sent and, once it is done, what came of it; compressed and sealed with the key of the
  -- system's hospital
  content   bytea NOT NULL,
  CHECK (size > 0)
);
CREATE INDEX record_push_waiting ON record_push (client, number) INCLUDE (size)
  WHERE done_at IS NULL;
CREATE INDEX record_push_done ON record_push (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX record_push_served ON record_push (hospital, done_at) WHERE done_at IS NOT NULL;
ALTER TABLE record_push ALTER COLUMN content SET STORAGE EXTERNAL;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0028_index_versions")]
    operations = [migrations.RunSQL(PUSHES, "DROP TABLE record_push")]
