"""Notices of sync, and the last comparison of each system (docs/adr/0069)."""

from django.db import migrations

TABLES = """
ALTER TABLE record_sync_heartbeat ADD COLUMN compared_at timestamptz,
  ADD COLUMN compared_records bigint,
  ADD COLUMN compared_days integer;

CREATE TABLE record_sync_notice_setting (
  hospital        integer PRIMARY KEY,
  url             varchar(500) NOT NULL DEFAULT '',
  secret          bytea NOT NULL DEFAULT '',      -- sealed
  mails           text[] NOT NULL DEFAULT '{}',
  silent_minutes  integer NOT NULL DEFAULT 30,    -- 0: not told
  new_letters     integer NOT NULL DEFAULT 100,
  waiting_hours   integer NOT NULL DEFAULT 24,
  states          text[] NOT NULL DEFAULT '{differs,clock,disk}',
  changed_by      varchar(64) NOT NULL,
  changed_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE record_sync_trouble (
  hospital   integer NOT NULL,
  client     varchar(64) NOT NULL,
  cause      varchar(16) COLLATE "C" NOT NULL,
  since      timestamptz NOT NULL DEFAULT clock_timestamp(),
  told_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  well_at    timestamptz,
  PRIMARY KEY (hospital, client, cause)
);

CREATE TABLE record_sync_notice (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  hospital  integer NOT NULL,
  client    varchar(64) NOT NULL,
  cause     varchar(16) COLLATE "C" NOT NULL,
  well      boolean NOT NULL,
  number    bigint NOT NULL,                      -- minutes, letters, hours, days or seconds
  channel   varchar(7) COLLATE "C" NOT NULL,
  made_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  due_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  tries     smallint NOT NULL DEFAULT 0,
  fault     varchar(80) NOT NULL DEFAULT '',
  sent_at   timestamptz,
  CHECK (channel IN ('webhook', 'mail'))
);
CREATE INDEX record_sync_notice_due ON record_sync_notice (due_at)
  WHERE sent_at IS NULL;
CREATE INDEX record_sync_notice_hospital ON record_sync_notice (hospital, id);
"""
DOWN = """
DROP TABLE record_sync_notice, record_sync_trouble, record_sync_notice_setting;
ALTER TABLE record_sync_heartbeat DROP COLUMN compared_at, DROP COLUMN compared_records,
  DROP COLUMN compared_days;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0037_sync_heartbeat")]
    operations = [migrations.RunSQL(TABLES, DOWN)]
