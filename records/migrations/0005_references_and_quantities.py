"""Rows that join: who refers to whom (chains, _has, includes), quantities as ranges, and which
parameters a resource has at all.
"""

from django.db import migrations

FORWARD = """
ALTER TABLE record_resource ADD COLUMN named bigint NOT NULL DEFAULT 0,
  ADD COLUMN present bigint NOT NULL DEFAULT 0;
CREATE INDEX record_resource_named ON record_resource (named) WHERE NOT deleted;
CREATE TABLE record_reference (
  rid       bigint NOT NULL,
  parameter bigint NOT NULL,                      -- hash of type and parameter
  -- hash of Type/id, as record_resource.named, or of another url
  target    bigint NOT NULL
);
CREATE INDEX record_reference_target ON record_reference (parameter, target, rid);
CREATE INDEX record_reference_rid ON record_reference (rid, parameter, target);
CREATE TABLE record_quantity (
  rid       bigint NOT NULL,
  parameter bigint NOT NULL,
  low       double precision NOT NULL,            -- -infinity for "< 5"
  high      double precision NOT NULL,
  unit      bigint NOT NULL,                      -- hash of system and code; 0 for a plain number
  label     bigint NOT NULL                       -- hash of the code or of the unit as written
);
CREATE INDEX record_quantity_value ON record_quantity (parameter, low, high, rid);
CREATE INDEX record_quantity_rid ON record_quantity (rid);
CREATE TABLE record_index (version integer NOT NULL);
INSERT INTO record_index VALUES (1);
"""
BACK = """
DROP TABLE record_index; DROP TABLE record_quantity; DROP TABLE record_reference;
ALTER TABLE record_resource DROP COLUMN named, DROP COLUMN present;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0004_token_index")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
