-- What each table and column of the app "records" (what is shared) means. `setup` applies it (alliance/database/schema_comments.py); docs/schema.sql shows it with the tables.
-- Two families: record_… are the FHIR stores, records_… is the patient index and what runs beside. A "registration" is one hospital's Patient (records_sourcepatient), a "person" the human
-- being behind several. "hash": of 64 bits unless it says otherwise (records/fhir/hashes.py), for finding, cannot be read back. "sealed": AES-256-GCM under a key that is not readable in the database.

COMMENT ON TABLE record_resource IS 'The FHIR stores: the newest version of each resource, with what searches look at. Earlier versions are in record_history. Never deleted: a deletion is a version without content.';
COMMENT ON COLUMN record_resource.rid IS 'Number of the row ("row id"); the same for all versions of the resource.';
COMMENT ON COLUMN record_resource.hospital IS 'Whose store it lies in (alliance_hospital.id).';
COMMENT ON COLUMN record_resource.type IS 'Number of the resource type; record_type_name(type) is its name.';
COMMENT ON COLUMN record_resource.fhir_id IS 'Logical id in the store.';
COMMENT ON COLUMN record_resource.version IS 'meta.versionId, from 1 on.';
COMMENT ON COLUMN record_resource.last_updated IS 'meta.lastUpdated, by the database''s clock, never before the version that it replaces.';
COMMENT ON COLUMN record_resource.xid IS 'Transaction number (alliance_xid): the order of the change feed.';
COMMENT ON COLUMN record_resource.deleted IS 'Whether this version says that the resource was deleted.';
COMMENT ON COLUMN record_resource.patient IS 'Whom it is about: records_sourcepatient.id; 0: no patient.';
COMMENT ON COLUMN record_resource.others IS 'Further registrations that it names: it is shown only to who may see all of them. NULL: none.';
COMMENT ON COLUMN record_resource.labels IS 'Sensitivity labels as bits (consent/labels.py): HIV 1, PSY 2, ETH 4, SDV 8, STD 16, GDIS 32, R 64, V 128, ETHUD 256, OPIOIDUD 512, SEX 1024, minor 2048. They only grow.';
COMMENT ON COLUMN record_resource.dated IS 'Beginning of its clinical date; -infinity: it has none.';
COMMENT ON COLUMN record_resource.dated_to IS 'End of its clinical date (upper bound of its precision); -infinity: it has none.';
COMMENT ON COLUMN record_resource.tokens IS 'Hashes of its searchable codes, identifiers and short values, each with its parameter.';
COMMENT ON COLUMN record_resource.body IS 'The JSON: 1 byte format (1), 2 bytes dictionary, 4 bytes key (record_key), 12 bytes nonce, then zstd-compressed and sealed. Format 0 (earlier releases): the JSON itself. Of a deletion 1 byte.';
COMMENT ON COLUMN record_resource.named IS 'Hash of Type/id: what references to it have as record_reference.target.';
COMMENT ON COLUMN record_resource.present IS 'Bits: n is set where it has a value for the n-th search parameter of its type (:missing).';
COMMENT ON COLUMN record_resource.marks IS 'Hashes of the codes, references and authors in it: what a patient''s decision may name.';
COMMENT ON COLUMN record_resource.index_version IS 'The newest version of the search index whose entries the row carries (docs/adr/0043).';

COMMENT ON TABLE record_history IS 'Earlier versions of resources, one row each. Only ever added to.';
COMMENT ON COLUMN record_history.rid IS 'The resource (record_resource.rid).';
COMMENT ON COLUMN record_history.hospital IS 'Whose store (alliance_hospital.id).';
COMMENT ON COLUMN record_history.type IS 'Number of the resource type.';
COMMENT ON COLUMN record_history.fhir_id IS 'Logical id in the store.';
COMMENT ON COLUMN record_history.version IS 'meta.versionId of this version.';
COMMENT ON COLUMN record_history.last_updated IS 'meta.lastUpdated of this version.';
COMMENT ON COLUMN record_history.xid IS 'Transaction number in which it was written (alliance_xid).';
COMMENT ON COLUMN record_history.deleted IS 'Whether this version was a deletion.';
COMMENT ON COLUMN record_history.patient IS 'Whom it was about: records_sourcepatient.id; 0: no patient.';
COMMENT ON COLUMN record_history.others IS 'Further registrations that it named; NULL: none.';
COMMENT ON COLUMN record_history.labels IS 'Sensitivity labels as bits, as record_resource.labels.';
COMMENT ON COLUMN record_history.body IS 'The JSON, sealed, in the form of record_resource.body.';

COMMENT ON TABLE record_string IS 'Texts of the newest versions by which resources are found (search parameters of type string; long ones in pieces). Written with its resource.';
COMMENT ON COLUMN record_string.rid IS 'The resource (record_resource.rid).';
COMMENT ON COLUMN record_string.parameter IS 'Hash of resource type and search parameter, made with the index version.';
COMMENT ON COLUMN record_string.value IS 'The text, folded: small letters, no accents, 500 characters at most. Readable.';

COMMENT ON TABLE record_date IS 'Dates and periods of the newest versions (search parameters of type date, but for the clinical date). Written with its resource.';
COMMENT ON COLUMN record_date.rid IS 'The resource (record_resource.rid).';
COMMENT ON COLUMN record_date.parameter IS 'Hash of resource type and search parameter, made with the index version.';
COMMENT ON COLUMN record_date.low IS 'Beginning of the time that it says.';
COMMENT ON COLUMN record_date.high IS 'End of it, by the precision in which it was written.';

COMMENT ON TABLE record_reference IS 'References of the newest versions, for chains and includes. Written with its resource.';
COMMENT ON COLUMN record_reference.rid IS 'The resource that refers (record_resource.rid).';
COMMENT ON COLUMN record_reference.parameter IS 'Hash of resource type and search parameter, made with the index version.';
COMMENT ON COLUMN record_reference.target IS 'Hash of Type/id, as record_resource.named, or of another url.';

COMMENT ON TABLE record_quantity IS 'Amounts of the newest versions (search parameters of type quantity and number). Written with its resource.';
COMMENT ON COLUMN record_quantity.rid IS 'The resource (record_resource.rid).';
COMMENT ON COLUMN record_quantity.parameter IS 'Hash of resource type and search parameter, made with the index version.';
COMMENT ON COLUMN record_quantity.low IS 'The amount as written, or the low end of a range; -infinity for "< 5".';
COMMENT ON COLUMN record_quantity.high IS 'High end of a range; NULL: a single amount.';
COMMENT ON COLUMN record_quantity.base IS '"low" in base units (UCUM); NULL: the unit has none.';
COMMENT ON COLUMN record_quantity.base_to IS '"high" in base units; NULL: a single amount, or no base unit.';
COMMENT ON COLUMN record_quantity.unit IS '32-bit hash of the dimension, or of system and code; 0: a plain number.';
COMMENT ON COLUMN record_quantity.code IS '32-bit hash of the unit''s code; 0: none.';
COMMENT ON COLUMN record_quantity.label IS '32-bit hash of the unit as written; 0: none.';

COMMENT ON TABLE record_vocabulary IS 'Texts that codes were written with, each once, so that code:text finds the hashes that resources carry. Only ever added to, by writers.';
COMMENT ON COLUMN record_vocabulary.parameter IS 'Hash of resource type and search parameter.';
COMMENT ON COLUMN record_vocabulary.value IS 'The text, folded. Readable; says of no patient that they have it.';
COMMENT ON COLUMN record_vocabulary.hash IS 'What record_resource.tokens holds for it.';

COMMENT ON TABLE record_key IS 'Data keys of the stores: the newest of a hospital that is not retired seals. Kept for ever, for bodies and backups name them. Written by the first writer of a hospital and by body_keys.';
COMMENT ON COLUMN record_key.id IS 'Number of the row, which each sealed body names.';
COMMENT ON COLUMN record_key.hospital IS 'Whose records it seals (alliance_hospital.id).';
COMMENT ON COLUMN record_key.wrapped IS 'The 256-bit key, sealed with the master key (body_key): nonce, ciphertext, tag.';
COMMENT ON COLUMN record_key.created_at IS 'When it was made.';
COMMENT ON COLUMN record_key.retired_at IS 'Since when it seals nothing new; it still opens. NULL: in use.';

COMMENT ON TABLE record_dictionary IS 'Compression dictionaries trained on this installation''s records (train_dictionary). Kept for ever.';
COMMENT ON COLUMN record_dictionary.version IS 'Number from 100 on, which each body names; smaller ones come with the release.';
COMMENT ON COLUMN record_dictionary.content IS 'The zstd dictionary, sealed with the master key: it holds pieces of records.';
COMMENT ON COLUMN record_dictionary.samples IS 'From how many records it was learnt.';
COMMENT ON COLUMN record_dictionary.created_at IS 'When it was made.';

COMMENT ON TABLE record_index IS 'One row: which version of the search index searches go by, and how far an upgrade is (docs/adr/0043). Written by setup and worker.';
COMMENT ON COLUMN record_index.version IS 'Every row carries the entries of this version: code of this version alone may serve.';
COMMENT ON COLUMN record_index.switching IS 'Nobody serves: the last rows get their entries of the next version.';
COMMENT ON COLUMN record_index.filling IS 'The version whose entries are being made beside the site; NULL: none.';
COMMENT ON COLUMN record_index.remaining IS 'Rows that had none of them when the filling last told.';
COMMENT ON COLUMN record_index.contracted IS 'Up to this rid rows carry no entries of older versions; NULL: none does.';

COMMENT ON TABLE record_clock IS 'One row: a time before which the store stamps nothing any more (docs/adr/0039). Written by the courier and by exports.';
COMMENT ON COLUMN record_clock.one IS 'Always true: there is one row.';
COMMENT ON COLUMN record_clock.floor IS 'That time.';

COMMENT ON TABLE record_bulk_chunk IS 'Pieces of the files of bulk jobs. Deleted with their job.';
COMMENT ON COLUMN record_bulk_chunk.job IS 'The job (records_bulkjob.id).';
COMMENT ON COLUMN record_bulk_chunk.file IS 'Of an export the number of its output file; of an import 0 patients, 1 the rest, 2 errors.';
COMMENT ON COLUMN record_bulk_chunk.seq IS 'Order within the file, from 0 on.';
COMMENT ON COLUMN record_bulk_chunk.start IS 'First byte in the file (export) or first line (import).';
COMMENT ON COLUMN record_bulk_chunk.length IS 'Bytes (export) or lines (import).';
COMMENT ON COLUMN record_bulk_chunk.good IS 'Of an import, once done: lines that were taken; NULL: not done.';
COMMENT ON COLUMN record_bulk_chunk.bad IS 'Of an import, once done: lines that were refused; NULL: not done.';
COMMENT ON COLUMN record_bulk_chunk.content IS 'NDJSON, compressed and sealed with the key of the system''s hospital.';

COMMENT ON TABLE record_push IS 'Writes that were taken at once and are done in order beside the site ("pushes"). Written by the site, done by push workers, deleted some days later.';
COMMENT ON COLUMN record_push.number IS 'Order in which they were sent.';
COMMENT ON COLUMN record_push.id IS 'By which the sender asks for the result.';
COMMENT ON COLUMN record_push.hospital IS 'Of the system that sent it (alliance_hospital.id).';
COMMENT ON COLUMN record_push.client IS 'The system (alliance_client.client_id).';
COMMENT ON COLUMN record_push.scopes IS 'SMART scopes of the token that it was sent with.';
COMMENT ON COLUMN record_push.size IS 'Bytes of what was sent.';
COMMENT ON COLUMN record_push.tries IS 'How often it was begun.';
COMMENT ON COLUMN record_push.taken_at IS 'When it was taken.';
COMMENT ON COLUMN record_push.done_at IS 'When it was done; NULL: it waits.';
COMMENT ON COLUMN record_push.content IS 'What was sent and, once done, what came of it; compressed and sealed with the key of the system''s hospital.';

COMMENT ON TABLE record_sync_stream IS 'An order in which a system''s batches are done (docs/sync.md, Push). Written with the first batch; its row is locked while one is taken or done.';
COMMENT ON COLUMN record_sync_stream.id IS 'Number of the row: "stream" in the tables of sync.';
COMMENT ON COLUMN record_sync_stream.hospital IS 'Of the system (alliance_hospital.id).';
COMMENT ON COLUMN record_sync_stream.client IS 'The system (alliance_client.client_id).';
COMMENT ON COLUMN record_sync_stream.name IS 'As the system calls it; unique within the system.';
COMMENT ON COLUMN record_sync_stream.next IS 'The number that its next batch must have.';
COMMENT ON COLUMN record_sync_stream.done IS 'The number of the last batch that was done; below next - 1: some wait.';
COMMENT ON COLUMN record_sync_stream.taken_at IS 'When the last batch was taken; NULL: none was. A restore that is recorded after it explains a sender that is further than "next" (alliance_epoch).';
COMMENT ON COLUMN record_sync_stream.made_at IS 'When the stream began.';

COMMENT ON TABLE record_sync_heartbeat IS 'How the agent of a system was when it told last, about once a minute (docs/sync.md, Heartbeat): counts alone.';
COMMENT ON COLUMN record_sync_heartbeat.client IS 'The system (alliance_client.client_id).';
COMMENT ON COLUMN record_sync_heartbeat.hospital IS 'Of the system (alliance_hospital.id).';
COMMENT ON COLUMN record_sync_heartbeat.version IS 'Of its agent, as it says.';
COMMENT ON COLUMN record_sync_heartbeat.backlog IS 'Items that it has and that have no receipt.';
COMMENT ON COLUMN record_sync_heartbeat.oldest IS 'Seconds that the oldest of them has waited there.';
COMMENT ON COLUMN record_sync_heartbeat.refused IS 'Records that are refused and not mended, by source.';
COMMENT ON COLUMN record_sync_heartbeat.clock IS 'Seconds that the platform''s clock is ahead of its own.';
COMMENT ON COLUMN record_sync_heartbeat.free IS 'Bytes free on its disk.';
COMMENT ON COLUMN record_sync_heartbeat.disk_full IS 'Whether it takes nothing more, for want of room.';
COMMENT ON COLUMN record_sync_heartbeat.at IS 'When it told.';
COMMENT ON COLUMN record_sync_heartbeat.compared_at IS 'When it compared both sides last (docs/sync.md, Compare), by this clock; NULL: it has told of none.';
COMMENT ON COLUMN record_sync_heartbeat.compared_records IS 'Records that it compared then.';
COMMENT ON COLUMN record_sync_heartbeat.compared_days IS 'Days of a type that differed then.';

COMMENT ON TABLE record_sync_notice_setting IS 'Whom a hospital has told of troubles of its sync, and of which (docs/adr/0069). Set by its administrator.';
COMMENT ON COLUMN record_sync_notice_setting.hospital IS 'The hospital (alliance_hospital.id).';
COMMENT ON COLUMN record_sync_notice_setting.url IS 'Webhook, https; "": none.';
COMMENT ON COLUMN record_sync_notice_setting.secret IS 'With which its calls are signed (HMAC-SHA-256), sealed with the secret key.';
COMMENT ON COLUMN record_sync_notice_setting.mails IS 'Mail addresses.';
COMMENT ON COLUMN record_sync_notice_setting.silent_minutes IS 'An agent that is silent for longer is told; 0: is not.';
COMMENT ON COLUMN record_sync_notice_setting.new_letters IS 'More new dead letters in 24 hours are told; 0: are not.';
COMMENT ON COLUMN record_sync_notice_setting.waiting_hours IS 'A record that waits for another for longer is told; 0: is not.';
COMMENT ON COLUMN record_sync_notice_setting.states IS 'What else is told: differs, clock, disk.';
COMMENT ON COLUMN record_sync_notice_setting.changed_by IS 'Who set it last: staff/<id>.';
COMMENT ON COLUMN record_sync_notice_setting.changed_at IS 'When.';

COMMENT ON TABLE record_sync_trouble IS 'What was told to be wrong with a system, so that it is told once a day and once when it is well. Written by housekeeping.';
COMMENT ON COLUMN record_sync_trouble.hospital IS 'Of the system (alliance_hospital.id).';
COMMENT ON COLUMN record_sync_trouble.client IS 'The system (alliance_client.client_id).';
COMMENT ON COLUMN record_sync_trouble.cause IS 'silent, letters, waiting, differs, clock or disk.';
COMMENT ON COLUMN record_sync_trouble.since IS 'When it was found.';
COMMENT ON COLUMN record_sync_trouble.told_at IS 'When it was told last.';
COMMENT ON COLUMN record_sync_trouble.well_at IS 'When it was well again; NULL: it is not.';

COMMENT ON TABLE record_sync_notice IS 'A notice on its way: counts alone, no patient. Kept for thirty days after it was sent. Written and deleted by housekeeping.';
COMMENT ON COLUMN record_sync_notice.id IS 'Its number, as the receiver is told.';
COMMENT ON COLUMN record_sync_notice.hospital IS 'Of the system (alliance_hospital.id).';
COMMENT ON COLUMN record_sync_notice.client IS 'The system (alliance_client.client_id); "": a trial.';
COMMENT ON COLUMN record_sync_notice.cause IS 'As in record_sync_trouble, or test.';
COMMENT ON COLUMN record_sync_notice.well IS 'Whether it tells that it is well again.';
COMMENT ON COLUMN record_sync_notice.number IS 'Minutes, letters, hours, days, seconds or bytes, as the cause counts.';
COMMENT ON COLUMN record_sync_notice.channel IS 'webhook or mail.';
COMMENT ON COLUMN record_sync_notice.made_at IS 'When it was made.';
COMMENT ON COLUMN record_sync_notice.due_at IS 'When it is tried next.';
COMMENT ON COLUMN record_sync_notice.tries IS 'How often it was tried.';
COMMENT ON COLUMN record_sync_notice.fault IS 'What went wrong the last time: a status or the kind of error.';
COMMENT ON COLUMN record_sync_notice.sent_at IS 'When it arrived; NULL: not yet.';

COMMENT ON TABLE record_sync_batch IS 'A batch that was taken: while it waits what was sent, and for good the answer, so that the same batch gets the same bytes. Written by the site and the sync workers.';
COMMENT ON COLUMN record_sync_batch.stream IS 'Its stream (record_sync_stream).';
COMMENT ON COLUMN record_sync_batch.number IS 'Its number within the stream: 1, 2, 3 without a gap.';
COMMENT ON COLUMN record_sync_batch.hospital IS 'Of the system that sent it (alliance_hospital.id).';
COMMENT ON COLUMN record_sync_batch.client IS 'The system (alliance_client.client_id).';
COMMENT ON COLUMN record_sync_batch.scopes IS 'SMART scopes of the token that it was sent with.';
COMMENT ON COLUMN record_sync_batch.items IS 'How many items it has.';
COMMENT ON COLUMN record_sync_batch.root IS 'SHA-256 over the digests of its items: what the sender says and the receipt proves.';
COMMENT ON COLUMN record_sync_batch.refused IS 'How many of its items were refused when it was done.';
COMMENT ON COLUMN record_sync_batch.waiting IS 'How many of its items waited for others when it was done.';
COMMENT ON COLUMN record_sync_batch.tries IS 'How often a worker began it.';
COMMENT ON COLUMN record_sync_batch.size IS 'Bytes of what was sent, unpacked.';
COMMENT ON COLUMN record_sync_batch.taken_at IS 'When it was taken.';
COMMENT ON COLUMN record_sync_batch.done_at IS 'When it was done; NULL: it waits for its turn.';
COMMENT ON COLUMN record_sync_batch.content IS 'What was sent and, once done, the answer with its signed receipt; compressed and sealed with the key of the system''s hospital.';

COMMENT ON TABLE record_sync_ledger IS 'What of each record of a hospital''s source systems stands in its store: one row a record, the newest version. Refused and waiting ones are dead letters. Written in the transaction that changes the store.';
COMMENT ON COLUMN record_sync_ledger.hospital IS 'The hospital (alliance_hospital.id).';
COMMENT ON COLUMN record_sync_ledger.source IS 'Which of its systems, as the sender names it.';
COMMENT ON COLUMN record_sync_ledger.type IS 'FHIR type.';
COMMENT ON COLUMN record_sync_ledger.record IS 'Its number in that system.';
COMMENT ON COLUMN record_sync_ledger.version IS 'Its version there; NULL: none was told, and the order of arrival decides.';
COMMENT ON COLUMN record_sync_ledger.hash IS 'SHA-256 of the resource''s bytes as they were sent; NULL without one, and of one that is stored where another way than sync has written it since.';
COMMENT ON COLUMN record_sync_ledger.fingerprint IS 'First 16 bytes of SHA-256 over source, type, record, version and hash (docs/sync.md, Compare); NULL: it is in no sum.';
COMMENT ON COLUMN record_sync_ledger.fhir_id IS 'Id of the resource in the store, derived from source and record.';
COMMENT ON COLUMN record_sync_ledger.day IS 'Clinical day, YYYY-MM-DD, in whose sum it is; "": none was told.';
COMMENT ON COLUMN record_sync_ledger.state IS 'stored, deleted or recalled.';
COMMENT ON COLUMN record_sync_ledger.stream IS 'Stream of the batch that changed it last (record_sync_stream).';
COMMENT ON COLUMN record_sync_ledger.number IS 'Number of that batch.';
COMMENT ON COLUMN record_sync_ledger.client IS 'Who changed it last, by sync or FHIR: a system (alliance_client.client_id).';
COMMENT ON COLUMN record_sync_ledger.changed_at IS 'When it changed last.';

COMMENT ON TABLE record_sync_dead_letter IS 'An item that was refused, or waits for what it refers to: with its place, its rule, and sealed what was sent. Never deleted; settled ones lose their content.';
COMMENT ON COLUMN record_sync_dead_letter.id IS 'Number of the row, as the sender is told.';
COMMENT ON COLUMN record_sync_dead_letter.hospital IS 'Of the system that sent it (alliance_hospital.id).';
COMMENT ON COLUMN record_sync_dead_letter.client IS 'The system (alliance_client.client_id).';
COMMENT ON COLUMN record_sync_dead_letter.scopes IS 'SMART scopes of the token that it was sent with.';
COMMENT ON COLUMN record_sync_dead_letter.stream IS 'Stream of its batch (record_sync_stream).';
COMMENT ON COLUMN record_sync_dead_letter.number IS 'Number of its batch.';
COMMENT ON COLUMN record_sync_dead_letter.item IS 'Its place in the batch, from 0.';
COMMENT ON COLUMN record_sync_dead_letter.source IS 'Which of the hospital''s systems.';
COMMENT ON COLUMN record_sync_dead_letter.type IS 'FHIR type, as sent.';
COMMENT ON COLUMN record_sync_dead_letter.record IS 'Its number in that system.';
COMMENT ON COLUMN record_sync_dead_letter.version IS 'Its version there; NULL: none was told.';
COMMENT ON COLUMN record_sync_dead_letter.hash IS 'SHA-256 of the resource as sent; NULL without one.';
COMMENT ON COLUMN record_sync_dead_letter.day IS 'Clinical day; "": none was told.';
COMMENT ON COLUMN record_sync_dead_letter.state IS 'open (refused), waiting, mended (a version of the record is stored), replayed (the record came again, and a later dead letter stands for it) or dropped (by a human).';
COMMENT ON COLUMN record_sync_dead_letter.rule IS 'Code of the rule that it broke, the first of several.';
COMMENT ON COLUMN record_sync_dead_letter.field IS 'FHIRPath of the place, without its value.';
COMMENT ON COLUMN record_sync_dead_letter.waits IS 'Of one that waits: hashes of the Type/id that are not in the store.';
COMMENT ON COLUMN record_sync_dead_letter.tries IS 'How often it was tried again.';
COMMENT ON COLUMN record_sync_dead_letter.made_at IS 'When it was refused, or began to wait.';
COMMENT ON COLUMN record_sync_dead_letter.settled_at IS 'When it became mended, replayed or dropped.';
COMMENT ON COLUMN record_sync_dead_letter.settled_by IS 'Who dropped or replayed it: the system, or staff/<id>.';
COMMENT ON COLUMN record_sync_dead_letter.reason IS 'Why it was dropped, as the human wrote it.';
COMMENT ON COLUMN record_sync_dead_letter.content IS 'Its line, its resource and its faults with their values; compressed and sealed with the key of the hospital. Empty once it is settled, and of an open one that was not kept: its system had reached its quota (docs/adr/0071).';
COMMENT ON COLUMN record_sync_dead_letter.size IS 'Bytes of its content when it was kept; 0: it was not kept; NULL: written before there was a quota.';

COMMENT ON TABLE record_sync_digest IS 'Counts and sums of the ledger''s fingerprints by day, to compare both sides; kept in the transaction that changes the ledger. A bucket is the sum of its parts.';
COMMENT ON COLUMN record_sync_digest.hospital IS 'The hospital (alliance_hospital.id).';
COMMENT ON COLUMN record_sync_digest.source IS 'Which of its systems.';
COMMENT ON COLUMN record_sync_digest.type IS 'FHIR type.';
COMMENT ON COLUMN record_sync_digest.day IS 'Clinical day, YYYY-MM-DD; "": records without one.';
COMMENT ON COLUMN record_sync_digest.part IS 'Number of the stream modulo 64, so that streams do not wait for each other; may be negative in count, alone.';
COMMENT ON COLUMN record_sync_digest.count IS 'Records that came, less those that went, through this part.';
COMMENT ON COLUMN record_sync_digest.sum IS 'Sum of their fingerprints as unsigned numbers, modulo 2^128.';

COMMENT ON TABLE records_person IS 'One human being, as far as the alliance knows: what registrations are linked to. Written by the index.';
COMMENT ON COLUMN records_person.id IS 'Id of the person: Patient/<id> at the alliance''s base.';
COMMENT ON COLUMN records_person.created_at IS 'When it was made.';

COMMENT ON TABLE records_sourcepatient IS 'A registration: the Patient of one hospital, and the person to whom it is linked. Made by the first resource that speaks of it; never deleted.';
COMMENT ON COLUMN records_sourcepatient.id IS 'Number of the row: "patient" and "others" in the stores, "covers" in consents.';
COMMENT ON COLUMN records_sourcepatient.hospital_id IS 'Whose Patient it is (alliance_hospital).';
COMMENT ON COLUMN records_sourcepatient.fhir_id IS 'Its id in the hospital''s store.';
COMMENT ON COLUMN records_sourcepatient.home IS 'The person that it is where nobody is linked with it; never changes, so that earlier ids lead on.';
COMMENT ON COLUMN records_sourcepatient.person_id IS 'The person that it is now: the home of the oldest registration linked with it (records_person).';
COMMENT ON COLUMN records_sourcepatient.joined_at IS 'Since when its own hospital''s word has it at this person: what was confirmed before was about somebody else.';
COMMENT ON COLUMN records_sourcepatient.registered IS 'Whether its Patient is stored; false: only referred to.';
COMMENT ON COLUMN records_sourcepatient.name IS 'Name for lists, as sent. Readable.';
COMMENT ON COLUMN records_sourcepatient.gender IS 'FHIR administrative gender, as sent.';
COMMENT ON COLUMN records_sourcepatient.birth_date IS 'FHIR date as sent (YYYY, YYYY-MM or YYYY-MM-DD); "": none.';
COMMENT ON COLUMN records_sourcepatient.decided_by IS 'Who linked or parted it last: rule/<version> or staff/<id>; "": nobody.';
COMMENT ON COLUMN records_sourcepatient.confirmed IS 'A human has seen this patient''s card.';
COMMENT ON COLUMN records_sourcepatient.correction IS 'A citizen number that is not theirs and the right one: sealed with the index key, bound to this row; NULL: none.';
COMMENT ON COLUMN records_sourcepatient.words IS 'All that it is compared by (names, numbers, phones, addresses): JSON, sealed with the index key, bound to this row. NULL: no Patient is stored.';
COMMENT ON COLUMN records_sourcepatient.keyed IS 'Version of the rules that made its keys in records_namekey and records_matchkey (VERSION in records/mpi/index/rekey.py).';
COMMENT ON COLUMN records_sourcepatient.crowded_at IS 'When it met more look-alikes than it was compared with, and no human has looked since; NULL: it did not.';
COMMENT ON COLUMN records_sourcepatient.updated_at IS 'When the row was last written from a Patient.';

COMMENT ON TABLE records_patientidentifier IS 'Identifiers of registrations, by which they are found and compared. Written with the Patient.';
COMMENT ON COLUMN records_patientidentifier.id IS 'Number of the row.';
COMMENT ON COLUMN records_patientidentifier.source_id IS 'The registration (records_sourcepatient).';
COMMENT ON COLUMN records_patientidentifier.kind IS 'resident (GB 11643 citizen number), record (the hospital''s own number), other; former: no longer theirs.';
COMMENT ON COLUMN records_patientidentifier.digest IS 'HMAC-SHA-256 of the number under the index key: equal numbers meet, none can be read back.';

COMMENT ON TABLE records_namekey IS 'Ways to write a registration''s name, by which it is found: folded, in pinyin, as initials. Readable. Written with the Patient.';
COMMENT ON COLUMN records_namekey.source_id IS 'The registration (records_sourcepatient).';
COMMENT ON COLUMN records_namekey.hospital_id IS 'Its hospital (alliance_hospital), so that one index finds a hospital''s own.';
COMMENT ON COLUMN records_namekey.key IS 'The written form.';
COMMENT ON COLUMN records_namekey.whole IS 'Whether that is the full name, not a part of it.';
COMMENT ON COLUMN records_namekey.former IS 'Whether the patient had this name, and has another now.';

COMMENT ON TABLE records_matchkey IS 'Blocks of the patient index: registrations that share one are compared. Written with the Patient.';
COMMENT ON COLUMN records_matchkey.source_id IS 'The registration (records_sourcepatient).';
COMMENT ON COLUMN records_matchkey.key IS 'First 64 bits of an HMAC-SHA-256 of the block''s text under the index key.';

COMMENT ON TABLE records_decision IS 'Who is whom, and who said so: a rule or a human. Never erased; undoing one is a decision of its own.';
COMMENT ON COLUMN records_decision.id IS 'Number of the row.';
COMMENT ON COLUMN records_decision.verb IS 'link, merge, split, different, identify, confirm, correct, rules (new rules over the whole index) or undo.';
COMMENT ON COLUMN records_decision.by IS 'Who decided: rule/<version> or staff/<id>.';
COMMENT ON COLUMN records_decision.reasons IS 'JSON list of codes of the evidence.';
COMMENT ON COLUMN records_decision.note IS 'What the human wrote.';
COMMENT ON COLUMN records_decision.at IS 'When.';
COMMENT ON COLUMN records_decision.moved IS 'JSON list of [registration, person before, person after].';
COMMENT ON COLUMN records_decision.told IS 'Whether subscribers know of it.';
COMMENT ON COLUMN records_decision.undoes_id IS 'The decision that this one undoes.';
COMMENT ON COLUMN records_decision.undone_by_id IS 'The decision that undid this one; NULL: it stands.';
COMMENT ON COLUMN records_decision.xid IS 'Transaction number (alliance_xid): the order of the feed of identities. Not part of the Django model.';

COMMENT ON TABLE records_claim IS 'What a decision says of a pair of registrations, or of one alone. It counts while its decision stands; of a pair the newest counts.';
COMMENT ON COLUMN records_claim.id IS 'Number of the row.';
COMMENT ON COLUMN records_claim.decision_id IS 'The decision (records_decision).';
COMMENT ON COLUMN records_claim.kind IS 'same, different, apart (later rules would not have linked them), confirmed (card seen) or number (corrected).';
COMMENT ON COLUMN records_claim.one_id IS 'The registration, of a pair the one with the smaller number.';
COMMENT ON COLUMN records_claim.two_id IS 'The other one of a pair; NULL: it is about one alone.';
COMMENT ON COLUMN records_claim.value IS 'Of a number: what was sent and what is right, sealed with the index key; else NULL.';

COMMENT ON TABLE records_matchmodel IS 'Models of matching that were put into force (mpi_train, mpi_rules); the newest counts, without any the release''s own.';
COMMENT ON COLUMN records_matchmodel.version IS 'Its name.';
COMMENT ON COLUMN records_matchmodel.model IS 'The model as JSON (records/mpi/matching/linkage_model.py): chances of agreement of each field, no patient.';
COMMENT ON COLUMN records_matchmodel.since IS 'Since when.';

COMMENT ON TABLE records_review IS 'A pair of registrations that may be one person and waits for a curator, or was decided: one row a pair.';
COMMENT ON COLUMN records_review.id IS 'Number of the row.';
COMMENT ON COLUMN records_review.one_id IS 'The registration with the smaller number.';
COMMENT ON COLUMN records_review.two_id IS 'The other one.';
COMMENT ON COLUMN records_review.reasons IS 'JSON list of codes: why rules did not decide.';
COMMENT ON COLUMN records_review.state IS 'open, same or different.';
COMMENT ON COLUMN records_review.verb IS 'What joining them would be called (link, merge, identify).';
COMMENT ON COLUMN records_review.risk IS 'How much speaks against joining them; above 0 two curators have to agree.';
COMMENT ON COLUMN records_review.opened_at IS 'Since when it waits.';
COMMENT ON COLUMN records_review.decision_id IS 'The decision that closed it; NULL: open.';
COMMENT ON COLUMN records_review.round IS 'How often it was asked anew, because its decision was undone.';
COMMENT ON COLUMN records_review.taken_by_id IS 'The curator who looks at it now (alliance_staff); NULL: nobody.';
COMMENT ON COLUMN records_review.taken_until IS 'Until when it is kept for them.';

COMMENT ON TABLE records_opinion IS 'What one curator says of a pair; a risky one needs two who agree, and neither is told what the other said. Only ever added to.';
COMMENT ON COLUMN records_opinion.id IS 'Number of the row.';
COMMENT ON COLUMN records_opinion.review_id IS 'The pair (records_review).';
COMMENT ON COLUMN records_opinion.staff_id IS 'The curator (alliance_staff).';
COMMENT ON COLUMN records_opinion.hospital_id IS 'The hospital for which they said so; NULL in rows of earlier releases.';
COMMENT ON COLUMN records_opinion.same IS 'Whether they take them for one person.';
COMMENT ON COLUMN records_opinion.note IS 'How they know.';
COMMENT ON COLUMN records_opinion.round IS 'Of the pair (records_review.round): opinions of earlier rounds count no longer.';
COMMENT ON COLUMN records_opinion.at IS 'When.';

COMMENT ON TABLE records_strangersearch IS 'How often somebody looked for people whom their hospital does not know, by the hour; not what was typed. Written by searches, kept for 90 days.';
COMMENT ON COLUMN records_strangersearch.id IS 'Number of the row.';
COMMENT ON COLUMN records_strangersearch.hospital_id IS 'The hospital for which they looked (alliance_hospital).';
COMMENT ON COLUMN records_strangersearch.kind IS 'Who looked: staff or client (a system).';
COMMENT ON COLUMN records_strangersearch.actor IS 'Number of the row in alliance_staff or alliance_client.';
COMMENT ON COLUMN records_strangersearch.hour IS 'Beginning of the hour.';
COMMENT ON COLUMN records_strangersearch.searches IS 'Searches that found nobody of their own hospital.';
COMMENT ON COLUMN records_strangersearch.strangers IS 'How many people these listed.';
COMMENT ON COLUMN records_strangersearch.urgent IS 'Of the searches, those in an emergency.';
COMMENT ON COLUMN records_strangersearch.refused IS 'Searches that were refused, for the limit was reached.';

COMMENT ON TABLE records_printeddocument IS 'What was printed of a patient''s record, so that paper can be held against it. Only ever added to (docs/adr/0058).';
COMMENT ON COLUMN records_printeddocument.id IS 'Number of the row.';
COMMENT ON COLUMN records_printeddocument.code IS 'The random code on each page.';
COMMENT ON COLUMN records_printeddocument.key IS 'Key of the codes of its pages. Encrypted.';
COMMENT ON COLUMN records_printeddocument.person IS 'Whose record, as a person of the index then.';
COMMENT ON COLUMN records_printeddocument.patient IS 'Who it is about, as far as whoever holds the paper is told: first character of the name, sex, year of birth. Encrypted.';
COMMENT ON COLUMN records_printeddocument.printed_at IS 'When it was printed.';
COMMENT ON COLUMN records_printeddocument.part IS 'What was printed: summary, results, refer-out or refer-back.';
COMMENT ON COLUMN records_printeddocument.pages IS 'How many pages it has.';
COMMENT ON COLUMN records_printeddocument.digest IS 'SHA-256 of the file.';
COMMENT ON COLUMN records_printeddocument.hospital_id IS 'The hospital that printed (alliance_hospital).';
COMMENT ON COLUMN records_printeddocument.printed_by_id IS 'Who printed (alliance_staff).';

COMMENT ON TABLE records_bulkjob IS 'A bulk export or import ($export, $import) of a system; its files are in record_bulk_chunk. Deleted when it expires.';
COMMENT ON COLUMN records_bulkjob.id IS 'By which its system asks for it.';
COMMENT ON COLUMN records_bulkjob.kind IS 'export or import.';
COMMENT ON COLUMN records_bulkjob.base IS 'The base that was asked: code of a hospital, or alliance.';
COMMENT ON COLUMN records_bulkjob.hospital_id IS 'Of the system that asked (alliance_hospital).';
COMMENT ON COLUMN records_bulkjob.client IS 'The system (alliance_client.client_id).';
COMMENT ON COLUMN records_bulkjob.root IS 'Absolute url of the bases, for links in the answer.';
COMMENT ON COLUMN records_bulkjob.asked IS 'JSON object: what was asked, as understood.';
COMMENT ON COLUMN records_bulkjob.scopes IS 'SMART scopes of the token that asked.';
COMMENT ON COLUMN records_bulkjob.state IS 'taking (its upload comes in), waiting, running, done or failed.';
COMMENT ON COLUMN records_bulkjob.says IS 'Why it failed, for the one who asked.';
COMMENT ON COLUMN records_bulkjob.files IS 'JSON list of an export''s files, in order: type, store, count, bytes, kind.';
COMMENT ON COLUMN records_bulkjob.persons IS 'JSON object of a shared export: person to consent epoch when they were read.';
COMMENT ON COLUMN records_bulkjob.created_at IS 'When it was asked for.';
COMMENT ON COLUMN records_bulkjob.as_of IS 'The FHIR transactionTime: the state that it exports.';
COMMENT ON COLUMN records_bulkjob.beat_at IS 'When the process that works on it told last that it lives.';
COMMENT ON COLUMN records_bulkjob.finished_at IS 'When it was done or failed.';

COMMENT ON TABLE records_subscriptionstate IS 'A Subscription as the courier knows it; what it asks for is in the stored resource. Written when it is stored, and by the courier.';
COMMENT ON COLUMN records_subscriptionstate.rid IS 'The stored Subscription (record_resource.rid).';
COMMENT ON COLUMN records_subscriptionstate.hospital_id IS 'In whose store it lies (alliance_hospital).';
COMMENT ON COLUMN records_subscriptionstate.fhir_id IS 'Its id there.';
COMMENT ON COLUMN records_subscriptionstate.client IS 'The system that wrote it last (alliance_client.client_id): it is told what that system may see.';
COMMENT ON COLUMN records_subscriptionstate.scopes IS 'SMART scopes of the token that wrote it.';
COMMENT ON COLUMN records_subscriptionstate.state IS 'requested, active, error, off, or lost (nothing is collected any more).';
COMMENT ON COLUMN records_subscriptionstate.tries IS 'Failed handshakes so far.';
COMMENT ON COLUMN records_subscriptionstate.due_at IS 'When the next handshake is due; of one in error: since when it is.';
COMMENT ON COLUMN records_subscriptionstate.told IS 'Number of the last event that was told (eventsSinceSubscriptionStart).';

COMMENT ON TABLE records_notification IS 'One change that is still to be told to one subscriber. Written by the courier, deleted when told.';
COMMENT ON COLUMN records_notification.id IS 'Number of the row: the order within a line.';
COMMENT ON COLUMN records_notification.subscription_id IS 'To whom (records_subscriptionstate.rid).';
COMMENT ON COLUMN records_notification.line IS 'What is told one after the other: the person''s id, or row/<rid> for what is about no patient.';
COMMENT ON COLUMN records_notification.hospital_id IS 'In whose store the changed resource lies (alliance_hospital).';
COMMENT ON COLUMN records_notification.type IS 'Number of its resource type.';
COMMENT ON COLUMN records_notification.fhir_id IS 'Its id there.';
COMMENT ON COLUMN records_notification.version IS 'Its version; 0: not the resource changed but who its patient is.';
COMMENT ON COLUMN records_notification.deleted IS 'Whether it was deleted.';
COMMENT ON COLUMN records_notification.changed_at IS 'When it was changed.';
COMMENT ON COLUMN records_notification.number IS 'Number of the event for the subscriber, given when it may first be told; NULL: not yet.';
COMMENT ON COLUMN records_notification.tries IS 'Failed deliveries so far.';
COMMENT ON COLUMN records_notification.first_failed_at IS 'When delivery failed first; NULL: never.';
COMMENT ON COLUMN records_notification.due_at IS 'When it is tried next.';

COMMENT ON TABLE records_feedposition IS 'How far the courier has read the change feed of each store.';
COMMENT ON COLUMN records_feedposition.hospital_id IS 'The store (alliance_hospital).';
COMMENT ON COLUMN records_feedposition.xid IS 'Transaction number of the last change that was read, as text.';
COMMENT ON COLUMN records_feedposition.rid IS 'Its resource (record_resource.rid).';
COMMENT ON COLUMN records_feedposition.version IS 'Its version.';
COMMENT ON COLUMN records_feedposition.beat_at IS 'When the courier was there last, by which it is known to live.';

COMMENT ON TABLE records_localcode IS 'Codes of the hospitals'' own, and texts without a code, as their records have them; counted by the job that follows the stores (docs/adr/0068).';
COMMENT ON COLUMN records_localcode.id IS 'Number of the row.';
COMMENT ON COLUMN records_localcode.hospital_id IS 'Whose records have it (alliance_hospital.id).';
COMMENT ON COLUMN records_localcode.kind IS 'Kind of code: laboratory, diagnosis, drug, unit … (records/mapping/kinds.py).';
COMMENT ON COLUMN records_localcode.key IS 'SHA-256 of kind, system, code and, where it has no system, the folded text.';
COMMENT ON COLUMN records_localcode.system IS 'Its code system as sent; empty: none.';
COMMENT ON COLUMN records_localcode.code IS 'The code as sent; empty: a text alone.';
COMMENT ON COLUMN records_localcode.text IS 'Its words as sent. Sealed.';
COMMENT ON COLUMN records_localcode.records IS 'In how many current records it stands.';
COMMENT ON COLUMN records_localcode.patients IS 'Of how many registrations these are.';
COMMENT ON COLUMN records_localcode.waiting IS 'Whether no mapping of it is approved.';
COMMENT ON COLUMN records_localcode.profile IS 'How its values spread, without a patient, as JSON. Sealed.';
COMMENT ON COLUMN records_localcode.profiled IS 'In how many records it stood when the profile was made; 0: never.';
COMMENT ON COLUMN records_localcode.redo_after IS 'Its records up to this row are as its mappings say, the others not yet; NULL: all are.';
COMMENT ON COLUMN records_localcode.first_seen_at IS 'When it was first counted.';

COMMENT ON TABLE records_codemapping IS 'What a local code means in a standard system: proposed by one clerk, agreed to by another. Never deleted.';
COMMENT ON COLUMN records_codemapping.id IS 'Number of the row.';
COMMENT ON COLUMN records_codemapping.code_id IS 'The local code (records_localcode.id).';
COMMENT ON COLUMN records_codemapping.hospital_id IS 'Whose (alliance_hospital.id).';
COMMENT ON COLUMN records_codemapping.kind IS 'Kind of code, as of the local code.';
COMMENT ON COLUMN records_codemapping.target_system IS 'The standard code system.';
COMMENT ON COLUMN records_codemapping.target_code IS 'The standard code.';
COMMENT ON COLUMN records_codemapping.target_display IS 'Its name when it was proposed.';
COMMENT ON COLUMN records_codemapping.equivalence IS 'How the standard code stands to the local one (ConceptMap): equivalent, wider, narrower, relatedto.';
COMMENT ON COLUMN records_codemapping.state IS 'proposed, approved, refused, withdrawn or replaced.';
COMMENT ON COLUMN records_codemapping.origin IS 'hand, table, or member/<code> whose map was taken over.';
COMMENT ON COLUMN records_codemapping.proposed_by_id IS 'Who proposed it (alliance_staff.id).';
COMMENT ON COLUMN records_codemapping.proposed_at IS 'When.';
COMMENT ON COLUMN records_codemapping.reason IS 'Why, for the second clerk. Sealed.';
COMMENT ON COLUMN records_codemapping.decided_by_id IS 'Who agreed or refused (alliance_staff.id).';
COMMENT ON COLUMN records_codemapping.decided_at IS 'When.';
COMMENT ON COLUMN records_codemapping.ended_by_id IS 'Who withdrew it, or agreed to what replaced it (alliance_staff.id).';
COMMENT ON COLUMN records_codemapping.ended_at IS 'When.';
COMMENT ON COLUMN records_codemapping.end_reason IS 'Why it was refused or withdrawn. Sealed.';
COMMENT ON COLUMN records_codemapping.version IS 'Version of the hospital''s map from which on it counts; NULL: it never did.';
COMMENT ON COLUMN records_codemapping.ended_version IS 'Version of the map in which it counts no more; NULL: it does.';

COMMENT ON TABLE records_codemap IS 'The map of one hospital and one kind of code.';
COMMENT ON COLUMN records_codemap.id IS 'Number of the row.';
COMMENT ON COLUMN records_codemap.hospital_id IS 'Whose (alliance_hospital.id).';
COMMENT ON COLUMN records_codemap.kind IS 'Kind of code.';
COMMENT ON COLUMN records_codemap.version IS 'Its newest version: one more with each decision that changes it.';
COMMENT ON COLUMN records_codemap.published IS 'The version that lies as a ConceptMap in the hospital''s store.';
COMMENT ON COLUMN records_codemap.changed_at IS 'When the newest version was made.';

COMMENT ON TABLE records_mappingposition IS 'How far the count of local codes has read a hospital''s store.';
COMMENT ON COLUMN records_mappingposition.hospital_id IS 'Whose store (alliance_hospital.id).';
COMMENT ON COLUMN records_mappingposition.xid IS 'Transaction number of the last row that was read.';
COMMENT ON COLUMN records_mappingposition.rid IS 'That row (record_resource.rid).';

COMMENT ON TABLE records_standarduse IS 'That a hospital''s records have a standard code, sent or mapped: whose trends a mapping would join.';
COMMENT ON COLUMN records_standarduse.id IS 'Number of the row.';
COMMENT ON COLUMN records_standarduse.hospital_id IS 'Whose records (alliance_hospital.id).';
COMMENT ON COLUMN records_standarduse.kind IS 'Kind of code.';
COMMENT ON COLUMN records_standarduse.system IS 'The standard code system.';
COMMENT ON COLUMN records_standarduse.code IS 'The standard code.';

COMMENT ON TABLE records_sourcebrand IS 'Which product a source system of a hospital is: by this members find maps that fit.';
COMMENT ON COLUMN records_sourcebrand.id IS 'Number of the row.';
COMMENT ON COLUMN records_sourcebrand.hospital_id IS 'Whose system (alliance_hospital.id).';
COMMENT ON COLUMN records_sourcebrand.source IS 'The source''s name in urn:xinglin:local:<hospital>:<source>:<kind>.';
COMMENT ON COLUMN records_sourcebrand.brand IS 'The product, as its clerk has written it.';

COMMENT ON TABLE records_codelist IS 'Standard code lists that the alliance has imported (manage.py import_code_list).';
COMMENT ON COLUMN records_codelist.id IS 'Number of the row.';
COMMENT ON COLUMN records_codelist.kind IS 'Kind of local code that is mapped to it.';
COMMENT ON COLUMN records_codelist.system IS 'Address of the code system.';
COMMENT ON COLUMN records_codelist.title IS 'What pages call it.';
COMMENT ON COLUMN records_codelist.version IS 'Its edition.';
COMMENT ON COLUMN records_codelist.licence IS 'What allows the alliance to use it, and where it was got.';
COMMENT ON COLUMN records_codelist.codes IS 'How many codes the newest import had.';
COMMENT ON COLUMN records_codelist.imported_at IS 'When.';

COMMENT ON TABLE records_standardcode IS 'The codes of imported lists.';
COMMENT ON COLUMN records_standardcode.id IS 'Number of the row.';
COMMENT ON COLUMN records_standardcode.listed_id IS 'Its list (records_codelist.id).';
COMMENT ON COLUMN records_standardcode.code IS 'The code.';
COMMENT ON COLUMN records_standardcode.display IS 'Its name.';
COMMENT ON COLUMN records_standardcode.names IS 'Other names, separated by |.';
COMMENT ON COLUMN records_standardcode.unit IS 'The unit in which it is usually reported (UCUM).';
COMMENT ON COLUMN records_standardcode.scale IS 'quantitative, ordinal or empty.';
COMMENT ON COLUMN records_standardcode.sex IS 'male or female where it is of one sex alone.';
COMMENT ON COLUMN records_standardcode.retired IS 'Whether the newest list has it no more.';

COMMENT ON TABLE record_local_use IS 'In which current records a local code stands. Written by the job that follows the stores.';
COMMENT ON COLUMN record_local_use.code IS 'The local code (records_localcode.id).';
COMMENT ON COLUMN record_local_use.rid IS 'The record (record_resource.rid).';
COMMENT ON COLUMN record_local_use.patient IS 'Whom it is about (records_sourcepatient.id); 0: no patient.';

COMMENT ON TABLE record_access_position IS 'One row: how far the review of accesses has read the audit log (docs/adr/0079). Its lock lets one run at a time.';
COMMENT ON COLUMN record_access_position.one IS 'Always true: there is one row.';
COMMENT ON COLUMN record_access_position.xid IS 'Transaction number of the last line that was read.';
COMMENT ON COLUMN record_access_position.line IS 'That line (consent_audit_event.id).';
COMMENT ON COLUMN record_access_position.run_at IS 'When it was read.';

COMMENT ON TABLE record_access_episode IS 'What one of the staff did about one patient within twelve hours, as the audit log tells it, and what explains it. Written by the worker; one that is on no list goes after 120 days, for the log has its lines.';
COMMENT ON COLUMN record_access_episode.id IS 'Number of the row.';
COMMENT ON COLUMN record_access_episode.staff IS 'Who (alliance_staff.id).';
COMMENT ON COLUMN record_access_episode.hospital IS 'For which hospital they acted (alliance_hospital.id).';
COMMENT ON COLUMN record_access_episode.person IS 'The patient, as the index knew them when the line was read.';
COMMENT ON COLUMN record_access_episode.role IS 'The role in which they acted.';
COMMENT ON COLUMN record_access_episode.first_at IS 'Moment of the first line.';
COMMENT ON COLUMN record_access_episode.last_at IS 'Moment of the last line.';
COMMENT ON COLUMN record_access_episode.first_line IS 'The first line (consent_audit_event.id).';
COMMENT ON COLUMN record_access_episode.opens IS 'Lines by which something of the record was opened.';
COMMENT ON COLUMN record_access_episode.finds IS 'Lines by which the patient was looked for, or who they are.';
COMMENT ON COLUMN record_access_episode.prints IS 'Lines by which the record was printed.';
COMMENT ON COLUMN record_access_episode.task_line IS 'A line by which something was written for the patient (a decision, a code, a link); NULL: none.';
COMMENT ON COLUMN record_access_episode.launch_line IS 'A line of a record that a system of the hospital opened; NULL: none.';
COMMENT ON COLUMN record_access_episode.emergency IS 'Whether any line was an emergency access.';
COMMENT ON COLUMN record_access_episode.stale IS 'Whether lines came since it was judged.';
COMMENT ON COLUMN record_access_episode.judged_at IS 'When it was judged last; NULL: never.';
COMMENT ON COLUMN record_access_episode.template IS 'The template that explains it (record_access_template.code); NULL: none does.';
COMMENT ON COLUMN record_access_episode.evidence IS 'What was found: hospital/Type/id of a record, or what/number; "" for none.';
COMMENT ON COLUMN record_access_episode.own IS 'Whether that is about this very person of the staff.';
COMMENT ON COLUMN record_access_episode.waits IS 'Whether a human should look: unexplained, or explained only by hospital, department or colleague and conspicuous.';
COMMENT ON COLUMN record_access_episode.score IS 'Sum of the points of its parts.';
COMMENT ON COLUMN record_access_episode.parts IS 'JSON: [[part, points, fact]], the greatest first.';

COMMENT ON TABLE record_access_day IS 'How many episodes one of the staff began on a day, to tell what is usual. Written by the worker, kept 400 days.';
COMMENT ON COLUMN record_access_day.staff IS 'Who (alliance_staff.id).';
COMMENT ON COLUMN record_access_day.hospital IS 'For which hospital (alliance_hospital.id).';
COMMENT ON COLUMN record_access_day.day IS 'The local day.';
COMMENT ON COLUMN record_access_day.role IS 'The role in which they acted.';
COMMENT ON COLUMN record_access_day.episodes IS 'Episodes that began on it.';
COMMENT ON COLUMN record_access_day.nights IS 'Those of them that began at night, 22 to 6.';

COMMENT ON TABLE record_access_staff_key IS 'By which of the staff are recognized as patients, and who lives with them: keyed hashes of what their Practitioner says, as records_matchkey has them of registrations. Written by the worker.';
COMMENT ON COLUMN record_access_staff_key.staff IS 'Who (alliance_staff.id).';
COMMENT ON COLUMN record_access_staff_key.kind IS 'self (a number, or name and birth date) or household (phone, address).';
COMMENT ON COLUMN record_access_staff_key.key IS 'First 64 bits of an HMAC-SHA-256 under the index key.';

COMMENT ON TABLE record_access_template IS 'Which explanation templates count, and in which order; what each looks for stands in the code (records/access_review/templates.py).';
COMMENT ON COLUMN record_access_template.code IS 'The template.';
COMMENT ON COLUMN record_access_template.place IS 'Its place: the first one that finds something counts.';
COMMENT ON COLUMN record_access_template.enabled IS 'Whether it counts at all.';

COMMENT ON TABLE record_access_weight IS 'Points of what makes an access conspicuous (records/access_review/score_parts.py).';
COMMENT ON COLUMN record_access_weight.code IS 'The part; threshold: from how many points on an access waits that is explained only by hospital, department or colleague.';
COMMENT ON COLUMN record_access_weight.points IS 'Its points; 0: it does not count.';

COMMENT ON TABLE record_access_listed IS 'Episodes that are put before an auditor; what is listed stays. Written by the worker.';
COMMENT ON COLUMN record_access_listed.episode IS 'The episode (record_access_episode.id).';
COMMENT ON COLUMN record_access_listed.hospital IS 'Whose auditor (alliance_hospital.id).';
COMMENT ON COLUMN record_access_listed.day IS 'Of which day; of one that was drawn the last day of the week.';
COMMENT ON COLUMN record_access_listed.way IS 'top: by its score; waiting, explained: drawn at random among those that wait, or that are explained.';
COMMENT ON COLUMN record_access_listed.place IS 'Its place of that day, or of the draw.';
COMMENT ON COLUMN record_access_listed.score IS 'The score that it had then.';
COMMENT ON COLUMN record_access_listed.listed_at IS 'When it was put there.';

COMMENT ON TABLE record_access_listing IS 'That the list of a hospital''s day was made, once. Written by the worker.';
COMMENT ON COLUMN record_access_listing.hospital IS 'Whose (alliance_hospital.id).';
COMMENT ON COLUMN record_access_listing.day IS 'The local day.';
COMMENT ON COLUMN record_access_listing.waited IS 'Episodes that waited.';
COMMENT ON COLUMN record_access_listing.left_out IS 'Those of them that had no place on the list.';

COMMENT ON TABLE record_access_draw IS 'What was drawn at random of a hospital''s week, and by which seed: whoever has it draws the same. Written by the worker.';
COMMENT ON COLUMN record_access_draw.hospital IS 'Whose (alliance_hospital.id).';
COMMENT ON COLUMN record_access_draw.week IS 'The Monday of the week.';
COMMENT ON COLUMN record_access_draw.way IS 'waiting or explained: among which.';
COMMENT ON COLUMN record_access_draw.seed IS 'The seed: the order is that of md5(seed:episode).';
COMMENT ON COLUMN record_access_draw.population IS 'Among how many.';
COMMENT ON COLUMN record_access_draw.drawn IS 'The episodes that were drawn (record_access_episode.id).';

COMMENT ON TABLE records_episodeoutcome IS 'What an auditor found of an episode. Only ever added to: the newest counts, the others show what was thought before.';
COMMENT ON COLUMN records_episodeoutcome.id IS 'Number of the row.';
COMMENT ON COLUMN records_episodeoutcome.episode IS 'The episode (record_access_episode.id).';
COMMENT ON COLUMN records_episodeoutcome.outcome IS 'missing (legitimate, data missing), unusual (legitimate, unusual), violation or unclear (cannot tell).';
COMMENT ON COLUMN records_episodeoutcome.note IS 'Encrypted: why, as the auditor wrote it.';
COMMENT ON COLUMN records_episodeoutcome.at IS 'When.';
COMMENT ON COLUMN records_episodeoutcome.staff_id IS 'By whom (alliance_staff).';

COMMENT ON TABLE records_accessrule IS 'Accesses that two people have agreed to count as explained, for which no member sends a reason. Proposed by one auditor, approved by another; never changed, only decided and ended.';
COMMENT ON COLUMN records_accessrule.id IS 'Number of the row: rule/<id> as evidence.';
COMMENT ON COLUMN records_accessrule.episode IS 'The episode of which it was learnt (record_access_episode.id).';
COMMENT ON COLUMN records_accessrule.hospital_id IS 'For which hospital it counts, and its registered patients alone.';
COMMENT ON COLUMN records_accessrule.member IS 'Of whom (alliance_staff.id); NULL: of department or role.';
COMMENT ON COLUMN records_accessrule.department_id IS 'Of which department (alliance_department); NULL: not only one.';
COMMENT ON COLUMN records_accessrule.role IS 'Of which role.';
COMMENT ON COLUMN records_accessrule.until IS 'The last day on which it counts.';
COMMENT ON COLUMN records_accessrule.reason IS 'Encrypted: why, as the proposer wrote it.';
COMMENT ON COLUMN records_accessrule.state IS 'proposed, approved, refused or ended.';
COMMENT ON COLUMN records_accessrule.proposed_at IS 'When it was proposed.';
COMMENT ON COLUMN records_accessrule.proposed_by_id IS 'By whom.';
COMMENT ON COLUMN records_accessrule.decided_at IS 'When it was approved or refused; NULL: it waits.';
COMMENT ON COLUMN records_accessrule.decided_by_id IS 'By whom, somebody else.';
COMMENT ON COLUMN records_accessrule.ended_at IS 'When an approved one was ended; NULL: it was not.';
COMMENT ON COLUMN records_accessrule.ended_by_id IS 'By whom.';
COMMENT ON TABLE records_recognitionitem IS 'The alliance''s catalogue of mutually recognised items (docs/adr/0085).';
COMMENT ON COLUMN records_recognitionitem.id IS 'Number of the row.';
COMMENT ON COLUMN records_recognitionitem.code IS 'The alliance''s own code of the item.';
COMMENT ON COLUMN records_recognitionitem.list_code IS 'Its code in the national or provincial list.';
COMMENT ON COLUMN records_recognitionitem.name_zh IS 'Its Chinese name.';
COMMENT ON COLUMN records_recognitionitem.name_en IS 'Its English name.';
COMMENT ON COLUMN records_recognitionitem.loincs IS 'The codes of LOINC that count as it, parted by blanks.';
COMMENT ON COLUMN records_recognitionitem.window IS 'Days for which a result counts; NULL: the alliance has set none.';
COMMENT ON COLUMN records_recognitionitem.upward IS 'Whether a higher hospital recognises a lower one''s results.';
COMMENT ON COLUMN records_recognitionitem.scope IS 'nation, province, city or alliance.';
COMMENT ON COLUMN records_recognitionitem.place IS 'The province or city, as marks name it.';
COMMENT ON COLUMN records_recognitionitem.specimens IS 'Accepted specimens, parted by |; empty: any.';
COMMENT ON COLUMN records_recognitionitem.methods IS 'Accepted methods, parted by |; empty: any.';
COMMENT ON COLUMN records_recognitionitem.price IS 'What one costs, in yuan.';
COMMENT ON COLUMN records_recognitionitem.source IS 'Where its days are from.';
COMMENT ON COLUMN records_recognitionitem.active IS 'Whether it is in use.';
COMMENT ON COLUMN records_recognitionitem.changed_at IS 'When it was changed last.';

COMMENT ON TABLE records_recognitionqualification IS 'That a hospital''s results of an item are recognised.';
COMMENT ON COLUMN records_recognitionqualification.id IS 'Number of the row.';
COMMENT ON COLUMN records_recognitionqualification.hospital_id IS 'The hospital (alliance_hospital.id).';
COMMENT ON COLUMN records_recognitionqualification.item_id IS 'The item (records_recognitionitem.id).';
COMMENT ON COLUMN records_recognitionqualification.starts IS 'The first day whose results are recognised.';
COMMENT ON COLUMN records_recognitionqualification.ends IS 'The last one; NULL: none is set.';
COMMENT ON COLUMN records_recognitionqualification.quality IS 'External quality assessment: unknown, passed or failed.';
COMMENT ON COLUMN records_recognitionqualification.note IS 'What two administrators knew of it.';
COMMENT ON COLUMN records_recognitionqualification.made_at IS 'When it was agreed.';
COMMENT ON COLUMN records_recognitionqualification.end_reason IS 'Why it was ended.';

COMMENT ON TABLE records_recognitionprompt IS 'Somebody who was about to order an item was told of results elsewhere that count: once a day for each patient, item, hospital and asker.';
COMMENT ON COLUMN records_recognitionprompt.id IS 'By which it is answered.';
COMMENT ON COLUMN records_recognitionprompt.hospital_id IS 'Who was told (alliance_hospital.id).';
COMMENT ON COLUMN records_recognitionprompt.asker IS 'Staff or system, as the audit log calls it.';
COMMENT ON COLUMN records_recognitionprompt.department IS 'Department, where known.';
COMMENT ON COLUMN records_recognitionprompt.person IS 'Whose results, as a person of the index then.';
COMMENT ON COLUMN records_recognitionprompt.item_id IS 'The item (records_recognitionitem.id).';
COMMENT ON COLUMN records_recognitionprompt.hits IS 'The results that counted, as hospital/Type/id/version.';
COMMENT ON COLUMN records_recognitionprompt.day IS 'The day, on the hospital''s clock.';
COMMENT ON COLUMN records_recognitionprompt.asked_at IS 'When.';

COMMENT ON TABLE records_recognitiondecision IS 'What was decided on a prompt; the newest counts. Only ever added to.';
COMMENT ON COLUMN records_recognitiondecision.id IS 'Number of the row.';
COMMENT ON COLUMN records_recognitiondecision.prompt_id IS 'The prompt (records_recognitionprompt.id).';
COMMENT ON COLUMN records_recognitiondecision.decision IS 'adopted or repeated.';
COMMENT ON COLUMN records_recognitiondecision.result IS 'The adopted result, as hospital/Type/id/version.';
COMMENT ON COLUMN records_recognitiondecision.reason IS 'Why the test is repeated.';
COMMENT ON COLUMN records_recognitiondecision.note IS 'The same in the doctor''s words. Encrypted.';
COMMENT ON COLUMN records_recognitiondecision.told IS 'Whether the patient was told why.';
COMMENT ON COLUMN records_recognitiondecision.quoted IS 'Whether the result was quoted into the note.';
COMMENT ON COLUMN records_recognitiondecision.price IS 'What the item cost then, where adopted.';
COMMENT ON COLUMN records_recognitiondecision.key IS 'The sender''s own key.';
COMMENT ON COLUMN records_recognitiondecision.actor IS 'Staff or system, as the audit log calls it.';
COMMENT ON COLUMN records_recognitiondecision.decided_at IS 'When.';

COMMENT ON TABLE records_worknotice IS 'Transitions of work between hospitals of which no Subscription has been told yet. Written with each; deleted by the courier (docs/adr/0090).';
COMMENT ON COLUMN records_worknotice.id IS 'Number of the row.';
COMMENT ON COLUMN records_worknotice.item_id IS 'The item (alliance_workitem).';
COMMENT ON COLUMN records_worknotice.version IS 'The item''s version after it.';
COMMENT ON COLUMN records_worknotice.state IS 'The state in which it led.';
COMMENT ON COLUMN records_worknotice.at IS 'When, by the database''s clock.';
