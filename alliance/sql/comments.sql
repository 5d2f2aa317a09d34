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

COMMENT ON TABLE alliance_workitem IS 'Work between two hospitals: a referral or a consultation. Written by the hospitals'' staff and by timers, by the table of its states; never deleted (docs/adr/0086).';
COMMENT ON COLUMN alliance_workitem.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_workitem.kind IS 'referral-up, referral-down or referral-sideways; consultation, consultation-joint, reading-ecg, reading-imaging or reading-pathology.';
COMMENT ON COLUMN alliance_workitem.person IS 'The patient: home of the sender''s registration (records_sourcepatient.home).';
COMMENT ON COLUMN alliance_workitem.source_patient IS 'The sender''s registration of the patient (records_sourcepatient.id).';
COMMENT ON COLUMN alliance_workitem.sender_id IS 'The hospital that sends (alliance_hospital).';
COMMENT ON COLUMN alliance_workitem.sender_staff_id IS 'Who sent it (alliance_staff).';
COMMENT ON COLUMN alliance_workitem.receiver_id IS 'The hospital to which the patient goes, or whose experts are asked (alliance_hospital).';
COMMENT ON COLUMN alliance_workitem.department IS 'Department or clinic there, as the sender wrote it; "": open.';
COMMENT ON COLUMN alliance_workitem.owner_id IS 'The hospital whose turn it is, or was last (alliance_hospital).';
COMMENT ON COLUMN alliance_workitem.urgency IS 'emergency, urgent or routine.';
COMMENT ON COLUMN alliance_workitem.rank IS 'Of the urgency, for sorting: 0 is the most urgent.';
COMMENT ON COLUMN alliance_workitem.state IS 'A state of alliance/referrals/referral_table.py or alliance/consultations/consultation_table.py.';
COMMENT ON COLUMN alliance_workitem.version IS 'How many verbs have moved it; who moves it says which one they have seen.';
COMMENT ON COLUMN alliance_workitem.reason IS 'Why, as the sender wrote it; encrypted.';
COMMENT ON COLUMN alliance_workitem.question IS 'What the sender asks; encrypted.';
COMMENT ON COLUMN alliance_workitem.transport IS 'How the patient travels; encrypted.';
COMMENT ON COLUMN alliance_workitem.wish IS 'What the patient wishes; encrypted.';
COMMENT ON COLUMN alliance_workitem.arrangement IS 'Where the patient is to come and to whom, as the receiver wrote it last; encrypted.';
COMMENT ON COLUMN alliance_workitem.arranged_for IS 'When the patient is to come, or the meeting begins; NULL: not said.';
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
COMMENT ON COLUMN alliance_worktransition.verb IS 'The verb, of the same table; send for the first.';
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

COMMENT ON TABLE alliance_homeplan IS 'How treatment goes on at home after a hospital, of a work item. Written with sending (home) or sending back; never changed (docs/adr/0094).';
COMMENT ON COLUMN alliance_homeplan.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_homeplan.item_id IS 'The item (alliance_workitem).';
COMMENT ON COLUMN alliance_homeplan.treating_id IS 'The hospital that wrote it (alliance_hospital).';
COMMENT ON COLUMN alliance_homeplan.home_id IS 'The hospital at which the patient is at home (alliance_hospital).';
COMMENT ON COLUMN alliance_homeplan.staff_id IS 'Who wrote it (alliance_staff).';
COMMENT ON COLUMN alliance_homeplan.at IS 'When, by the database''s clock.';
COMMENT ON COLUMN alliance_homeplan.summary_id IS 'The discharge summary that was chosen (alliance_workdocument); NULL: none, diagnosis and course are in words.';
COMMENT ON COLUMN alliance_homeplan.record_number IS 'Number of the inpatient record there; encrypted.';
COMMENT ON COLUMN alliance_homeplan.diagnosis IS 'Encrypted.';
COMMENT ON COLUMN alliance_homeplan.findings IS 'Main results of examinations; encrypted.';
COMMENT ON COLUMN alliance_homeplan.course IS 'Course and treatment; encrypted.';
COMMENT ON COLUMN alliance_homeplan.advice IS 'How treatment goes on, and rehabilitation; encrypted.';
COMMENT ON COLUMN alliance_homeplan.warning_signs IS 'Which signs are a warning, and what to do; encrypted.';
COMMENT ON COLUMN alliance_homeplan.call_name IS 'Whom to call; encrypted.';
COMMENT ON COLUMN alliance_homeplan.call_phone IS 'Under which number; encrypted.';

COMMENT ON TABLE alliance_homemedicine IS 'A medicine of a home plan and what was changed. Written with the plan; never changed.';
COMMENT ON COLUMN alliance_homemedicine.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_homemedicine.plan_id IS 'The plan (alliance_homeplan).';
COMMENT ON COLUMN alliance_homemedicine.position IS 'Its place in the plan, from 0.';
COMMENT ON COLUMN alliance_homemedicine.change IS 'new, changed, stopped or unchanged.';
COMMENT ON COLUMN alliance_homemedicine.name IS 'Encrypted.';
COMMENT ON COLUMN alliance_homemedicine.dosage IS 'How it is taken now; encrypted.';
COMMENT ON COLUMN alliance_homemedicine.before IS 'How it was taken before, of one that was changed; encrypted.';
COMMENT ON COLUMN alliance_homemedicine.why IS 'Why it was begun, changed or stopped; encrypted.';

COMMENT ON TABLE alliance_hometask IS 'What is to be done at home by a day. Written with the plan; the web may change what became of it alone.';
COMMENT ON COLUMN alliance_hometask.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_hometask.plan_id IS 'The plan (alliance_homeplan).';
COMMENT ON COLUMN alliance_hometask.position IS 'Its place in the plan, from 0.';
COMMENT ON COLUMN alliance_hometask.what IS 'Encrypted.';
COMMENT ON COLUMN alliance_hometask.due_on IS 'By which day.';
COMMENT ON COLUMN alliance_hometask.doer IS 'community (doctor), patient or hospital.';
COMMENT ON COLUMN alliance_hometask.treating_id IS 'The plan''s treating hospital (alliance_hospital).';
COMMENT ON COLUMN alliance_hometask.home_id IS 'The plan''s home hospital (alliance_hospital).';
COMMENT ON COLUMN alliance_hometask.state IS 'open, done or dropped: as the last of its entries says.';
COMMENT ON COLUMN alliance_hometask.entries IS 'How many entries it has; who marks it says which they have seen.';

COMMENT ON TABLE alliance_hometaskentry IS 'Somebody ticked a task, took the tick away, or said that it is no longer needed. Never changed.';
COMMENT ON COLUMN alliance_hometaskentry.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_hometaskentry.task_id IS 'The task (alliance_hometask).';
COMMENT ON COLUMN alliance_hometaskentry.number IS 'Which of the task''s entries, from 1.';
COMMENT ON COLUMN alliance_hometaskentry.state IS 'open, done or dropped.';
COMMENT ON COLUMN alliance_hometaskentry.staff_id IS 'Who (alliance_staff).';
COMMENT ON COLUMN alliance_hometaskentry.role IS 'Their role then.';
COMMENT ON COLUMN alliance_hometaskentry.hospital_id IS 'For which hospital (alliance_hospital).';
COMMENT ON COLUMN alliance_hometaskentry.at IS 'When, by the database''s clock.';
COMMENT ON COLUMN alliance_hometaskentry.note IS 'Remark, or why; encrypted.';

COMMENT ON TABLE alliance_homemeasure IS 'A value that a follow-up measured. Written with it; never changed.';
COMMENT ON COLUMN alliance_homemeasure.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_homemeasure.transition_id IS 'The follow-up (alliance_worktransition).';
COMMENT ON COLUMN alliance_homemeasure.kind IS 'pressure (mmHg), glucose (mmol/L) or weight (kg).';
COMMENT ON COLUMN alliance_homemeasure.value IS 'As written; encrypted.';
COMMENT ON TABLE alliance_workdeadline IS 'One deadline as the alliance has set it; the newest of a name and urgency counts. Written when a proposal is agreed to; never changed.';
COMMENT ON COLUMN alliance_workdeadline.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_workdeadline.name IS 'Of alliance/workflow/deadlines.py; rights-after-end, office-opens, office-closes.';
COMMENT ON COLUMN alliance_workdeadline.urgency IS 'emergency, urgent, routine; "": for all.';
COMMENT ON COLUMN alliance_workdeadline.amount IS 'How many of the unit.';
COMMENT ON COLUMN alliance_workdeadline.unit IS 'minutes, hours, days (by the clock), working-hours, working-days; moment: minutes of the day.';
COMMENT ON COLUMN alliance_workdeadline.set_at IS 'When, by the database''s clock.';
COMMENT ON COLUMN alliance_workdeadline.proposed_by_id IS 'Who proposed it (alliance_staff); NULL: the operator.';
COMMENT ON COLUMN alliance_workdeadline.agreed_by_id IS 'Who agreed (alliance_staff); NULL: the operator.';

COMMENT ON TABLE alliance_calendarday IS 'A day that is worked or not otherwise than its weekday. Kept by administrators of the alliance.';
COMMENT ON COLUMN alliance_calendarday.day IS 'The day.';
COMMENT ON COLUMN alliance_calendarday.works IS 'Whether it is worked.';
COMMENT ON COLUMN alliance_calendarday.name IS 'Of the holiday.';
COMMENT ON COLUMN alliance_calendarday.changed_at IS 'When it was set.';
COMMENT ON COLUMN alliance_calendarday.changed_by_id IS 'By whom (alliance_staff); NULL: the operator.';

COMMENT ON TABLE alliance_dutyoffice IS 'A hospital''s duty office. Kept by its administrator.';
COMMENT ON COLUMN alliance_dutyoffice.hospital_id IS 'The hospital (alliance_hospital).';
COMMENT ON COLUMN alliance_dutyoffice.phone IS 'Where it is called.';
COMMENT ON COLUMN alliance_dutyoffice.place IS 'Where it is.';
COMMENT ON COLUMN alliance_dutyoffice.changed_at IS 'When it was set.';

COMMENT ON TABLE alliance_dutyoffice_members IS 'Who is of a duty office.';
COMMENT ON COLUMN alliance_dutyoffice_members.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_dutyoffice_members.dutyoffice_id IS 'The office (alliance_dutyoffice).';
COMMENT ON COLUMN alliance_dutyoffice_members.staff_id IS 'Who (alliance_staff).';

COMMENT ON TABLE alliance_worknoticeaddress IS 'Where a hospital is told of work, without patients. Kept by its administrator; ended, never deleted.';
COMMENT ON COLUMN alliance_worknoticeaddress.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_worknoticeaddress.hospital_id IS 'The hospital (alliance_hospital).';
COMMENT ON COLUMN alliance_worknoticeaddress.channel IS 'mail or webhook.';
COMMENT ON COLUMN alliance_worknoticeaddress.target IS 'Address of the mail, or of the webhook.';
COMMENT ON COLUMN alliance_worknoticeaddress.secret IS 'By which the webhook''s calls are signed; encrypted.';
COMMENT ON COLUMN alliance_worknoticeaddress.made_at IS 'Since when.';
COMMENT ON COLUMN alliance_worknoticeaddress.ended_at IS 'Until when; NULL: still.';

COMMENT ON TABLE alliance_worknotice IS 'What one address is told of one step of a work item. Written with the step, sent by the job worker.';
COMMENT ON COLUMN alliance_worknotice.id IS 'Number of the row, and of the notice.';
COMMENT ON COLUMN alliance_worknotice.address_id IS 'Where (alliance_worknoticeaddress).';
COMMENT ON COLUMN alliance_worknotice.item_id IS 'The item (alliance_workitem).';
COMMENT ON COLUMN alliance_worknotice.verb IS 'What happened: a verb, or duty or office for a timer that was not heeded.';
COMMENT ON COLUMN alliance_worknotice.state IS 'The item''s state after it.';
COMMENT ON COLUMN alliance_worknotice.made_at IS 'When it happened.';
COMMENT ON COLUMN alliance_worknotice.due_at IS 'When it is tried next.';
COMMENT ON COLUMN alliance_worknotice.tries IS 'How often it has failed.';
COMMENT ON COLUMN alliance_worknotice.fault IS 'What went wrong last.';
COMMENT ON COLUMN alliance_worknotice.sent_at IS 'When it arrived; NULL: not yet.';
COMMENT ON COLUMN alliance_worknotice.given_up_at IS 'Since when it is not tried any more; NULL: it is.';
COMMENT ON TABLE alliance_consultationrequest IS 'What was asked in a consultation, and that the patient agreed. Written at sending; never changed (docs/adr/0088).';
COMMENT ON COLUMN alliance_consultationrequest.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_consultationrequest.item_id IS 'The consultation (alliance_workitem).';
COMMENT ON COLUMN alliance_consultationrequest.fields IS 'Purpose, reason, summary, examinations and more, {name: text} as JSON; encrypted.';
COMMENT ON COLUMN alliance_consultationrequest.agreement IS 'signed, spoken or impossible.';
COMMENT ON COLUMN alliance_consultationrequest.agreed_by IS 'Who agreed, the patient or who speaks for them; where nobody could be asked, why; encrypted.';
COMMENT ON COLUMN alliance_consultationrequest.agreed_at IS 'When.';

COMMENT ON TABLE alliance_consultationexpert IS 'An expert who was named for a consultation. Written when a team is named; never changed: the team of the greatest number counts.';
COMMENT ON COLUMN alliance_consultationexpert.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_consultationexpert.item_id IS 'The consultation (alliance_workitem).';
COMMENT ON COLUMN alliance_consultationexpert.team IS 'Number of the team: version of the item at which it was named.';
COMMENT ON COLUMN alliance_consultationexpert.staff_id IS 'Who (alliance_staff).';
COMMENT ON COLUMN alliance_consultationexpert.leads IS 'Whether they lead, and sign.';

COMMENT ON TABLE alliance_consultationmeeting IS 'When and where a consultation is talked over. Written with a team; never changed.';
COMMENT ON COLUMN alliance_consultationmeeting.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_consultationmeeting.item_id IS 'The consultation (alliance_workitem).';
COMMENT ON COLUMN alliance_consultationmeeting.team IS 'Number of the team.';
COMMENT ON COLUMN alliance_consultationmeeting.starts_at IS 'When it begins.';
COMMENT ON COLUMN alliance_consultationmeeting.link IS 'Where, of whatever system the alliance has; encrypted.';
COMMENT ON COLUMN alliance_consultationmeeting.participants IS 'Who takes part, as typed; encrypted.';

COMMENT ON TABLE alliance_opiniondraft IS 'The opinion of a consultation as an expert saved it. One row a save; never changed.';
COMMENT ON COLUMN alliance_opiniondraft.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_opiniondraft.item_id IS 'The consultation (alliance_workitem).';
COMMENT ON COLUMN alliance_opiniondraft.number IS '1, 2, … of the consultation.';
COMMENT ON COLUMN alliance_opiniondraft.fields IS '{name: text} as JSON; encrypted.';
COMMENT ON COLUMN alliance_opiniondraft.staff_id IS 'Who saved it (alliance_staff).';
COMMENT ON COLUMN alliance_opiniondraft.at IS 'When, by the database''s clock.';

COMMENT ON TABLE alliance_signedopinion IS 'The signed opinion of a consultation. Written by signing; never changed.';
COMMENT ON COLUMN alliance_signedopinion.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_signedopinion.item_id IS 'The consultation (alliance_workitem).';
COMMENT ON COLUMN alliance_signedopinion.number IS 'Of the draft that was signed.';
COMMENT ON COLUMN alliance_signedopinion.fields IS 'What the experts wrote, {name: text} as JSON; encrypted.';
COMMENT ON COLUMN alliance_signedopinion.document IS 'The document, the very bytes that were signed; encrypted.';
COMMENT ON COLUMN alliance_signedopinion.signature IS 'The signature over them, a detached JWS whose header names the signer; encrypted.';
COMMENT ON COLUMN alliance_signedopinion.key IS 'Name of the hospital''s key (records_hospitalsigningkey).';
COMMENT ON COLUMN alliance_signedopinion.digest IS 'SHA-256 of the document, hexadecimal.';
COMMENT ON COLUMN alliance_signedopinion.staff_id IS 'The lead expert, who signed (alliance_staff).';
COMMENT ON COLUMN alliance_signedopinion.at IS 'When, by the database''s clock.';

COMMENT ON TABLE alliance_consultationrating IS 'What the asking hospital thought of a consultation. Written once; never changed.';
COMMENT ON COLUMN alliance_consultationrating.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_consultationrating.item_id IS 'The consultation (alliance_workitem).';
COMMENT ON COLUMN alliance_consultationrating.score IS '1 to 5.';
COMMENT ON COLUMN alliance_consultationrating.comment IS 'As typed; encrypted.';
COMMENT ON COLUMN alliance_consultationrating.staff_id IS 'Who (alliance_staff).';
COMMENT ON COLUMN alliance_consultationrating.at IS 'When, by the database''s clock.';
COMMENT ON TABLE alliance_workmessage IS 'What the two hospitals of a work item say to each other beside its verbs. Written by their staff; never changed.';
COMMENT ON COLUMN alliance_workmessage.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_workmessage.item_id IS 'The item (alliance_workitem).';
COMMENT ON COLUMN alliance_workmessage.staff_id IS 'Who wrote it (alliance_staff).';
COMMENT ON COLUMN alliance_workmessage.hospital_id IS 'For which hospital (alliance_hospital).';
COMMENT ON COLUMN alliance_workmessage.at IS 'When, by the database''s clock.';
COMMENT ON COLUMN alliance_workmessage.text IS 'As typed; encrypted.';

COMMENT ON TABLE alliance_workmessagesight IS 'How far somebody has read the messages of a work item.';
COMMENT ON COLUMN alliance_workmessagesight.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_workmessagesight.item_id IS 'The item (alliance_workitem).';
COMMENT ON COLUMN alliance_workmessagesight.staff_id IS 'Who (alliance_staff).';
COMMENT ON COLUMN alliance_workmessagesight.last IS 'The newest message that they have had before them (alliance_workmessage.id).';

COMMENT ON TABLE alliance_workdebt IS 'What the sender still owes of a work item that went first: its papers, or its hospital''s approval. Written at sending, settled once.';
COMMENT ON COLUMN alliance_workdebt.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_workdebt.item_id IS 'The item (alliance_workitem).';
COMMENT ON COLUMN alliance_workdebt.kind IS 'papers or approval.';
COMMENT ON COLUMN alliance_workdebt.due_at IS 'When it is due, by the database''s clock.';
COMMENT ON COLUMN alliance_workdebt.settled_at IS 'When it was settled; NULL: it is owed.';
COMMENT ON COLUMN alliance_workdebt.settled_by_id IS 'Who settled it (alliance_staff); NULL: nobody.';

COMMENT ON TABLE alliance_workdraft IS 'A referral that is not sent: it opens nothing, and no hospital but its author''s sees it (docs/adr/0093).';
COMMENT ON COLUMN alliance_workdraft.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_workdraft.hospital_id IS 'The author''s hospital (alliance_hospital).';
COMMENT ON COLUMN alliance_workdraft.author_id IS 'Who writes it (alliance_staff).';
COMMENT ON COLUMN alliance_workdraft.person IS 'The patient: home of the hospital''s registration (records_sourcepatient.home).';
COMMENT ON COLUMN alliance_workdraft.source_patient IS 'The hospital''s registration of the patient (records_sourcepatient.id).';
COMMENT ON COLUMN alliance_workdraft.receiver_id IS 'The hospital to which it is to go (alliance_hospital).';
COMMENT ON COLUMN alliance_workdraft.kind IS 'referral-up, referral-down or referral-sideways.';
COMMENT ON COLUMN alliance_workdraft.urgency IS 'emergency, urgent or routine.';
COMMENT ON COLUMN alliance_workdraft.department IS 'Department or clinic there; "": open.';
COMMENT ON COLUMN alliance_workdraft.reason IS 'Why; encrypted.';
COMMENT ON COLUMN alliance_workdraft.question IS 'What the sender asks; encrypted.';
COMMENT ON COLUMN alliance_workdraft.transport IS 'How the patient travels; encrypted.';
COMMENT ON COLUMN alliance_workdraft.wish IS 'What the patient wishes; encrypted.';
COMMENT ON COLUMN alliance_workdraft.along IS 'Addresses, versions and sums of the records that go along, as JSON; encrypted.';
COMMENT ON COLUMN alliance_workdraft.plan IS 'The home plan of a referral down, as JSON; encrypted.';
COMMENT ON COLUMN alliance_workdraft.state IS 'A state of alliance/referrals/draft_table.py.';
COMMENT ON COLUMN alliance_workdraft.version IS 'How many verbs have moved it; who moves it says which one they have seen.';
COMMENT ON COLUMN alliance_workdraft.saved_at IS 'When it was moved last, by the database''s clock.';
COMMENT ON COLUMN alliance_workdraft.due_at IS 'When it has lain too long.';
COMMENT ON COLUMN alliance_workdraft.closed_at IS 'When it was sent or discarded; NULL: it was not.';
COMMENT ON COLUMN alliance_workdraft.item_id IS 'What it became (alliance_workitem); NULL: nothing.';

COMMENT ON TABLE alliance_workdraftstep IS 'One verb that moved a draft. Written with it; never changed.';
COMMENT ON COLUMN alliance_workdraftstep.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_workdraftstep.draft_id IS 'The draft (alliance_workdraft).';
COMMENT ON COLUMN alliance_workdraftstep.version IS 'The draft''s version after it.';
COMMENT ON COLUMN alliance_workdraftstep.verb IS 'The verb, of alliance/referrals/draft_table.py; save for the first.';
COMMENT ON COLUMN alliance_workdraftstep.to_state IS 'The state after.';
COMMENT ON COLUMN alliance_workdraftstep.staff_id IS 'Who (alliance_staff).';
COMMENT ON COLUMN alliance_workdraftstep.role IS 'Their role then.';
COMMENT ON COLUMN alliance_workdraftstep.at IS 'When, by the database''s clock.';
COMMENT ON COLUMN alliance_workdraftstep.note IS 'The reason as typed; encrypted.';

COMMENT ON TABLE alliance_approvalrule IS 'A hospital wants its referrals of a kind approved by a second person before they are sent. Written by its administrators.';
COMMENT ON COLUMN alliance_approvalrule.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_approvalrule.hospital_id IS 'Which hospital (alliance_hospital).';
COMMENT ON COLUMN alliance_approvalrule.kind IS 'referral-up, referral-down or referral-sideways.';
COMMENT ON COLUMN alliance_approvalrule.set_at IS 'From when.';
COMMENT ON COLUMN alliance_approvalrule.set_by_id IS 'Who set it (alliance_staff).';
COMMENT ON COLUMN alliance_approvalrule.ended_at IS 'Until when; NULL: it holds.';
COMMENT ON COLUMN alliance_approvalrule.ended_by_id IS 'Who ended it (alliance_staff); NULL: nobody.';

COMMENT ON TABLE alliance_workarrival IS 'A patient who came from another hospital without a referral: what the receiver says, and the sender confirms or refuses. It opens nothing (docs/adr/0093).';
COMMENT ON COLUMN alliance_workarrival.id IS 'Number of the row.';
COMMENT ON COLUMN alliance_workarrival.receiver_id IS 'The hospital to which the patient came, which says so (alliance_hospital).';
COMMENT ON COLUMN alliance_workarrival.sender_id IS 'The hospital from which they came (alliance_hospital).';
COMMENT ON COLUMN alliance_workarrival.person IS 'The patient: home of the receiver''s registration (records_sourcepatient.home).';
COMMENT ON COLUMN alliance_workarrival.source_patient IS 'The receiver''s registration of the patient (records_sourcepatient.id).';
COMMENT ON COLUMN alliance_workarrival.reported_by_id IS 'Who says so (alliance_staff).';
COMMENT ON COLUMN alliance_workarrival.reported_at IS 'When, by the database''s clock.';
COMMENT ON COLUMN alliance_workarrival.note IS 'What happened, as typed; encrypted.';
COMMENT ON COLUMN alliance_workarrival.due_at IS 'By when the sender is to answer.';
COMMENT ON COLUMN alliance_workarrival.state IS 'reported, confirmed, refused or withdrawn.';
COMMENT ON COLUMN alliance_workarrival.closed_at IS 'When it was answered or taken back; NULL: it waits.';
COMMENT ON COLUMN alliance_workarrival.closed_by_id IS 'Who did that (alliance_staff); NULL: nobody.';
COMMENT ON COLUMN alliance_workarrival.answer IS 'Why it was refused or taken back; encrypted.';
COMMENT ON COLUMN alliance_workarrival.item_id IS 'The referral by which the sender has confirmed it (alliance_workitem); NULL: none.';
