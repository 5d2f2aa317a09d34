-- One resource, one row; every earlier version in the history; what arrays cannot search in narrow side tables.
CREATE TABLE record_resource (
  rid          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  hospital     integer NOT NULL,
  type         text COLLATE "C" NOT NULL,
  fhir_id      text COLLATE "C" NOT NULL,
  version      integer NOT NULL,
  last_updated timestamptz NOT NULL,
  xid          xid8 NOT NULL DEFAULT pg_current_xact_id(),
  deleted      boolean NOT NULL DEFAULT false,
  patient      bigint NOT NULL DEFAULT 0,         -- row of the patient index; 0: about no patient
  others       bigint[],                          -- further patients whom it names
  labels       integer NOT NULL DEFAULT 0,
  dated        timestamptz NOT NULL,              -- the clinical date's lower end, or '-infinity' where there is none
  dated_to     timestamptz NOT NULL,
  tokens       bigint[] NOT NULL DEFAULT '{}',
  body         bytea NOT NULL                     -- one byte of format, then the canonical JSON
) WITH (fillfactor = 90);
CREATE UNIQUE INDEX record_resource_id ON record_resource (hospital, type, fhir_id);
CREATE INDEX record_resource_patient ON record_resource (patient, type, dated DESC, rid DESC) WHERE NOT deleted;
CREATE INDEX record_resource_updated ON record_resource (hospital, type, last_updated DESC, rid DESC) WHERE NOT deleted;
CREATE INDEX record_resource_feed ON record_resource (hospital, xid, rid);
CREATE INDEX record_resource_tokens ON record_resource USING gin (tokens) WHERE NOT deleted;

CREATE TABLE record_history (
  rid          bigint NOT NULL,
  hospital     integer NOT NULL,
  type         text COLLATE "C" NOT NULL,
  fhir_id      text COLLATE "C" NOT NULL,
  version      integer NOT NULL,
  last_updated timestamptz NOT NULL,
  xid          xid8 NOT NULL,
  deleted      boolean NOT NULL,
  patient      bigint NOT NULL,
  others       bigint[],
  labels       integer NOT NULL,
  body         bytea NOT NULL,
  PRIMARY KEY (rid, version)
);
CREATE INDEX record_history_feed ON record_history (hospital, xid, rid);
CREATE INDEX record_history_type ON record_history (hospital, type, last_updated DESC, rid DESC);

CREATE TABLE record_string (
  rid       bigint NOT NULL,
  parameter bigint NOT NULL,                      -- hash of type and parameter
  value     text COLLATE "C" NOT NULL
);
CREATE INDEX record_string_value ON record_string (parameter, value, rid);
CREATE INDEX record_string_rid ON record_string (rid);

CREATE TABLE record_date (
  rid       bigint NOT NULL,
  parameter bigint NOT NULL,
  low       timestamptz NOT NULL,
  high      timestamptz NOT NULL
);
CREATE INDEX record_date_value ON record_date (parameter, low, high, rid);
CREATE INDEX record_date_rid ON record_date (rid);
