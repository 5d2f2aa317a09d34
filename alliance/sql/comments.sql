-- What each table and column of the app "alliance" (who takes part) means. `setup` applies it (alliance/database/schema_comments.py); docs/schema.sql shows it with the tables.
-- "sealed": AES-256-GCM, opened by a key that is not in the database. "hash": cannot be read back. Times are moments with a time zone; ids are numbers of rows.

COMMENT ON TABLE alliance_hospital IS 'A member hospital: its own FHIR store, staff and systems. Written by administrators; suspended, never deleted.';
COMMENT ON COLUMN alliance_hospital.id IS 'Number of the row; "hospital" and "hospital_id" in all other tables.';
COMMENT ON COLUMN alliance_hospital.code IS 'Name of its FHIR base: 2 to 32 small letters, digits, hyphens. Unique, never changes.';
COMMENT ON COLUMN alliance_hospital.name_zh IS 'Name in Chinese.';
COMMENT ON COLUMN alliance_hospital.name_en IS 'Name in English.';
COMMENT ON COLUMN alliance_hospital.tier IS 'tertiary, community (health centre) or township (hospital).';
COMMENT ON COLUMN alliance_hospital.credit_code IS 'Unified social credit code, 18 characters (GB 32100); "" where none was given.';
COMMENT ON COLUMN alliance_hospital.admitted_on IS 'First day of its membership.';
COMMENT ON COLUMN alliance_hospital.leaves_on IS 'Last day of its membership; NULL: no end is set.';
COMMENT ON COLUMN alliance_hospital.suspended_at IS 'Since when it takes no part; NULL: it takes part.';
COMMENT ON COLUMN alliance_hospital.suspended_reason IS 'Why it was suspended, as the administrator wrote it.';
COMMENT ON COLUMN alliance_hospital.sandbox_of_id IS 'Whose sandbox it is, of which the alliance knows nothing (alliance_hospital); NULL: a member.';
COMMENT ON COLUMN alliance_hospital.enforces_references IS 'Whether its store refuses references to what is not there, and deletions of what is referred to.';
COMMENT ON COLUMN alliance_hospital.requires_version IS 'Whether its systems must name the version that they update (If-Match).';

COMMENT ON TABLE alliance_department IS 'A department of a hospital. Written by administrators.';
COMMENT ON COLUMN alliance_department.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_department.hospital_id IS 'The hospital (alliance_hospital).';
COMMENT ON COLUMN alliance_department.code IS 'The hospital''s own code for it; unique within the hospital.';
COMMENT ON COLUMN alliance_department.name_zh IS 'Name in Chinese.';
COMMENT ON COLUMN alliance_department.name_en IS 'Name in English.';

COMMENT ON TABLE alliance_user IS 'An account that signs in on the pages (Django''s user). What it may do follows from its row in alliance_staff alone.';
COMMENT ON COLUMN alliance_user.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_user.password IS 'Salted hash in Django''s form (algorithm$parameters$salt$hash); begins with "!" where no password fits.';
COMMENT ON COLUMN alliance_user.last_login IS 'When it signed in last.';
COMMENT ON COLUMN alliance_user.is_superuser IS 'Django''s; opens no door here.';
COMMENT ON COLUMN alliance_user.username IS 'What is typed to sign in; unique.';
COMMENT ON COLUMN alliance_user.first_name IS 'Django''s; unused, names are in alliance_staff.';
COMMENT ON COLUMN alliance_user.last_name IS 'Django''s; unused, names are in alliance_staff.';
COMMENT ON COLUMN alliance_user.email IS 'Address for notices to the account''s holder; "" where none was given.';
COMMENT ON COLUMN alliance_user.is_staff IS 'Django''s; opens no door here.';
COMMENT ON COLUMN alliance_user.is_active IS 'Whether it may sign in at all (Django''s); the end of an employment is in alliance_staff.';
COMMENT ON COLUMN alliance_user.date_joined IS 'When the account was made.';
COMMENT ON COLUMN alliance_user.must_change_password IS 'Its password was made by somebody else: the next sign-in asks for a new one.';
COMMENT ON COLUMN alliance_user.demo IS 'Made by the demo, with published secrets: it signs in only while the demo is on.';

COMMENT ON TABLE alliance_user_groups IS 'Django''s groups of accounts; empty, no permission is given by groups.';
COMMENT ON COLUMN alliance_user_groups.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_user_groups.user_id IS 'The account (alliance_user).';
COMMENT ON COLUMN alliance_user_groups.group_id IS 'The group (auth_group).';

COMMENT ON TABLE alliance_user_user_permissions IS 'Django''s permissions of accounts; empty, permissions follow from the role.';
COMMENT ON COLUMN alliance_user_user_permissions.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_user_user_permissions.user_id IS 'The account (alliance_user).';
COMMENT ON COLUMN alliance_user_user_permissions.permission_id IS 'The permission (auth_permission).';

COMMENT ON TABLE alliance_staff IS 'Employment: the one person behind an account, at one hospital, in one role, from the first to the last day. Written by administrators; ended, never deleted.';
COMMENT ON COLUMN alliance_staff.id IS 'Number of the row: the staff number in decisions, audit lines ("staff/<id>") and consents.';
COMMENT ON COLUMN alliance_staff.user_id IS 'The account (alliance_user), one each.';
COMMENT ON COLUMN alliance_staff.hospital_id IS 'Where the person works (alliance_hospital).';
COMMENT ON COLUMN alliance_staff.department_id IS 'The department there; NULL: none is named.';
COMMENT ON COLUMN alliance_staff.name IS 'Name of the person, as shown.';
COMMENT ON COLUMN alliance_staff.title IS 'Professional title, as shown; "" for none.';
COMMENT ON COLUMN alliance_staff.role IS 'clinician, clerk, auditor, privacy or administrator: what the person may do (alliance/roles.py).';
COMMENT ON COLUMN alliance_staff.alliance_wide IS 'Whether the role counts for the whole alliance, not only for the hospital.';
COMMENT ON COLUMN alliance_staff.starts_on IS 'First day of the employment.';
COMMENT ON COLUMN alliance_staff.ends_on IS 'Last day of the employment, included.';
COMMENT ON COLUMN alliance_staff.ended_at IS 'When it was ended before its last day; NULL: it was not.';
COMMENT ON COLUMN alliance_staff.issued_as IS 'What was done last to the account that somebody else has to vouch for: enrol, reset, change, return; "" for nothing.';
COMMENT ON COLUMN alliance_staff.issued_at IS 'When that was done.';
COMMENT ON COLUMN alliance_staff.issuers IS 'Staff numbers of those who did such since the account was last vouched for: none of them may vouch.';
COMMENT ON COLUMN alliance_staff.vouched_at IS 'When somebody else confirmed that the right person has the account; NULL: nobody has, and it may do little.';
COMMENT ON COLUMN alliance_staff.vouched_by_id IS 'Who vouched (alliance_staff); NULL: the operator of the server, or there was nobody yet.';
COMMENT ON COLUMN alliance_staff.vouched_as IS 'The role in which the account was vouched for last; kept when the role changes.';

COMMENT ON TABLE alliance_hospitaluserobjectpermission IS 'Which account may administer or audit which hospital, or protects its privacy by an appointment (django-guardian). Written when staff are enrolled or changed, and with appointments.';
COMMENT ON COLUMN alliance_hospitaluserobjectpermission.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_hospitaluserobjectpermission.user_id IS 'The account (alliance_user).';
COMMENT ON COLUMN alliance_hospitaluserobjectpermission.content_object_id IS 'The hospital (alliance_hospital).';
COMMENT ON COLUMN alliance_hospitaluserobjectpermission.permission_id IS 'The permission (auth_permission).';

COMMENT ON TABLE alliance_departmentuserobjectpermission IS 'Written by earlier releases, never read: where somebody works is in alliance_staff.department_id. To be dropped once no release that writes it can serve.';
COMMENT ON COLUMN alliance_departmentuserobjectpermission.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_departmentuserobjectpermission.user_id IS 'The account (alliance_user).';
COMMENT ON COLUMN alliance_departmentuserobjectpermission.content_object_id IS 'The department (alliance_department).';
COMMENT ON COLUMN alliance_departmentuserobjectpermission.permission_id IS 'The permission (auth_permission).';

COMMENT ON TABLE alliance_client IS 'A system of a member hospital that uses the FHIR interface. Written by administrators; revoked, never deleted.';
COMMENT ON COLUMN alliance_client.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_client.client_id IS 'OAuth 2.0 client_id; unique. "client" in tables of the app records.';
COMMENT ON COLUMN alliance_client.hospital_id IS 'The hospital whose system it is (alliance_hospital).';
COMMENT ON COLUMN alliance_client.name IS 'Name of the system, as shown.';
COMMENT ON COLUMN alliance_client.secret_hash IS 'SHA-256 of the secret, which is 256 random bits; empty: no secret fits.';
COMMENT ON COLUMN alliance_client.jwks IS 'Its public keys (RFC 7517), where it proves itself by signed assertions; NULL: by its secret.';
COMMENT ON COLUMN alliance_client.witness_key IS 'Ed25519 public key with which it co-signs heads of the log; NULL: none.';
COMMENT ON COLUMN alliance_client.scopes IS 'SMART scopes that its tokens may have at most, separated by spaces.';
COMMENT ON COLUMN alliance_client.origins IS 'JSON list of web origins whose pages may read answers in a browser.';
COMMENT ON COLUMN alliance_client.created_at IS 'When it was registered.';
COMMENT ON COLUMN alliance_client.registered_by_id IS 'Who registered it (alliance_staff); NULL: the operator of the server.';
COMMENT ON COLUMN alliance_client.registered_through IS 'client_id of the administrator''s client that registered it, which gets no token before somebody vouched; "": a person did, or the operator.';
COMMENT ON COLUMN alliance_client.revoked_at IS 'Since when it gets no tokens; NULL: it does.';
COMMENT ON COLUMN alliance_client.vouched_at IS 'When somebody else stood behind it; NULL: nobody has, and it reaches its own hospital''s store alone.';
COMMENT ON COLUMN alliance_client.vouched_by_id IS 'Who vouched (alliance_staff).';

COMMENT ON TABLE alliance_accesstoken IS 'A bearer token of a system, until it expires. Written by the token endpoint, deleted when expired.';
COMMENT ON COLUMN alliance_accesstoken.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_accesstoken.digest IS 'SHA-256 of the token, which is 256 random bits: the token cannot be read back.';
COMMENT ON COLUMN alliance_accesstoken.client_id IS 'The system (alliance_client.id).';
COMMENT ON COLUMN alliance_accesstoken.scopes IS 'SMART scopes that were granted, separated by spaces.';
COMMENT ON COLUMN alliance_accesstoken.expires_at IS 'From when on it opens nothing.';

COMMENT ON TABLE alliance_administratorclient IS 'A client that acts for one administrator through the administration API, and reaches no record. Written by that administrator; revoked, never deleted.';
COMMENT ON COLUMN alliance_administratorclient.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_administratorclient.client_id IS 'OAuth 2.0 client_id, beginning with "admin_"; unique.';
COMMENT ON COLUMN alliance_administratorclient.staff_id IS 'The administrator for whom it acts (alliance_staff).';
COMMENT ON COLUMN alliance_administratorclient.hospital_id IS 'Where the administrator worked when it was registered (alliance_hospital): elsewhere it does not count.';
COMMENT ON COLUMN alliance_administratorclient.alliance_wide IS 'Whether the role counted for the whole alliance then: otherwise it does not count.';
COMMENT ON COLUMN alliance_administratorclient.password_digest IS 'SHA-256 of the account''s password hash then: with another password it does not count.';
COMMENT ON COLUMN alliance_administratorclient.authenticator_id IS 'The account''s authenticator then (mfa_authenticator): with another one it does not count.';
COMMENT ON COLUMN alliance_administratorclient.name IS 'Name of the script, as shown.';
COMMENT ON COLUMN alliance_administratorclient.secret_hash IS 'SHA-256 of the secret, which is 256 random bits; empty: no secret fits.';
COMMENT ON COLUMN alliance_administratorclient.jwks IS 'Its public keys (RFC 7517), where it proves itself by signed assertions; NULL: by its secret.';
COMMENT ON COLUMN alliance_administratorclient.scopes IS 'administration/… scopes that its tokens may have at most, separated by spaces.';
COMMENT ON COLUMN alliance_administratorclient.registered_at IS 'When it was registered.';
COMMENT ON COLUMN alliance_administratorclient.expires_at IS 'From when on it gets no tokens.';
COMMENT ON COLUMN alliance_administratorclient.agreed_at IS 'Since when it counts; NULL: it waits for another administrator of the alliance.';
COMMENT ON COLUMN alliance_administratorclient.agreed_by_id IS 'Who agreed (alliance_staff); NULL: nobody had to, or nobody has.';
COMMENT ON COLUMN alliance_administratorclient.revoked_at IS 'Since when it gets no tokens, for good; NULL: it was not revoked.';
COMMENT ON COLUMN alliance_administratorclient.revoked_by_id IS 'Who revoked it, or did that with which it ended (alliance_staff); NULL: nobody has, or the operator of the server.';

COMMENT ON TABLE alliance_administratortoken IS 'A bearer token of an administrator''s client, until it expires. Written by the token endpoint, deleted when expired.';
COMMENT ON COLUMN alliance_administratortoken.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_administratortoken.digest IS 'SHA-256 of the token, which is 256 random bits: the token cannot be read back.';
COMMENT ON COLUMN alliance_administratortoken.client_id IS 'The client (alliance_administratorclient.id).';
COMMENT ON COLUMN alliance_administratortoken.scopes IS 'administration/… scopes that were granted, separated by spaces.';
COMMENT ON COLUMN alliance_administratortoken.expires_at IS 'From when on it opens nothing.';

COMMENT ON TABLE alliance_handover IS 'A first password or a system''s secret, for the ten minutes in which whoever made it may still see it. Deleted afterwards.';
COMMENT ON COLUMN alliance_handover.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_handover.target IS 'What it belongs to, as the audit log calls it ("staff/<id>", "client/<client_id>"); one each.';
COMMENT ON COLUMN alliance_handover.holder_id IS 'The one who may see it (alliance_staff).';
COMMENT ON COLUMN alliance_handover.sealed IS 'The secret, sealed with the secret key (nonce, ciphertext, tag), bound to target and holder.';
COMMENT ON COLUMN alliance_handover.expires_at IS 'From when on it is shown to nobody.';

COMMENT ON TABLE alliance_proposal IS 'What one administrator of the alliance has proposed and another has to agree to within seven days (docs/adr/0030).';
COMMENT ON COLUMN alliance_proposal.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_proposal.act IS 'What is to be done: a name of ACTS (alliance/services/proposals.py).';
COMMENT ON COLUMN alliance_proposal.target IS 'To what, as the audit log calls it.';
COMMENT ON COLUMN alliance_proposal.values IS 'JSON object: what the act is carried out with.';
COMMENT ON COLUMN alliance_proposal.reason IS 'Why, as the proposer wrote it.';
COMMENT ON COLUMN alliance_proposal.proposed_by_id IS 'Who proposed it (alliance_staff).';
COMMENT ON COLUMN alliance_proposal.proposed_at IS 'When.';
COMMENT ON COLUMN alliance_proposal.expires_at IS 'Until when another one may agree.';
COMMENT ON COLUMN alliance_proposal.outcome IS 'agreed or refused; "": it waits, or has expired.';
COMMENT ON COLUMN alliance_proposal.decided_by_id IS 'Who agreed or refused (alliance_staff).';
COMMENT ON COLUMN alliance_proposal.decided_at IS 'When.';
COMMENT ON COLUMN alliance_proposal.decided_reason IS 'Why it was refused.';

COMMENT ON TABLE alliance_appointment IS 'That a privacy officer serves for a further hospital beside their own, from and until a day. Written when the second administrator agrees; ended, never deleted (docs/adr/0051).';
COMMENT ON COLUMN alliance_appointment.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_appointment.staff_id IS 'The officer (alliance_staff).';
COMMENT ON COLUMN alliance_appointment.employer_id IS 'Where the officer worked when it was agreed to (alliance_hospital); it counts only while they work there.';
COMMENT ON COLUMN alliance_appointment.hospital_id IS 'For which hospital they serve (alliance_hospital).';
COMMENT ON COLUMN alliance_appointment.starts_on IS 'First day on which it counts.';
COMMENT ON COLUMN alliance_appointment.ends_on IS 'Last day on which it counts.';
COMMENT ON COLUMN alliance_appointment.reason IS 'Why, as the proposer wrote it.';
COMMENT ON COLUMN alliance_appointment.proposed_by_id IS 'Who proposed it (alliance_staff); NULL: the operator of the server.';
COMMENT ON COLUMN alliance_appointment.agreed_by_id IS 'Who agreed (alliance_staff); NULL: the operator of the server.';
COMMENT ON COLUMN alliance_appointment.agreed_at IS 'When.';
COMMENT ON COLUMN alliance_appointment.ended_at IS 'Since when it counts no more, before its last day; NULL: nobody has ended it.';
COMMENT ON COLUMN alliance_appointment.ended_by_id IS 'Who ended it, or the employment that it hung on (alliance_staff); NULL: nobody, or the operator.';
COMMENT ON COLUMN alliance_appointment.ended_reason IS 'Why, as whoever ended it wrote; staff/ and a number where it ended with the employment.';

COMMENT ON TABLE alliance_guesscount IS 'Wrong guesses at passwords, codes and secrets: how long the next one waits. Deleted when nothing of it counts any more.';
COMMENT ON COLUMN alliance_guesscount.key IS 'SHA-256, in hexadecimal, of who is guessed at and from where.';
COMMENT ON COLUMN alliance_guesscount.wrong IS 'Wrong guesses that still counted at counted_at; time makes them fewer.';
COMMENT ON COLUMN alliance_guesscount.counted_at IS 'When that was.';
COMMENT ON COLUMN alliance_guesscount.until IS 'No guess is looked at before.';

COMMENT ON TABLE alliance_knownplace IS 'A browser or network address from which an account has signed in with both factors. Deleted after 180 days without use.';
COMMENT ON COLUMN alliance_knownplace.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_knownplace.user_id IS 'The account (alliance_user).';
COMMENT ON COLUMN alliance_knownplace.place IS 'SHA-256, in hexadecimal, of the browser''s cookie or of the address (of IPv6 the /64).';
COMMENT ON COLUMN alliance_knownplace.seen_at IS 'When it signed in from there last.';

COMMENT ON TABLE alliance_formuse IS 'A form that was carried out: a second sending of the same rendered form is answered by its first answer. Deleted after a day (docs/adr/0026).';
COMMENT ON COLUMN alliance_formuse.key IS 'SHA-256, in hexadecimal, of the session, the address and the rendered form''s token.';
COMMENT ON COLUMN alliance_formuse.location IS 'Address to which the first answer led.';
COMMENT ON COLUMN alliance_formuse.used_at IS 'When it was carried out.';

COMMENT ON TABLE alliance_cache IS 'Django''s cache, shared by all processes: short-lived values that may be lost.';
COMMENT ON COLUMN alliance_cache.cache_key IS 'What is kept.';
COMMENT ON COLUMN alliance_cache.value IS 'Its value, pickled and in base64.';
COMMENT ON COLUMN alliance_cache.expires IS 'From when on it is ignored.';

COMMENT ON TABLE alliance_keyprint IS 'Fingerprints by which every process recognises that it has this database''s keys. Written by setup.';
COMMENT ON COLUMN alliance_keyprint.name IS 'secret_key, index_key, audit_key or body_key.';
COMMENT ON COLUMN alliance_keyprint.fingerprint IS 'Hash of the key, in hexadecimal: tells whether a key is this one, and nothing else of it.';
COMMENT ON COLUMN alliance_keyprint.recorded_at IS 'When it was written.';

COMMENT ON TABLE alliance_columnkey IS 'Data keys of encrypted columns (second factors, scans, reasons of emergencies); the newest encrypts. Written by setup; needed for as long as any value names them.';
COMMENT ON COLUMN alliance_columnkey.id IS 'Number of the row, which each encrypted value names.';
COMMENT ON COLUMN alliance_columnkey.wrapped IS 'The 256-bit key, sealed with the master key (body_key): nonce, ciphertext, tag.';
COMMENT ON COLUMN alliance_columnkey.made_at IS 'When it was made.';

COMMENT ON TABLE alliance_release IS 'One row: which code may serve this database (docs/adr/0040). Written by setup.';
COMMENT ON COLUMN alliance_release.only IS 'Always true: there is one row.';
COMMENT ON COLUMN alliance_release.number IS 'Number of migrations of the newest code that has brought the database to its schema.';
COMMENT ON COLUMN alliance_release.served_since IS 'Number of the oldest code that answers rightly over it.';
COMMENT ON COLUMN alliance_release.recorded_at IS 'When it was written.';

COMMENT ON TABLE alliance_writeprobe IS 'One row that GET /readyz writes: a database that only reads, or whose disk is full, is not ready.';
COMMENT ON COLUMN alliance_writeprobe.only IS 'Always true: there is one row.';
COMMENT ON COLUMN alliance_writeprobe.written_at IS 'When it was tried last.';

COMMENT ON TABLE alliance_epoch IS 'Stretches of the database''s life in which transaction numbers go on from each other; a promotion or a restore begins the next (docs/adr/0041). Written by setup, sealer and record_restore.';
COMMENT ON COLUMN alliance_epoch.number IS 'The epoch, from 1 on.';
COMMENT ON COLUMN alliance_epoch.kind IS 'first, promoted (a copy took over) or restored (an operator said so).';
COMMENT ON COLUMN alliance_epoch.system_identifier IS 'Of the server (pg_control_system); 0: whose numbers these are is not known.';
COMMENT ON COLUMN alliance_epoch.database IS 'Oid of the database in that server.';
COMMENT ON COLUMN alliance_epoch.timeline IS 'Timeline of the server''s write-ahead log.';
COMMENT ON COLUMN alliance_epoch.began_at IS 'When it began.';
COMMENT ON COLUMN alliance_epoch.horizon IS 'All transaction numbers below are of the common past of this epoch and those before.';
COMMENT ON COLUMN alliance_epoch.added IS 'What alliance_xid() adds to the server''s own transaction numbers in this epoch, so that none is given twice.';
COMMENT ON COLUMN alliance_epoch.passed IS 'The newest horizon that was announced in it: every transaction below has ended.';
COMMENT ON COLUMN alliance_epoch.passed_at IS 'When that was announced; NULL: never.';
COMMENT ON COLUMN alliance_epoch.lost_from IS 'Of a restored one: what was stored from then on may be gone; NULL: nobody knows.';
COMMENT ON COLUMN alliance_epoch.lost_until IS 'The end of that time; NULL: nothing was lost.';
COMMENT ON COLUMN alliance_epoch.reason IS 'Why it was restored, as the operator wrote it.';
COMMENT ON COLUMN alliance_epoch.recorded_by IS 'Account of the server''s operator who recorded it.';
COMMENT ON COLUMN alliance_epoch.subscribers_told IS 'Whether subscribers were told that something was rolled back.';

COMMENT ON TABLE alliance_backup IS 'What came of each backup and each drill. Written by the backup commands, read by pages, doctor and metrics.';
COMMENT ON COLUMN alliance_backup.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_backup.kind IS 'full, incremental or drill (a rehearsed restore).';
COMMENT ON COLUMN alliance_backup.name IS 'Name of the backup''s folder below base/; of a drill, of the backup that it restored.';
COMMENT ON COLUMN alliance_backup.began IS 'When it began.';
COMMENT ON COLUMN alliance_backup.ended IS 'When it ended.';
COMMENT ON COLUMN alliance_backup.bytes IS 'Size in bytes.';
COMMENT ON COLUMN alliance_backup.verified IS 'Whether a server was raised from it and all that was looked at held.';
COMMENT ON COLUMN alliance_backup.until IS 'The moment to which that server came; NULL: none was raised.';
COMMENT ON COLUMN alliance_backup.wrong IS 'What did not hold; "": all did.';
COMMENT ON COLUMN alliance_backup.seconds IS 'Of a drill: seconds that the return took.';
COMMENT ON COLUMN alliance_backup.lost_seconds IS 'Of a drill: seconds of acknowledged work that it would have lost.';

COMMENT ON TABLE alliance_disksample IS 'How full a disk was in an hour, for the forecast. Written each hour by the worker, kept for 60 days.';
COMMENT ON COLUMN alliance_disksample.node IS 'Host name of the machine.';
COMMENT ON COLUMN alliance_disksample.place IS 'home, data, temporary or backup.';
COMMENT ON COLUMN alliance_disksample.hour IS 'Beginning of the hour.';
COMMENT ON COLUMN alliance_disksample.free IS 'Free bytes.';
COMMENT ON COLUMN alliance_disksample.total IS 'Bytes of the whole disk.';

COMMENT ON COLUMN alliance_client.may_launch IS 'Whether it may open patients as doctors of its hospital (POST /launch).';
COMMENT ON COLUMN alliance_client.frame_origins IS 'Origins of its pages in whose frames a record that it opens is shown; [] where in none.';

COMMENT ON TABLE alliance_launchpermission IS 'What a doctor has said, in person, of a system that opens records as them. Written by the doctor.';
COMMENT ON COLUMN alliance_launchpermission.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_launchpermission.staff_id IS 'The doctor (alliance_staff).';
COMMENT ON COLUMN alliance_launchpermission.client_id IS 'The system (alliance_client).';
COMMENT ON COLUMN alliance_launchpermission.allowed IS 'Whether it shows other hospitals'' records, too; false: it opens nothing as them.';
COMMENT ON COLUMN alliance_launchpermission.said_at IS 'When the doctor said so last.';
COMMENT ON COLUMN alliance_launchpermission.until IS 'Until when it is allowed; NULL where it is not.';

COMMENT ON TABLE alliance_launch IS 'An address that a system was given to open one patient as one doctor, and the session that it opened. Deleted after a day.';
COMMENT ON COLUMN alliance_launch.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_launch.ticket IS 'Hash of the address, which opens once.';
COMMENT ON COLUMN alliance_launch.session IS 'Hash of the session''s cookie; NULL until it was opened.';
COMMENT ON COLUMN alliance_launch.client_id IS 'The system that asked (alliance_client).';
COMMENT ON COLUMN alliance_launch.staff_id IS 'The doctor as whom it opens (alliance_staff).';
COMMENT ON COLUMN alliance_launch.person IS 'The patient''s person id, and nobody else''s.';
COMMENT ON COLUMN alliance_launch.detail IS 'Visit and department as the system named them, for the log.';
COMMENT ON COLUMN alliance_launch.asked_at IS 'When the address was given.';
COMMENT ON COLUMN alliance_launch.expires_at IS 'Until when it opens.';
COMMENT ON COLUMN alliance_launch.opened_at IS 'When it was opened; NULL: not yet.';
COMMENT ON COLUMN alliance_launch.seen_at IS 'When the session was used last, to half a minute.';
COMMENT ON COLUMN alliance_launch.ends_at IS 'When the session ends, however busy it is.';
COMMENT ON COLUMN alliance_launch.ended_at IS 'When it was ended before; NULL: it was not.';

COMMENT ON TABLE alliance_enrolmentcode IS 'A code by which a machine becomes a system of a hospital, once and within a day. Written by administrators and the operator; never deleted (docs/adr/0064).';
COMMENT ON COLUMN alliance_enrolmentcode.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_enrolmentcode.digest IS 'SHA-256 of the code, which is 100 random bits: the code cannot be read back.';
COMMENT ON COLUMN alliance_enrolmentcode.hospital_id IS 'Whose system it makes: a member, or a member''s sandbox (alliance_hospital).';
COMMENT ON COLUMN alliance_enrolmentcode.scopes IS 'SMART scopes that the system''s tokens may have at most, separated by spaces.';
COMMENT ON COLUMN alliance_enrolmentcode.made_by_id IS 'Who made it (alliance_staff); NULL: the operator of the server.';
COMMENT ON COLUMN alliance_enrolmentcode.made_through IS 'client_id of the administrator''s client that made it; "": a person did, or the operator.';
COMMENT ON COLUMN alliance_enrolmentcode.made_at IS 'When.';
COMMENT ON COLUMN alliance_enrolmentcode.expires_at IS 'From when on it makes nothing.';
COMMENT ON COLUMN alliance_enrolmentcode.withdrawn_at IS 'When an administrator took it back; NULL: nobody has.';
COMMENT ON COLUMN alliance_enrolmentcode.used_at IS 'When it was used; NULL: it was not.';
COMMENT ON COLUMN alliance_enrolmentcode.client_id IS 'The system that it made (alliance_client.id); NULL: none yet.';

COMMENT ON TABLE alliance_acceptancemark IS 'That a sandbox system has shown one thing that a system must be able to do. Written by the doors of sync (docs/adr/0064).';
COMMENT ON COLUMN alliance_acceptancemark.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_acceptancemark.client_id IS 'The system (alliance_client.id).';
COMMENT ON COLUMN alliance_acceptancemark.behaviour IS 'What it has shown: a name of records/sync/acceptance.py.';
COMMENT ON COLUMN alliance_acceptancemark.seen_at IS 'When it was seen first.';

COMMENT ON TABLE alliance_workitem IS 'Work between two hospitals: a referral. Written by the hospitals'' staff and by timers, by the table of its states; never deleted (docs/adr/0086).';
COMMENT ON COLUMN alliance_workitem.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_workitem.kind IS 'referral-up, referral-down or referral-sideways.';
COMMENT ON COLUMN alliance_workitem.person IS 'The patient: home of the sender''s registration (records_sourcepatient.home).';
COMMENT ON COLUMN alliance_workitem.source_patient IS 'The sender''s registration of the patient (records_sourcepatient.id).';
COMMENT ON COLUMN alliance_workitem.sender_id IS 'The hospital that sends (alliance_hospital).';
COMMENT ON COLUMN alliance_workitem.sender_staff_id IS 'Who sent it (alliance_staff).';
COMMENT ON COLUMN alliance_workitem.receiver_id IS 'The hospital to which the patient goes (alliance_hospital).';
COMMENT ON COLUMN alliance_workitem.department IS 'Department or clinic there, as the sender wrote it; "": open.';
COMMENT ON COLUMN alliance_workitem.owner_id IS 'The hospital whose turn it is, or was last (alliance_hospital).';
COMMENT ON COLUMN alliance_workitem.urgency IS 'emergency, urgent or routine.';
COMMENT ON COLUMN alliance_workitem.rank IS 'Of the urgency, for sorting: 0 is the most urgent.';
COMMENT ON COLUMN alliance_workitem.state IS 'A state of alliance/referrals/referral_table.py.';
COMMENT ON COLUMN alliance_workitem.version IS 'How many verbs have moved it; who moves it says which one they have seen.';
COMMENT ON COLUMN alliance_workitem.reason IS 'Why, as the sender wrote it; encrypted.';
COMMENT ON COLUMN alliance_workitem.question IS 'What the sender asks; encrypted.';
COMMENT ON COLUMN alliance_workitem.transport IS 'How the patient travels; encrypted.';
COMMENT ON COLUMN alliance_workitem.wish IS 'What the patient wishes; encrypted.';
COMMENT ON COLUMN alliance_workitem.arrangement IS 'Where the patient is to come and to whom, as the receiver wrote it last; encrypted.';
COMMENT ON COLUMN alliance_workitem.arranged_for IS 'When the patient is to come; NULL: not said.';
COMMENT ON COLUMN alliance_workitem.outcome IS 'What came of it; encrypted.';
COMMENT ON COLUMN alliance_workitem.sent_at IS 'When it was sent.';
COMMENT ON COLUMN alliance_workitem.entered_at IS 'When it came into its state.';
COMMENT ON COLUMN alliance_workitem.due_at IS 'When the first timer of its state is due.';
COMMENT ON COLUMN alliance_workitem.closed_at IS 'When it ended; NULL: it has not.';
COMMENT ON COLUMN alliance_workitem.alarm IS 'Whom a timer that was not heeded has told: 0 nobody, 1 the owner, 2 the duty office, 3 the alliance''s office.';
COMMENT ON COLUMN alliance_workitem.opened_home IS 'Whether the sender sees the receiver''s records for it as well.';
COMMENT ON COLUMN alliance_workitem.rights_end IS 'When the access ends that it gave; NULL: open with it.';

COMMENT ON TABLE alliance_worktransition IS 'One verb that moved a work item. Written with it; never changed.';
COMMENT ON COLUMN alliance_worktransition.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_worktransition.item_id IS 'The item (alliance_workitem).';
COMMENT ON COLUMN alliance_worktransition.version IS 'The item''s version after it.';
COMMENT ON COLUMN alliance_worktransition.verb IS 'The verb, of alliance/referrals/referral_table.py; send for the first.';
COMMENT ON COLUMN alliance_worktransition.from_state IS 'The state before; "": it was sent.';
COMMENT ON COLUMN alliance_worktransition.to_state IS 'The state after.';
COMMENT ON COLUMN alliance_worktransition.staff_id IS 'Who (alliance_staff); NULL: a timer.';
COMMENT ON COLUMN alliance_worktransition.role IS 'Their role then.';
COMMENT ON COLUMN alliance_worktransition.hospital_id IS 'For which hospital; NULL: a timer.';
COMMENT ON COLUMN alliance_worktransition.at IS 'When, by the database''s clock.';
COMMENT ON COLUMN alliance_worktransition.note IS 'Reason, question, answer, arrangement, outcome or plan as typed; encrypted.';
COMMENT ON COLUMN alliance_worktransition.arranged_for IS 'When the patient was to come then; NULL: not said.';

COMMENT ON TABLE alliance_worktimer IS 'What happens at a moment unless the work item has left its state by then. Written when a state is entered, fired by the job worker.';
COMMENT ON COLUMN alliance_worktimer.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_worktimer.item_id IS 'The item (alliance_workitem).';
COMMENT ON COLUMN alliance_worktimer.action IS 'remind, duty, office or miss (alliance/workflow/state_table.py).';
COMMENT ON COLUMN alliance_worktimer.due_at IS 'When, by the database''s clock.';
COMMENT ON COLUMN alliance_worktimer.fired_at IS 'When it was fired; NULL: it was not.';
COMMENT ON COLUMN alliance_worktimer.cancelled_at IS 'When the item left the state before; NULL: it did not.';

COMMENT ON TABLE alliance_workdocument IS 'A record that goes along with a work item. Written at sending; never changed.';
COMMENT ON COLUMN alliance_workdocument.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_workdocument.item_id IS 'The item (alliance_workitem).';
COMMENT ON COLUMN alliance_workdocument.hospital_id IS 'The hospital in whose store it lies (alliance_hospital).';
COMMENT ON COLUMN alliance_workdocument.type_name IS 'Its FHIR type.';
COMMENT ON COLUMN alliance_workdocument.fhir_id IS 'Its id there.';
COMMENT ON COLUMN alliance_workdocument.version IS 'Its version at sending.';
COMMENT ON COLUMN alliance_workdocument.digest IS 'SHA-256 of what the sender saw, as canonical JSON, in hexadecimal.';

COMMENT ON TABLE alliance_worknumber IS 'What the sender''s system calls a work item, by which it is sent once. Written with the item; never changed (docs/adr/0090).';
COMMENT ON COLUMN alliance_worknumber.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_worknumber.item_id IS 'The item (alliance_workitem).';
COMMENT ON COLUMN alliance_worknumber.hospital_id IS 'The hospital that sends (alliance_hospital).';
COMMENT ON COLUMN alliance_worknumber.system IS 'Whose numbers they are, as the system says.';
COMMENT ON COLUMN alliance_worknumber.value IS 'The number.';
COMMENT ON COLUMN alliance_launchpermission.works IS 'Whether the system may also refer patients and answer referrals in the doctor''s name.';
