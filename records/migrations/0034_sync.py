"""Sync: streams of batches, the ledger of records, dead letters, sums to compare (docs/sync.md)."""

from django.db import migrations

SYNC = """
CREATE TABLE record_sync_stream (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  hospital  integer NOT NULL,
  client    varchar(64) NOT NULL,
  name      varchar(40) COLLATE "C" NOT NULL,
  next      bigint NOT NULL DEFAULT 1,            -- the number that is expected
  done      bigint NOT NULL DEFAULT 0,            -- the last one that was done
  taken_at  timestamptz,
  made_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (client, name)
);
CREATE INDEX record_sync_stream_hospital ON record_sync_stream (hospital);
CREATE INDEX record_sync_stream_waiting ON record_sync_stream (id) WHERE done < next - 1;

CREATE TABLE record_sync_batch (
  stream    bigint NOT NULL,
  number    bigint NOT NULL,
  hospital  integer NOT NULL,
  client    varchar(64) NOT NULL,
  scopes    text NOT NULL,                        -- of the token that it was sent with
  items     integer NOT NULL,
  root      bytea NOT NULL,
  refused   integer NOT NULL DEFAULT 0,
  waiting   integer NOT NULL DEFAULT 0,           -- of its items, when it was done
  tries     smallint NOT NULL DEFAULT 0,
  size      integer NOT NULL,                     -- bytes of what was sent
  taken_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  done_at   timestamptz,
  -- what was sent and, once it is done, the answer; compressed and sealed
  content   bytea NOT NULL,
  PRIMARY KEY (stream, number),
  CHECK (length(root) = 32)
);
CREATE INDEX record_sync_batch_waiting ON record_sync_batch (hospital, stream, number)
  INCLUDE (size) WHERE done_at IS NULL;
CREATE INDEX record_sync_batch_hospital ON record_sync_batch (hospital, taken_at);
ALTER TABLE record_sync_batch ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE record_sync_ledger (
  hospital     integer NOT NULL,
  source       varchar(16) COLLATE "C" NOT NULL,
  type         varchar(64) COLLATE "C" NOT NULL,
  record       varchar(200) COLLATE "C" NOT NULL,
  version      bigint,
  hash         bytea,
  fingerprint  bytea,
  fhir_id      varchar(64) COLLATE "C" NOT NULL,
  day          varchar(10) COLLATE "C" NOT NULL DEFAULT '',
  state        varchar(8) COLLATE "C" NOT NULL,
  stream       bigint NOT NULL,
  number       bigint NOT NULL,
  client       varchar(64) NOT NULL,
  changed_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (hospital, source, type, record),
  CHECK (state IN ('stored', 'deleted', 'recalled')),
  CHECK ((state = 'stored') = (fingerprint IS NOT NULL))
);
CREATE INDEX record_sync_ledger_day ON record_sync_ledger (hospital, source, type, day)
  WHERE state = 'stored';

CREATE TABLE record_sync_dead_letter (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  hospital    integer NOT NULL,
  client      varchar(64) NOT NULL,
  scopes      text NOT NULL,
  stream      bigint NOT NULL,
  number      bigint NOT NULL,
  item        integer NOT NULL,
  source      varchar(16) COLLATE "C" NOT NULL,
  type        varchar(64) COLLATE "C" NOT NULL,
  record      varchar(200) COLLATE "C" NOT NULL,
  version     bigint,
  hash        bytea,
  day         varchar(10) COLLATE "C" NOT NULL DEFAULT '',
  state       varchar(8) COLLATE "C" NOT NULL,
  rule        varchar(80) COLLATE "C" NOT NULL,
  field       varchar(200) NOT NULL,
  waits       bigint[],                           -- numbers of the Type/id that it refers to
  tries       smallint NOT NULL DEFAULT 0,
  made_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  settled_at  timestamptz,
  settled_by  varchar(64) NOT NULL DEFAULT '',
  reason      varchar(200) NOT NULL DEFAULT '',
  -- its line, its resource, and the faults with their values; compressed and sealed
  content     bytea NOT NULL,
  CHECK (state IN ('open', 'waiting', 'mended', 'replayed', 'dropped')),
  CHECK (state <> 'waiting' OR waits IS NOT NULL),
  UNIQUE (stream, number, item)
);
CREATE INDEX record_sync_dead_letter_listed ON record_sync_dead_letter (hospital, state, id);
CREATE INDEX record_sync_dead_letter_shared ON record_sync_dead_letter (hospital, rule, field)
  WHERE state = 'open';
CREATE INDEX record_sync_dead_letter_record
  ON record_sync_dead_letter (hospital, source, type, record)
  WHERE state IN ('open', 'waiting');
CREATE INDEX record_sync_dead_letter_waits ON record_sync_dead_letter USING gin (waits)
  WHERE state = 'waiting';
ALTER TABLE record_sync_dead_letter ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE record_sync_digest (
  hospital  integer NOT NULL,
  source    varchar(16) COLLATE "C" NOT NULL,
  type      varchar(64) COLLATE "C" NOT NULL,
  day       varchar(10) COLLATE "C" NOT NULL,
  part      smallint NOT NULL,
  count     bigint NOT NULL,
  sum       numeric(39) NOT NULL,
  PRIMARY KEY (hospital, source, type, day, part)
);
"""
DOWN = """
DROP TABLE record_sync_digest, record_sync_dead_letter, record_sync_ledger, record_sync_batch,
  record_sync_stream
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0033_printed_document")]
    operations = [migrations.RunSQL(SYNC, DOWN)]
