-- Runs as it is on SQLite and on PostgreSQL. Times are milliseconds since 1970
-- in UTC, 0 for none. Requests, subjects and credentials repeat tenant and seq so
-- that one index serves a filter and the order of its result.

CREATE TABLE settings (
	name  TEXT PRIMARY KEY,
	value BYTEA NOT NULL
);

CREATE TABLE tenants (
	id      TEXT PRIMARY KEY,
	name    TEXT NOT NULL UNIQUE,
	did     TEXT NOT NULL UNIQUE,
	public  BYTEA NOT NULL,
	handle  BYTEA NOT NULL,
	created BIGINT NOT NULL
);

CREATE TABLE api_keys (
	id      TEXT PRIMARY KEY,
	tenant  TEXT NOT NULL REFERENCES tenants (id),
	name    TEXT NOT NULL,
	hash    BYTEA NOT NULL UNIQUE,
	secret  BYTEA NOT NULL,
	strict  BIGINT NOT NULL,
	version TEXT NOT NULL,
	created BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	revoked BIGINT NOT NULL
);

CREATE TABLE answers (
	tenant      TEXT NOT NULL,
	route       TEXT NOT NULL,
	key         TEXT NOT NULL,
	fingerprint BYTEA NOT NULL,
	body        BYTEA NOT NULL,
	request     TEXT NOT NULL,
	until       BIGINT NOT NULL,
	PRIMARY KEY (tenant, route, key)
);
CREATE INDEX answers_until ON answers (until);

CREATE TABLE requests (
	id          TEXT PRIMARY KEY,
	seq         BIGINT NOT NULL UNIQUE,
	tenant      TEXT NOT NULL,
	created     BIGINT NOT NULL,
	canceled    BIGINT NOT NULL,
	level       TEXT NOT NULL,
	name        TEXT NOT NULL,
	internal_id TEXT NOT NULL,
	search      TEXT NOT NULL,
	body        BYTEA NOT NULL
);
CREATE UNIQUE INDEX requests_tenant ON requests (tenant, seq, level);
CREATE INDEX requests_internal_id ON requests (tenant, internal_id, seq);
CREATE INDEX requests_level ON requests (tenant, level, seq);

-- Requests are never deleted and what they are found by never changes, so the
-- number of a tenant's requests says whether any result may have changed.
CREATE TABLE request_counts (
	tenant TEXT PRIMARY KEY,
	n      BIGINT NOT NULL
);

CREATE TABLE subjects (
	request     TEXT NOT NULL REFERENCES requests (id),
	n           BIGINT NOT NULL,
	tenant      TEXT NOT NULL,
	seq         BIGINT NOT NULL,
	contact     TEXT NOT NULL,
	did         TEXT NOT NULL,
	name        TEXT NOT NULL,
	internal_id TEXT NOT NULL,
	code        TEXT NOT NULL,
	otp         BYTEA,
	otp_until   BIGINT NOT NULL,
	failures    BIGINT NOT NULL,
	notified    BIGINT NOT NULL,
	PRIMARY KEY (request, n)
);
CREATE INDEX subjects_contact ON subjects (tenant, contact, seq);
CREATE INDEX subjects_did ON subjects (tenant, did, seq);
CREATE INDEX subjects_internal_id ON subjects (tenant, internal_id, seq);

CREATE TABLE credentials (
	id          TEXT PRIMARY KEY,
	request     TEXT NOT NULL REFERENCES requests (id),
	n           BIGINT NOT NULL,
	tenant      TEXT NOT NULL,
	seq         BIGINT NOT NULL,
	type        TEXT NOT NULL,
	status      TEXT NOT NULL,
	name        TEXT NOT NULL,
	internal_id TEXT NOT NULL,
	until       BIGINT NOT NULL,
	body        BYTEA NOT NULL,
	signed      BYTEA,
	slot        BIGINT NOT NULL,
	revoked     BIGINT NOT NULL
);
CREATE UNIQUE INDEX credentials_request ON credentials (request, n);
CREATE INDEX credentials_internal_id ON credentials (tenant, internal_id, seq);
CREATE UNIQUE INDEX credentials_slot ON credentials (slot) WHERE slot >= 0;
CREATE INDEX credentials_revoked ON credentials (slot) WHERE revoked > 0;

CREATE TABLE decisions (
	id         TEXT PRIMARY KEY,
	request    TEXT NOT NULL REFERENCES requests (id),
	n          BIGINT NOT NULL,
	credential TEXT NOT NULL REFERENCES credentials (id),
	contact    TEXT NOT NULL,
	accepted   BIGINT NOT NULL,
	decided    BIGINT NOT NULL,
	evidence   TEXT NOT NULL,
	UNIQUE (credential, contact)
);
CREATE UNIQUE INDEX decisions_request ON decisions (request, n);

CREATE TABLE evidences (
	id      TEXT PRIMARY KEY,
	request TEXT NOT NULL REFERENCES requests (id),
	bytes   BYTEA NOT NULL
);

CREATE TABLE users (
	tenant   TEXT NOT NULL,
	contact  TEXT NOT NULL,
	id       TEXT NOT NULL UNIQUE,
	did      TEXT NOT NULL UNIQUE,
	public   BYTEA NOT NULL,
	handle   BYTEA NOT NULL,
	created  BIGINT NOT NULL,
	kyc      TEXT NOT NULL,
	doc_id   TEXT NOT NULL,
	verified BIGINT NOT NULL,
	PRIMARY KEY (tenant, contact)
);

CREATE TABLE passports (
	id      TEXT PRIMARY KEY,
	tenant  TEXT NOT NULL,
	did     TEXT NOT NULL UNIQUE,
	type    TEXT NOT NULL,
	name    TEXT NOT NULL,
	public  BYTEA NOT NULL,
	handle  BYTEA NOT NULL,
	body    BYTEA NOT NULL,
	receipt TEXT NOT NULL,
	created BIGINT NOT NULL
);

CREATE TABLE catalog (
	id      TEXT PRIMARY KEY,
	tenant  TEXT NOT NULL,
	kind    TEXT NOT NULL,
	name    TEXT NOT NULL,
	version BIGINT NOT NULL,
	digest  TEXT NOT NULL,
	body    BYTEA NOT NULL,
	created BIGINT NOT NULL,
	UNIQUE (tenant, kind, name, version)
);
CREATE INDEX catalog_created ON catalog (tenant, kind, created);
CREATE INDEX catalog_digest ON catalog (digest);

-- The log: its entries, and the nodes of its Merkle tree by stored-hash index.
CREATE TABLE log_entries (
	idx   BIGINT PRIMARY KEY,
	entry BYTEA NOT NULL
);
CREATE TABLE log_nodes (
	idx  BIGINT PRIMARY KEY,
	hash BYTEA NOT NULL
);
CREATE TABLE receipts (
	id     TEXT PRIMARY KEY,
	tenant TEXT NOT NULL,
	idx    BIGINT NOT NULL UNIQUE
);

CREATE TABLE used (
	key   BYTEA PRIMARY KEY,
	until BIGINT NOT NULL
);
CREATE INDEX used_until ON used (until);
