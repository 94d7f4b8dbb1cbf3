-- +goose Up
-- +goose StatementBegin
-- All in one, so that nobody has to look for the end of each.

-- Facts about this ledger: its id and the key of its digests.
CREATE TABLE ledger (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

-- One Hello Charles tenant: host and source_type. The budget of requests is
-- kept here; times are in microseconds since the epoch by the database clock.
CREATE TABLE workspaces (
    id            INTEGER PRIMARY KEY,
    name          TEXT    NOT NULL UNIQUE,
    reserved_at   INTEGER NOT NULL DEFAULT 0, -- the last send time that was given out
    send_interval INTEGER NOT NULL DEFAULT 0, -- microseconds between two requests at the full rate
    told_until    INTEGER NOT NULL DEFAULT 0, -- no request leaves before
    rate_share    REAL    NOT NULL DEFAULT 1, -- of the full rate, at cut_at
    cut_at        INTEGER NOT NULL DEFAULT 0, -- when the rate was last cut
    round         INTEGER NOT NULL DEFAULT 0, -- grows when the send times given out are void
    -- What a person has set while work goes on; it wins over the connections file.
    limit_rate    REAL, -- requests per second
    limit_flight  INTEGER, -- requests in flight of each worker
    limits_at     INTEGER NOT NULL DEFAULT 0, -- when it was set or cleared last
    limits_by     TEXT    NOT NULL DEFAULT '',
    limits_why    TEXT    NOT NULL DEFAULT ''
);

-- A request that was too large for Hello Charles: the smallest number of
-- contacts that was ever too many, and when it was told last; the largest number
-- that was taken since, and when.
CREATE TABLE batch_limits (
    workspace_id INTEGER PRIMARY KEY REFERENCES workspaces (id),
    too_many     INTEGER NOT NULL,
    told_at      INTEGER NOT NULL,
    fits         INTEGER NOT NULL DEFAULT 0,
    fits_at      INTEGER NOT NULL DEFAULT 0
);

-- When Hello Charles had asked to be left alone, as long as a run is open that may
-- have waited for it. A request to wait that comes within one prolongs it. Times are
-- in microseconds since the epoch by the database clock.
CREATE TABLE told_delays (
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    began_at     INTEGER NOT NULL,
    until_at     INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, began_at)
);

-- A sync keeps its audience, workspace and reference mapping for ever. The
-- epoch grows with each run and fences the writes of older ones.
CREATE TABLE syncs (
    id           INTEGER PRIMARY KEY,
    name         TEXT    NOT NULL UNIQUE,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    audience_id  TEXT    NOT NULL,
    reference    TEXT    NOT NULL,
    epoch        INTEGER NOT NULL DEFAULT 0,
    property     TEXT    NOT NULL DEFAULT '', -- the marker's; empty for a tag
    member       TEXT    NOT NULL DEFAULT '', -- its value for members
    mirror       INTEGER NOT NULL DEFAULT 0,  -- 1: it is taken from those who left
    shared       INTEGER NOT NULL DEFAULT 0,  -- 1: it holds the audiences of all syncs that share it
    segment      TEXT    NOT NULL DEFAULT '', -- the one in which a proof saw its contacts last
    retired_at   INTEGER                      -- its marks are removed, and it runs no more
);

-- Whose turn it is to send contacts with a custom property that syncs share. The
-- epoch grows when another run takes over.
CREATE TABLE marker_turns (
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    property     TEXT    NOT NULL,
    run_id       INTEGER NOT NULL, -- 0: nobody's
    epoch        INTEGER NOT NULL,
    renewed_at   INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, property)
) WITHOUT ROWID;

-- What a person said of the contacts that were in a sync's segment before its first
-- run. kind: adopting (not finished), adopted (they are members), ignored (they are
-- not ours). not_ours is how many of the segment's contacts were there before us and
-- are no members.
CREATE TABLE beginnings (
    sync_id  INTEGER PRIMARY KEY REFERENCES syncs (id),
    kind     TEXT    NOT NULL,
    not_ours INTEGER NOT NULL DEFAULT 0,
    told_at  INTEGER NOT NULL
);

-- Every spec that a run was ever made with.
CREATE TABLE specs (
    digest TEXT PRIMARY KEY,
    body   TEXT NOT NULL
) WITHOUT ROWID;

-- What runs found in Hello Charles and rest on: live tags, properties, options.
CREATE TABLE surroundings (
    digest TEXT PRIMARY KEY,
    body   BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE runs (
    id             INTEGER PRIMARY KEY,
    sync_id        INTEGER NOT NULL REFERENCES syncs (id),
    number         INTEGER NOT NULL,
    opening        TEXT    NOT NULL,
    spec_digest    TEXT    NOT NULL REFERENCES specs (digest),
    surroundings   TEXT    REFERENCES surroundings (digest),
    known_by       TEXT    NOT NULL DEFAULT '', -- what known failures of this run rest on
    full_run       INTEGER NOT NULL DEFAULT 0,  -- 1: neither fingerprints nor known failures spare a request
    recreate       INTEGER NOT NULL DEFAULT 0,  -- 1: who is gone from Hello Charles is created again
    plan_only      INTEGER NOT NULL DEFAULT 0,  -- 1: nothing is sent, and nothing is remembered of it
    audit          INTEGER NOT NULL DEFAULT 0,  -- 1: it reads the audience to compare the segment with it, and nothing is sent
    retire         INTEGER NOT NULL DEFAULT 0,  -- 1: it takes all marks of the sync away and closes it
    keeps          INTEGER NOT NULL DEFAULT 0,  -- 1: Hello Charles keeps fields that a request does not name
    state          TEXT    NOT NULL, -- open, closed, dead
    segment        TEXT    NOT NULL DEFAULT '', -- the one that its proof looks into
    batch_size     INTEGER NOT NULL,
    started_at     INTEGER NOT NULL, -- when its workflow started: a late call of an older one is refused
    opened_at      INTEGER NOT NULL,
    read_opened_at INTEGER,
    closed_at      INTEGER,
    complete       INTEGER NOT NULL DEFAULT 0,  -- 1: it came to its end, whatever its verdict is
    good           INTEGER NOT NULL DEFAULT 0,  -- 1: it ended well
    snapshot       TEXT,
    cursor         TEXT    NOT NULL DEFAULT '',
    page           INTEGER NOT NULL DEFAULT 0,
    read_done      INTEGER NOT NULL DEFAULT 0,
    members_read   INTEGER NOT NULL DEFAULT 0,
    batches        INTEGER NOT NULL DEFAULT 0,
    staged_bytes   INTEGER NOT NULL DEFAULT 0,
    decided        TEXT,                        -- leavers and moves, once they are known
    armed          INTEGER NOT NULL DEFAULT 0,  -- 1: a request for a leaver may have left: marks count as lost until sent again
    report         TEXT,
    course         TEXT, -- how the sending went: numbers only
    UNIQUE (sync_id, number)
);

-- The stored result of every page read, so that a repeated read returns it.
CREATE TABLE pages (
    run_id INTEGER NOT NULL REFERENCES runs (id),
    page   INTEGER NOT NULL,
    result TEXT    NOT NULL,
    PRIMARY KEY (run_id, page)
) WITHOUT ROWID;

-- Contacts seen in a run: bitmaps of 65,536 contact ids each. kind: read (in
-- the audience); of them suppressed (the filter excludes them), invalid, staged; of the
-- staged unconfirmed (Hello Charles was not known to hold them); left (their marker is
-- to be taken away); listed (in the segment), back (there after they were taken for
-- gone), still (there after they were unmarked).
CREATE TABLE seen (
    run_id INTEGER NOT NULL REFERENCES runs (id),
    kind   TEXT    NOT NULL,
    chunk  INTEGER NOT NULL,
    bits   BLOB    NOT NULL,
    PRIMARY KEY (run_id, kind, chunk)
) WITHOUT ROWID;

-- Members that were drawn to be read back at the end of a run, as a blob like that of
-- a staged batch; none once the run has ended.
CREATE TABLE drawn (
    run_id  INTEGER PRIMARY KEY REFERENCES runs (id),
    members BLOB NOT NULL
);

-- References known in a workspace. phone and email are keyed digests of what was
-- last accepted; 0 without. held: 0 not confirmed, 1 Hello Charles has confirmed
-- the contact, 2 it was confirmed and is gone. forgotten: 1 it is erased once no marker
-- has to be taken from it, 2 it is erased: the row holds nothing of the person.
CREATE TABLE contacts (
    id           INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    reference    TEXT    NOT NULL,
    phone        INTEGER NOT NULL DEFAULT 0,
    email        INTEGER NOT NULL DEFAULT 0,
    held         INTEGER NOT NULL DEFAULT 0,
    forgotten    INTEGER NOT NULL DEFAULT 0,
    UNIQUE (workspace_id, reference)
);
CREATE INDEX contacts_forgotten ON contacts (forgotten) WHERE forgotten > 0;

-- People who are to be forgotten, by a keyed digest of their reference: whoever comes
-- under it is suppressed, in every sync, for ever.
CREATE TABLE forgotten (
    digest       BLOB PRIMARY KEY,
    forgotten_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Further digests of phone numbers and email addresses that Hello Charles may have
-- from us: earlier ones, and those of requests that nobody answered.
CREATE TABLE past_channels (
    contact_id INTEGER NOT NULL REFERENCES contacts (id),
    digest     INTEGER NOT NULL,
    PRIMARY KEY (contact_id, digest)
) WITHOUT ROWID;

-- What Hello Charles has accepted from us, by sync.
-- marked: 1 yes, 2 unknown (sent, never answered). The fingerprint is that of
-- the content last accepted; null while unknown, and when Hello Charles said no
-- to that very content since. run is that of the last acceptance, null without.
-- field_digests are short keyed digests of the mapped fields of that content: they
-- come and go with the fingerprint.
CREATE TABLE memberships (
    sync_id       INTEGER NOT NULL REFERENCES syncs (id),
    contact_id    INTEGER NOT NULL REFERENCES contacts (id),
    marked        INTEGER NOT NULL,
    fingerprint   BLOB,
    field_digests BLOB,
    run           INTEGER REFERENCES runs (id),
    in_segment    INTEGER NOT NULL DEFAULT 0, -- 1: a proof has seen the contact in the segment
    PRIMARY KEY (sync_id, contact_id),
    CHECK (field_digests IS NULL OR fingerprint IS NOT NULL)
) WITHOUT ROWID;

-- Contacts that a proof has missed in the segment after an earlier one had seen them there,
-- which ended their membership. If the segment holds one again, the mark is this sync's.
CREATE TABLE gone (
    sync_id    INTEGER NOT NULL REFERENCES syncs (id),
    contact_id INTEGER NOT NULL REFERENCES contacts (id),
    PRIMARY KEY (sync_id, contact_id)
) WITHOUT ROWID;

-- Members that our checks or Hello Charles refused for good, and that are not
-- sent again as long as nothing changes. A row says that this refusal is the
-- last that happened to the contact in the sync.
CREATE TABLE known_failures (
    sync_id      INTEGER NOT NULL REFERENCES syncs (id),
    contact_id   INTEGER NOT NULL REFERENCES contacts (id),
    fingerprint  BLOB    NOT NULL,
    known_by     TEXT    NOT NULL,
    outcome      TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    field        TEXT    NOT NULL,
    message      TEXT    NOT NULL,
    first_run    INTEGER NOT NULL, -- number of the run that met this content first
    last_sent_at INTEGER NOT NULL, -- when it was last sent or checked
    retry        INTEGER NOT NULL DEFAULT 0, -- 1: the next run sends it again
    PRIMARY KEY (sync_id, contact_id)
) WITHOUT ROWID;

-- Staged batches. state: filling, staged, sent, settled, split. The members
-- are gone once the batch is settled or split. kind: members, leavers (the marker
-- is taken from them), marks (members whose marker a leaver may take along).
CREATE TABLE batches (
    run_id     INTEGER NOT NULL REFERENCES runs (id),
    number     INTEGER NOT NULL,
    kind       TEXT    NOT NULL DEFAULT 'members',
    whole      INTEGER NOT NULL DEFAULT 0, -- 1: members are sent with phone and email, whoever holds them
    parent     INTEGER,
    depth      INTEGER NOT NULL DEFAULT 0, -- batches before this one that its members came through
    state      TEXT    NOT NULL,
    members    INTEGER NOT NULL,
    twice      INTEGER NOT NULL DEFAULT 0, -- members whose phone or email changed: sent again once they are confirmed
    tries      INTEGER NOT NULL DEFAULT 0, -- how often its members were sent alone before
    carried    INTEGER NOT NULL DEFAULT 0, -- requests that carried its members in earlier batches
    unanswered INTEGER NOT NULL DEFAULT 0, -- 1: one of those may have arrived
    sends      INTEGER NOT NULL DEFAULT 0, -- requests that may have left
    told       INTEGER NOT NULL DEFAULT 0, -- of those: carried members that were settled, one by one
    first_sent INTEGER, -- when the first and the last of those left, and when
    last_sent  INTEGER, -- the newest outcome was stored: microseconds since the epoch
    settled    INTEGER,
    blob       BLOB,
    result     TEXT,
    PRIMARY KEY (run_id, number)
);

-- A batch is loaded with those that its members moved to, and most have none. Without
-- the number SQLite takes the primary key, and looks at all batches of the run.
CREATE INDEX batches_by_parent ON batches (run_id, parent, number) WHERE parent IS NOT NULL;

-- Members that were not taken, with their reasons. raw holds the mapped fields,
-- encrypted; null when no key is given.
CREATE TABLE failures (
    id          INTEGER PRIMARY KEY,
    run_id      INTEGER NOT NULL REFERENCES runs (id),
    contact_id  INTEGER REFERENCES contacts (id), -- null without a usable reference
    leaver      INTEGER NOT NULL, -- 1: not a member: the marker could not be taken away
    known       INTEGER NOT NULL, -- 1: known from an earlier run, nothing was sent
    first_run   INTEGER NOT NULL, -- number of the run that met this content first
    page        INTEGER NOT NULL,
    position    INTEGER NOT NULL, -- of the member in its page
    batch       INTEGER NOT NULL, -- 0: settled while reading
    sends       INTEGER NOT NULL, -- requests that carried the member
    fingerprint BLOB    NOT NULL,
    outcome     TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    field       TEXT    NOT NULL,
    message     TEXT    NOT NULL, -- Hello Charles' own words, cut
    raw         BLOB
);
CREATE INDEX failures_by_run ON failures (run_id, id);
CREATE INDEX failures_by_contact ON failures (contact_id, run_id) WHERE contact_id IS NOT NULL;
CREATE INDEX failures_by_fingerprint ON failures (run_id, fingerprint) WHERE contact_id IS NULL;

-- What the segment and the ledger differ in, found by the comparison of a run, up to
-- a bound of each kind: gone, not_visible, merged, still_visible, foreign;
-- or by reading contacts back: differs, changed_since, absent.
CREATE TABLE differences (
    run_id    INTEGER NOT NULL REFERENCES runs (id),
    kind      TEXT NOT NULL,
    reference TEXT NOT NULL,
    PRIMARY KEY (run_id, kind, reference)
) WITHOUT ROWID;

-- Labels that were left out of contacts. kind: withheld (the contact was taken
-- without it), unknown (found while reading, in a sync that stops for it).
-- rest: 1 for what is added up without label, because there are too many.
CREATE TABLE withheld (
    run_id  INTEGER NOT NULL REFERENCES runs (id),
    kind    TEXT    NOT NULL,
    target  TEXT    NOT NULL,
    label   TEXT    NOT NULL,
    rest    INTEGER NOT NULL,
    members INTEGER NOT NULL,
    PRIMARY KEY (run_id, kind, target, label, rest)
) WITHOUT ROWID;

-- Some of those of whom a plan says what a run would do. kind: new, changed,
-- leaver. why: what a word says better than fields do. fields are the names of
-- fields that changed, or that a new member has, as a JSON list; raw holds their new
-- values, encrypted; null when no key is given.
CREATE TABLE samples (
    run_id     INTEGER NOT NULL REFERENCES runs (id),
    kind       TEXT    NOT NULL,
    contact_id INTEGER NOT NULL REFERENCES contacts (id),
    why        TEXT    NOT NULL,
    fields     TEXT    NOT NULL,
    raw        BLOB,
    PRIMARY KEY (run_id, kind, contact_id)
) WITHOUT ROWID;

-- Audiences that sets of changes are delivered of, by the name of the sync:
-- two syncs keep different fields. changes grows with every write and fences
-- whoever has not seen it; version grows with every set that begins.
CREATE TABLE exports (
    id          INTEGER PRIMARY KEY,
    sync        TEXT    NOT NULL UNIQUE,
    changes     INTEGER NOT NULL DEFAULT 0,
    version     INTEGER NOT NULL DEFAULT 0,
    members     INTEGER NOT NULL DEFAULT 0, -- rows in export_members
    last_member INTEGER NOT NULL DEFAULT 0  -- the highest number that a member was given
);

-- The sets since the last full one, which is the first, in the order in which
-- they were applied. state: applying, applied. files and basis are for the source.
CREATE TABLE export_sets (
    export_id    INTEGER NOT NULL REFERENCES exports (id),
    number       INTEGER NOT NULL,
    name         TEXT    NOT NULL,
    place        TEXT    NOT NULL, -- in the order of sets
    full_set     INTEGER NOT NULL, -- 1: it is the whole audience
    basis        TEXT    NOT NULL, -- what its members were kept with
    files        TEXT    NOT NULL,
    as_of        INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    cursor       TEXT    NOT NULL DEFAULT '',
    first_member INTEGER NOT NULL, -- members with a lower number were there before
    counts       TEXT    NOT NULL,
    PRIMARY KEY (export_id, number)
);

-- The members of such an audience: the keyed digest of what identifies one, and
-- the mapped fields, encrypted. A full set gives all its members new numbers.
CREATE TABLE export_members (
    export_id INTEGER NOT NULL REFERENCES exports (id),
    number    INTEGER NOT NULL,
    member    BLOB    NOT NULL,
    fields    BLOB    NOT NULL,
    PRIMARY KEY (export_id, number),
    UNIQUE (export_id, member)
) WITHOUT ROWID;

-- What notifications of a sync are decided by, by its name: one whose first run was
-- refused is told of too.
CREATE TABLE notify_states (
    sync       TEXT    PRIMARY KEY,
    watched_at INTEGER NOT NULL,           -- when it was first looked at
    ended_at   INTEGER,                    -- when the newest run ended that was looked at
    bad        TEXT    NOT NULL DEFAULT '', -- how the last run ended, if badly
    bad_since  INTEGER,
    overdue    INTEGER NOT NULL DEFAULT 0, -- 1: it was told, and no run has ended well since
    stalled    INTEGER NOT NULL DEFAULT 0, -- the last run of which it was told that it stands still; 0: a run has ended well since
    told_at    INTEGER,
    digest_at  INTEGER
);

-- Notifications, recorded before they are sent, in the order in which they are. state:
-- waiting, delivered, refused (the receiver does not want it).
CREATE TABLE notifications (
    id         INTEGER PRIMARY KEY,
    sync       TEXT    NOT NULL REFERENCES notify_states (sync),
    cause      TEXT    NOT NULL, -- what happened: the same cause is recorded once
    event      TEXT    NOT NULL,
    connection TEXT    NOT NULL,
    message    TEXT    NOT NULL, -- its id for receivers, the same with every try
    body       TEXT    NOT NULL,
    made_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL, -- it is not sent any more
    state      TEXT    NOT NULL,
    UNIQUE (cause, event, connection)
);
CREATE INDEX notifications_by_connection ON notifications (sync, connection, id);

-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
DROP TABLE notifications;
DROP TABLE notify_states;
DROP TABLE export_members;
DROP TABLE export_sets;
DROP TABLE exports;
DROP TABLE samples;
DROP TABLE withheld;
DROP TABLE differences;
DROP TABLE failures;
DROP TABLE batches;
DROP TABLE known_failures;
DROP TABLE gone;
DROP TABLE memberships;
DROP TABLE past_channels;
DROP TABLE contacts;
DROP TABLE forgotten;
DROP TABLE drawn;
DROP TABLE seen;
DROP TABLE pages;
DROP TABLE runs;
DROP TABLE surroundings;
DROP TABLE specs;
DROP TABLE marker_turns;
DROP TABLE beginnings;
DROP TABLE syncs;
DROP TABLE told_delays;
DROP TABLE batch_limits;
DROP TABLE workspaces;
DROP TABLE ledger;
-- +goose StatementEnd
