-- +goose Up

-- Facts about this ledger: its id and the key of its digests.
CREATE TABLE ledger (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

-- One Hello Charles tenant: host and source_type. The budget of requests is
-- kept here, in microseconds since the epoch by the database clock.
CREATE TABLE workspaces (
    id           INTEGER PRIMARY KEY,
    name         TEXT    NOT NULL UNIQUE,
    next_send_at INTEGER NOT NULL DEFAULT 0,
    told_until   INTEGER NOT NULL DEFAULT 0
);

-- A sync keeps its audience, workspace and reference mapping for ever. The
-- epoch grows with each run and fences the writes of older ones.
CREATE TABLE syncs (
    id           INTEGER PRIMARY KEY,
    name         TEXT    NOT NULL UNIQUE,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    audience_id  TEXT    NOT NULL,
    reference    TEXT    NOT NULL,
    epoch        INTEGER NOT NULL DEFAULT 0
);

-- Every spec that a run was ever made with.
CREATE TABLE specs (
    digest TEXT PRIMARY KEY,
    body   TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE runs (
    id             INTEGER PRIMARY KEY,
    sync_id        INTEGER NOT NULL REFERENCES syncs (id),
    number         INTEGER NOT NULL,
    opening        TEXT    NOT NULL,
    spec_digest    TEXT    NOT NULL REFERENCES specs (digest),
    state          TEXT    NOT NULL, -- open, closed, dead
    batch_size     INTEGER NOT NULL,
    started_at     INTEGER NOT NULL, -- when its workflow started: a late call of an older one is refused
    opened_at      INTEGER NOT NULL,
    read_opened_at INTEGER,
    closed_at      INTEGER,
    snapshot       TEXT,
    cursor         TEXT    NOT NULL DEFAULT '',
    page           INTEGER NOT NULL DEFAULT 0,
    read_done      INTEGER NOT NULL DEFAULT 0,
    members_read   INTEGER NOT NULL DEFAULT 0,
    batches        INTEGER NOT NULL DEFAULT 0,
    staged_bytes   INTEGER NOT NULL DEFAULT 0,
    report         TEXT,
    UNIQUE (sync_id, number)
);

-- The stored result of every page read, so that a repeated read returns it.
CREATE TABLE pages (
    run_id INTEGER NOT NULL REFERENCES runs (id),
    page   INTEGER NOT NULL,
    result TEXT    NOT NULL,
    PRIMARY KEY (run_id, page)
) WITHOUT ROWID;

-- Contacts seen in a run: bitmaps of 65,536 contact ids each.
CREATE TABLE seen (
    run_id INTEGER NOT NULL REFERENCES runs (id),
    chunk  INTEGER NOT NULL,
    bits   BLOB    NOT NULL,
    PRIMARY KEY (run_id, chunk)
) WITHOUT ROWID;

-- References known in a workspace.
CREATE TABLE contacts (
    id           INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    reference    TEXT    NOT NULL,
    UNIQUE (workspace_id, reference)
);

-- What Hello Charles has accepted from us, by sync.
-- marked: 1 yes, 2 unknown (sent, never answered). The fingerprint is that of
-- the content last accepted; null while unknown.
CREATE TABLE memberships (
    sync_id     INTEGER NOT NULL REFERENCES syncs (id),
    contact_id  INTEGER NOT NULL REFERENCES contacts (id),
    marked      INTEGER NOT NULL,
    fingerprint BLOB,
    run         INTEGER NOT NULL,
    PRIMARY KEY (sync_id, contact_id)
) WITHOUT ROWID;

-- Staged batches. state: filling, staged, sent, settled, split. The members
-- are gone once the batch is settled or split.
CREATE TABLE batches (
    run_id  INTEGER NOT NULL REFERENCES runs (id),
    number  INTEGER NOT NULL,
    parent  INTEGER,
    state   TEXT    NOT NULL,
    members INTEGER NOT NULL,
    tries   INTEGER NOT NULL DEFAULT 0, -- how often its members were sent alone before
    sends   INTEGER NOT NULL DEFAULT 0, -- requests that may have left
    blob    BLOB,
    result  TEXT,
    PRIMARY KEY (run_id, number)
);

-- Members that were not taken, with their reasons.
CREATE TABLE failures (
    run_id     INTEGER NOT NULL REFERENCES runs (id),
    contact_id INTEGER REFERENCES contacts (id), -- null without a usable reference
    place      TEXT    NOT NULL,                 -- page and member, or batch
    outcome    TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    field      TEXT    NOT NULL DEFAULT '',
    message    TEXT    NOT NULL DEFAULT ''       -- Hello Charles' own words, cut
);
CREATE INDEX failures_by_contact ON failures (run_id, contact_id);

-- +goose Down
DROP TABLE failures;
DROP TABLE batches;
DROP TABLE memberships;
DROP TABLE contacts;
DROP TABLE seen;
DROP TABLE pages;
DROP TABLE runs;
DROP TABLE specs;
DROP TABLE syncs;
DROP TABLE workspaces;
DROP TABLE ledger;
