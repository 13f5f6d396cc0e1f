BEGIN TRANSACTION;
CREATE TABLE agreed (
	pair TEXT NOT NULL, 
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT agreed_key PRIMARY KEY (pair, name)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
CREATE TABLE approvals (
	pair TEXT NOT NULL, 
	checksum TEXT NOT NULL, 
	cause TEXT NOT NULL, 
	sentence TEXT NOT NULL, 
	"plan" TEXT NOT NULL, 
	state TEXT NOT NULL, 
	decided_by TEXT NOT NULL, 
	asked_at BIGINT NOT NULL, 
	decided_at BIGINT, 
	CONSTRAINT approvals_key PRIMARY KEY (pair, checksum)
);
CREATE TABLE audit (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at BIGINT NOT NULL, 
	who TEXT NOT NULL, 
	what TEXT NOT NULL, 
	pair TEXT NOT NULL, 
	incident TEXT NOT NULL, 
	rule TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	"before" TEXT NOT NULL, 
	"after" TEXT NOT NULL, 
	request TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	words TEXT NOT NULL, 
	chain TEXT NOT NULL
);
INSERT INTO "audit" VALUES(1,1772431230000000,'bridge','create_ticket','retail','INC000000001000','front-office-defects','Ann Owner asked for a ticket (rule front-office-defects)','{}','{"project": "FRONT", "type": "Bug", "summary": "[INC000000001000] Payment page shows a blank sum", "priority": "High", "components": "Mobile", "labels": "frontline", "left": "FRONT-1"}','INC000000001000/create/1#1','done','','743f16ce7838cfb3c57ed2a3f1955438517a586a1f1e20f474f9cc99fce43595');
INSERT INTO "audit" VALUES(2,1772431230000000,'bridge','set_incident','retail','INC000000001000','front-office-defects','it waits for the linked fix','{"ticket_field": "", "status": "In Progress", "status_reason": ""}','{"ticket_field": "FRONT-1", "status": "Pending", "status_reason": "Third Party Vendor Action Reqd"}','INC000000001000/linked/1#1','done','','250bfbcfe25d7b27b40b4de0eedb23d880f1a9e3235e555b06a483d259df79b5');
INSERT INTO "audit" VALUES(3,1772431230000000,'bridge','add_incident_note','retail','INC000000001000','front-office-defects','the living note shows the state of the fix','{}','{"text": "LINKED FIX\nFRONT-1: not started yet\nState: development works on the fix\nNow with: development\nNext: development prepares the patch", "left": "WLG000000000002"}','INC000000001000/living/1/new#1','done','','75c6ae4c3e74f4d679be26513bc116c26e2b59613100ece0db67f28c9d476b8b');
INSERT INTO "audit" VALUES(4,1772431230000000,'bridge','show_incident','retail','INC000000001000','front-office-defects','FRONT-1 shows the incident''s state','{"title": ""}','{"title": "INC000000001000 · Pending · High · Frontline Retail"}','INC000000001000/show/10008/d0fdc89ded2c@1772431201#1','done','','b02230864aaf7c712bfbceae29340af03a7e06b8db0b2934bd699c4e915119d8');
INSERT INTO "audit" VALUES(5,1772431290000000,'bridge','add_ticket_note','retail','INC000000001000','front-office-defects','Ann Owner wrote in the incident','{}','{"text": "Ann Owner in INC000000001000, 2026-03-02 06:01 UTC:\nThe customer called again.", "left": "10011"}','INC000000001000/note/desk/WLG000000000003/10008#1','done','','835acd231a351280643f0b10cc9bef99dab31b1ae66df2071dad6891f8ffc476');
INSERT INTO "audit" VALUES(6,1772431350000000,'bridge','add_incident_note','retail','INC000000001000','front-office-defects','milestone: fixed','{}','{"text": "FRONT-1: the patch is ready, but not in production yet (planned for 4.2). This incident stays open. Next: second line installs 4.2 in production", "left": "WLG000000000004"}','INC000000001000/told/fixed/1#1','done','','787cc2d110df20c5dd05a26350fb15f52ddeb3a5198b53d178583d47beadfe5c');
INSERT INTO "audit" VALUES(7,1772431350000000,'bridge','edit_incident_note','retail','INC000000001000','front-office-defects','the living note is brought up to date','{"text": "LINKED FIX\nFRONT-1: not started yet\nState: development works on the fix\nNow with: development\nNext: development prepares the patch"}','{"text": "LINKED FIX\nFRONT-1: Done (Done), Dev Ana, planned for 4.2\nState: the patch is ready, not in production yet\nNow with: second line\nNext: second line installs 4.2 in production"}','INC000000001000/living/2#1','done','','fb99e0044869ffbd6467d4bada2ae8afd002675e5986d10db8ac62e59aae3b6a');
CREATE TABLE boards (
	pair TEXT NOT NULL, 
	ticket_id TEXT NOT NULL, 
	note_id TEXT NOT NULL, 
	text TEXT NOT NULL, 
	revision INTEGER NOT NULL, 
	CONSTRAINT boards_key PRIMARY KEY (pair, ticket_id)
);
CREATE TABLE changes (
	pair TEXT NOT NULL, 
	incident TEXT NOT NULL, 
	body TEXT NOT NULL, 
	seen_at BIGINT NOT NULL, 
	CONSTRAINT changes_key PRIMARY KEY (pair, incident)
);
INSERT INTO "changes" VALUES('retail','INC000000001000','{"incident":"INC000000001000","changes":[{"id":"CRQ000000000001","status":"Scheduled","reason":"","relation":"Related To","modified_at":"2026-03-02T06:02:00Z"}]}',1772431770000000);
CREATE TABLE claims (
	pair TEXT NOT NULL, 
	incident TEXT NOT NULL, 
	ticket_id TEXT NOT NULL, 
	ticket_key TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	done BOOLEAN NOT NULL, 
	absent BOOLEAN NOT NULL, 
	CONSTRAINT claims_key PRIMARY KEY (pair, incident, ticket_id)
);
CREATE TABLE cycles (
	pair TEXT NOT NULL, 
	sentence TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	started_at BIGINT NOT NULL, 
	CONSTRAINT cycles_key PRIMARY KEY (pair, number)
);
CREATE TABLE dirty (
	pair TEXT NOT NULL, 
	incident TEXT NOT NULL, 
	why TEXT NOT NULL, 
	since BIGINT NOT NULL, 
	marks INTEGER NOT NULL, 
	CONSTRAINT dirty_key PRIMARY KEY (pair, incident)
);
CREATE TABLE dossiers (
	pair TEXT NOT NULL, 
	incident TEXT NOT NULL, 
	body TEXT NOT NULL, 
	rule TEXT NOT NULL, 
	stage TEXT NOT NULL, 
	held BOOLEAN NOT NULL, 
	updated_at BIGINT NOT NULL, 
	look_again_at BIGINT, 
	CONSTRAINT dossiers_key PRIMARY KEY (pair, incident)
);
INSERT INTO "dossiers" VALUES('retail','INC000000001000','{"incident":"INC000000001000","rule":"front-office-defects","requests":[{"source":"WLG000000000001","by":"ann","by_name":"Ann Owner","at":"2026-03-02T06:00:00Z","text":"sum is blank since this morning","key":"","answered":"opened"}],"handled":["WLG000000000001"],"replies":[],"links":[{"ticket_id":"10008","ticket_key":"FRONT-1","how":"opened","former_keys":[],"linked_at":"2026-03-02T06:00:30Z","notes_from":null,"packed":[],"evidence":[],"spent":[],"left_done":true,"follows":[],"followed_at":null,"handed":[],"counting":"","base":[{"field":"priority","incident":"High","ticket":"High"}],"asked":[],"told":"INC000000001000 · Pending · High · Frontline Retail","told_target":"","missing_since":null,"lost":false}],"rounds":[{"number":1,"started_at":"2026-03-02T06:00:30Z","asked_at":null,"answer":null}],"ending":"","ended_at":null,"ended_by":"","ended_words":"","waited":1,"open_status":"Pending","open_reason":"Third Party Vendor Action Reqd","put_backs":0,"was_resolved":false,"queue":"Frontline Retail","reassigned":[],"written_keys":["FRONT-1"],"living":{"note_id":"WLG000000000002","text":"LINKED FIX\nFRONT-1: Done (Done), Dev Ana, planned for 4.2\nState: the patch is ready, not in production yet\nNow with: second line\nNext: second line installs 4.2 in production","revision":2},"flags":[],"field_writes":[],"overruled":[],"balls":[{"who":"development","since":"2026-03-02T06:00:30Z","tickets":"FRONT-1","stage":"linked"},{"who":"second_line","since":"2026-03-02T06:02:30Z","tickets":"FRONT-1","stage":"fixed"}]}','front-office-defects','fixed',1,1772431350000000,NULL);
CREATE TABLE effects (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	pair TEXT NOT NULL, 
	incident TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	action TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	state TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	not_before BIGINT NOT NULL, 
	created_at BIGINT NOT NULL, 
	started_at BIGINT, 
	finished_at BIGINT, 
	receipt_id TEXT NOT NULL, 
	receipt_key TEXT NOT NULL, 
	error TEXT NOT NULL, 
	CONSTRAINT effects_key UNIQUE (pair, "key")
);
INSERT INTO "effects" VALUES(1,'retail','INC000000001000','INC000000001000/create/1','create_ticket','{"key":"INC000000001000/create/1","reason":"Ann Owner asked for a ticket (rule front-office-defects)","project":"FRONT","type":"Bug","summary":"[INC000000001000] Payment page shows a blank sum","description":"Customer incident INC000000001000 waits for this fix and stays open until it is verified. https://itsm.example.com/incident/INC000000001000\n\nWHAT HAPPENED\nPayment page shows a blank sum\nThe customer sees no sum on the payment page.\nsum is blank since this morning\n\nIMPACT\nPriority High, impact 2-Significant/Large, urgency 2-High\n\nHOW TO REACH FRONTLINE\nFrontline Retail, Ann Owner. Comments written here reach the incident.","fields":[["priority","High"],["components","Mobile"],["labels",["frontline"]]],"mark_label":"bridge-retail-INC000000001000-1","source":"WLG000000000001","packed":[],"agreed":[["priority","High","High"]],"kind":"create_ticket"}','Ann Owner asked for a ticket (rule front-office-defects)','done',1,1772431230000000,1772431230000000,1772431230000000,1772431230000000,'10008','FRONT-1','');
INSERT INTO "effects" VALUES(2,'retail','INC000000001000','INC000000001000/linked/1','set_incident','{"key":"INC000000001000/linked/1","reason":"it waits for the linked fix","fields":[["ticket_field","FRONT-1"],["status","Pending"],["status_reason","Third Party Vendor Action Reqd"]],"purpose":"waiting","agreed":[],"ticket_id":"","kind":"set_incident"}','it waits for the linked fix','done',1,1772431230000000,1772431230000000,1772431230000000,1772431230000000,'','','');
INSERT INTO "effects" VALUES(3,'retail','INC000000001000','INC000000001000/living/1/new','add_incident_note','{"key":"INC000000001000/living/1/new","reason":"the living note shows the state of the fix","text":"LINKED FIX\nFRONT-1: not started yet\nState: development works on the fix\nNow with: development\nNext: development prepares the patch","internal":true,"purpose":"living","kind":"add_incident_note"}','the living note shows the state of the fix','done',1,1772431230000000,1772431230000000,1772431230000000,1772431230000000,'WLG000000000002','','');
INSERT INTO "effects" VALUES(4,'retail','INC000000001000','INC000000001000/show/10008/d0fdc89ded2c@1772431201','show_incident','{"key":"INC000000001000/show/10008/d0fdc89ded2c@1772431201","reason":"FRONT-1 shows the incident''s state","ticket_id":"10008","ticket_key":"FRONT-1","global_id":"bridge=retail&incident=INC000000001000","title":"INC000000001000 · Pending · High · Frontline Retail","summary":"Payment page shows a blank sum","resolved":false,"kind":"show_incident"}','FRONT-1 shows the incident''s state','done',1,1772431230000000,1772431230000000,1772431230000000,1772431230000000,'','','');
INSERT INTO "effects" VALUES(5,'retail','INC000000001000','INC000000001000/note/desk/WLG000000000003/10008','add_ticket_note','{"key":"INC000000001000/note/desk/WLG000000000003/10008","reason":"Ann Owner wrote in the incident","ticket_id":"10008","ticket_key":"FRONT-1","text":"Ann Owner in INC000000001000, 2026-03-02 06:01 UTC:\nThe customer called again.","packed":[],"kind":"add_ticket_note"}','Ann Owner wrote in the incident','done',1,1772431290000000,1772431290000000,1772431290000000,1772431290000000,'10011','','');
INSERT INTO "effects" VALUES(6,'retail','INC000000001000','INC000000001000/told/fixed/1','add_incident_note','{"key":"INC000000001000/told/fixed/1","reason":"milestone: fixed","text":"FRONT-1: the patch is ready, but not in production yet (planned for 4.2). This incident stays open. Next: second line installs 4.2 in production","internal":true,"purpose":"milestone","kind":"add_incident_note"}','milestone: fixed','done',1,1772431350000000,1772431350000000,1772431350000000,1772431350000000,'WLG000000000004','','');
INSERT INTO "effects" VALUES(7,'retail','INC000000001000','INC000000001000/living/2','edit_incident_note','{"key":"INC000000001000/living/2","reason":"the living note is brought up to date","note_id":"WLG000000000002","text":"LINKED FIX\nFRONT-1: Done (Done), Dev Ana, planned for 4.2\nState: the patch is ready, not in production yet\nNow with: second line\nNext: second line installs 4.2 in production","revision":2,"kind":"edit_incident_note"}','the living note is brought up to date','done',1,1772431350000000,1772431350000000,1772431350000000,1772431350000000,'','','');
CREATE TABLE examined (
	pair TEXT NOT NULL, 
	stream TEXT NOT NULL, 
	what TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	CONSTRAINT examined_key PRIMARY KEY (pair, stream, what)
);
CREATE TABLE incidents (
	pair TEXT NOT NULL, 
	number TEXT NOT NULL, 
	body TEXT NOT NULL, 
	modified_at BIGINT NOT NULL, 
	seen_at BIGINT NOT NULL, 
	CONSTRAINT incidents_key PRIMARY KEY (pair, number)
);
INSERT INTO "incidents" VALUES('retail','INC000000001000','{"number":"INC000000001000","entry_id":"INC000000001003|INC000000001003","status":"Pending","status_reason":"Third Party Vendor Action Reqd","summary":"Payment page shows a blank sum","story":"The customer sees no sum on the payment page.","impact":"2-Significant/Large","urgency":"2-High","priority":"High","service_type":"User Service Restoration","resolution":"","assigned_group":"Frontline Retail","assignee":"Ann Owner","assignee_login":"ann","ticket_field":"FRONT-1","submitted_at":"2026-03-02T06:00:00Z","modified_at":"2026-03-02T06:00:31Z","modified_by":"Remedy Application Service","fields":[["Categorization Tier 1","Defect"],["Product Name","Mobile Bank"],["Resolution Category Tier 2",""]]}',1772431231000000,1772431260000000);
CREATE TABLE links (
	pair TEXT NOT NULL, 
	incident TEXT NOT NULL, 
	ticket_id TEXT NOT NULL, 
	ticket_key TEXT NOT NULL, 
	follows BOOLEAN NOT NULL, 
	waits BOOLEAN NOT NULL, 
	verified BOOLEAN NOT NULL, 
	linked_at BIGINT NOT NULL, 
	ended_at BIGINT, 
	priority TEXT NOT NULL, 
	queue TEXT NOT NULL, 
	CONSTRAINT links_key PRIMARY KEY (pair, incident, ticket_id), 
	CONSTRAINT links_dossier FOREIGN KEY(pair, incident) REFERENCES dossiers (pair, incident) ON DELETE CASCADE
);
INSERT INTO "links" VALUES('retail','INC000000001000','10008','FRONT-1',0,1,0,1772431230000000,NULL,'','Frontline Retail');
CREATE TABLE notes (
	pair TEXT NOT NULL, 
	side TEXT NOT NULL, 
	parent TEXT NOT NULL, 
	note_id TEXT NOT NULL, 
	body TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	seen_at BIGINT NOT NULL, 
	CONSTRAINT notes_key PRIMARY KEY (pair, side, note_id)
);
INSERT INTO "notes" VALUES('retail','incident','INC000000001000','WLG000000000001','{"id":"WLG000000000001","parent":"INC000000001000","author":"ann","author_name":"","at":"2026-03-02T06:00:00Z","text":"#ticket sum is blank since this morning","internal":true,"origin":"person","mark":"","attachments":[]}',1772431200000000,1772431230000000);
INSERT INTO "notes" VALUES('retail','incident','INC000000001000','WLG000000000002','{"id":"WLG000000000002","parent":"INC000000001000","author":"svc-bridge","author_name":"","at":"2026-03-02T06:00:30Z","text":"LINKED FIX\nFRONT-1: Done (Done), Dev Ana, planned for 4.2\nState: the patch is ready, not in production yet\nNow with: second line\nNext: second line installs 4.2 in production","internal":true,"origin":"bridge","mark":"INC000000001000/living","attachments":[]}',1772431230000000,1772431380000000);
INSERT INTO "notes" VALUES('retail','incident','INC000000001000','WLG000000000003','{"id":"WLG000000000003","parent":"INC000000001000","author":"ann","author_name":"","at":"2026-03-02T06:01:00Z","text":"The customer called again.","internal":true,"origin":"person","mark":"","attachments":[]}',1772431260000000,1772431290000000);
INSERT INTO "notes" VALUES('retail','ticket','10008','10011','{"id":"10011","parent":"10008","author":"291b216e69d3ff6c05c271c9","author_name":"The bridge","at":"2026-03-02T06:01:30Z","text":"Ann Owner in INC000000001000, 2026-03-02 06:01 UTC:\nThe customer called again.","internal":true,"origin":"bridge","mark":"INC000000001000/note/desk/WLG000000000003/10008","attachments":[]}',1772431290000000,1772431320000000);
INSERT INTO "notes" VALUES('retail','incident','INC000000001000','WLG000000000004','{"id":"WLG000000000004","parent":"INC000000001000","author":"svc-bridge","author_name":"","at":"2026-03-02T06:02:30Z","text":"FRONT-1: the patch is ready, but not in production yet (planned for 4.2). This incident stays open. Next: second line installs 4.2 in production","internal":true,"origin":"bridge","mark":"INC000000001000/told/fixed/1","attachments":[]}',1772431350000000,1772431380000000);
CREATE TABLE tickets (
	pair TEXT NOT NULL, 
	ticket_id TEXT NOT NULL, 
	ticket_key TEXT NOT NULL, 
	project TEXT NOT NULL, 
	body TEXT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	seen_at BIGINT NOT NULL, 
	CONSTRAINT tickets_key PRIMARY KEY (pair, ticket_id)
);
INSERT INTO "tickets" VALUES('retail','10008','FRONT-1','FRONT','{"id":"10008","key":"FRONT-1","project":"FRONT","type":"Bug","summary":"[INC000000001000] Payment page shows a blank sum","status":"Done","category":"done","resolution":"Done","priority":"High","assignee":"Dev Ana","labels":["bridge-retail-INC000000001000-1","frontline"],"components":["Mobile"],"fix_versions":[{"id":"10005","name":"4.2","released":false}],"duplicate_of":"","relations":[],"updated_at":"2026-03-02T06:02:00Z","created_at":"2026-03-02T06:00:30Z","resolved_at":"2026-03-02T06:02:00Z","url":"https://jira.example.com/browse/FRONT-1","fields":[]}',1772431320000000,1772431350000000);
CREATE TABLE watermarks (
	pair TEXT NOT NULL, 
	stream TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	CONSTRAINT watermarks_key PRIMARY KEY (pair, stream)
);
INSERT INTO "watermarks" VALUES('retail','rules',1772431230000000);
INSERT INTO "watermarks" VALUES('retail','rules:7d13824c9185',1772431230000000);
INSERT INTO "watermarks" VALUES('retail','born',1772431200000000);
INSERT INTO "watermarks" VALUES('retail','incidents',1772431231000000);
INSERT INTO "watermarks" VALUES('retail','notes',1772431350000000);
INSERT INTO "watermarks" VALUES('retail','changes',1772431770000000);
INSERT INTO "watermarks" VALUES('retail','tickets',1772431320000000);
INSERT INTO "watermarks" VALUES('retail','versions',1772431770000000);
CREATE INDEX effects_incident ON effects (pair, incident, state);
CREATE INDEX effects_due ON effects (pair, state, not_before);
CREATE INDEX dossiers_held ON dossiers (pair, held, incident);
CREATE INDEX dossiers_stage ON dossiers (pair, held, stage, incident);
CREATE INDEX dossiers_due ON dossiers (pair, look_again_at);
CREATE INDEX tickets_by_key ON tickets (pair, ticket_key);
CREATE INDEX tickets_project ON tickets (pair, project, ticket_id);
CREATE INDEX notes_parent ON notes (pair, side, parent, at, note_id);
CREATE INDEX dirty_since ON dirty (pair, since, incident);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_incident ON audit (pair, incident, id);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail can only be added to'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail can only be added to'); END;
CREATE INDEX approvals_state ON approvals (pair, state);
CREATE INDEX links_ticket ON links (pair, ticket_id, incident);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('effects',7);
INSERT INTO "sqlite_sequence" VALUES('audit',7);
COMMIT;
