"""Every table, index and view, as migrations that are only ever added to.

A migration's statements are frozen text: what a database of some age was made by stays what it was,
whatever this program's tables come to be. So nothing here is put together from other modules'
constants. To change the tables, add a migration at the end; a test keeps the others as they are.

A migration that adds a column to a table with sums (see :mod:`.checksums`) makes the sums again in
the same breath, and only of rows whose old sum was right: damage must not be blessed.
"""

from __future__ import annotations

_M001 = (
    """CREATE TABLE dataset (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        task TEXT NOT NULL CHECK (task IN ('exclusive', 'multilabel', 'binary')),
        created REAL NOT NULL
    ) STRICT""",
    """CREATE TABLE label (
        id INTEGER PRIMARY KEY,
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        name TEXT NOT NULL,
        description TEXT NOT NULL DEFAULT '',
        position INTEGER NOT NULL,
        retired INTEGER NOT NULL DEFAULT 0,
        UNIQUE (dataset_id, name)
    ) STRICT""",
    """CREATE TABLE label_event (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        label_id INTEGER REFERENCES label(id),
        at REAL NOT NULL,
        action TEXT NOT NULL,
        detail TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE ticket (
        id INTEGER PRIMARY KEY,
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        input_hash INTEGER NOT NULL,
        text TEXT NOT NULL,
        meta TEXT,
        extra TEXT,
        UNIQUE (dataset_id, input_hash)
    ) STRICT""",
    """CREATE TABLE session (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        annotator TEXT NOT NULL,
        recipe TEXT NOT NULL,
        started REAL NOT NULL,
        ended REAL
    ) STRICT""",
    """CREATE TABLE revision (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        session_id INTEGER NOT NULL REFERENCES session(id),
        at REAL NOT NULL,
        answers INTEGER NOT NULL,
        newest INTEGER NOT NULL,
        seconds REAL NOT NULL,
        vectoriser TEXT NOT NULL,
        strategy TEXT NOT NULL,
        audit_n INTEGER,
        audit_value REAL,
        audit_low REAL,
        audit_high REAL,
        note TEXT NOT NULL DEFAULT ''
    ) STRICT""",
    """CREATE TABLE answer (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        ticket_id INTEGER NOT NULL REFERENCES ticket(id),
        session_id INTEGER NOT NULL REFERENCES session(id),
        annotator TEXT NOT NULL,
        verdict TEXT CHECK (verdict IN ('accept', 'reject', 'ignore')),
        undoes INTEGER UNIQUE REFERENCES answer(id),
        labels TEXT NOT NULL DEFAULT '[]',
        suggestion TEXT NOT NULL DEFAULT '[]',
        probabilities TEXT NOT NULL DEFAULT '[]',
        reason TEXT NOT NULL DEFAULT '',
        score REAL,
        selection_probability REAL,
        revision_id INTEGER REFERENCES revision(id),
        shown REAL NOT NULL,
        answered REAL NOT NULL,
        flagged INTEGER NOT NULL DEFAULT 0,
        comment TEXT NOT NULL DEFAULT '',
        CHECK ((verdict IS NULL) = (undoes IS NOT NULL))
    ) STRICT""",
    "CREATE INDEX answer_ticket ON answer (ticket_id, annotator, id)",
    "CREATE INDEX answer_dataset ON answer (dataset_id, id)",
    """CREATE TABLE queue (
        dataset_id INTEGER PRIMARY KEY REFERENCES dataset(id),
        revision_id INTEGER NOT NULL REFERENCES revision(id),
        ranking TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE lease (
        ticket_id INTEGER PRIMARY KEY REFERENCES ticket(id),
        session_id INTEGER NOT NULL REFERENCES session(id),
        expires REAL NOT NULL
    ) STRICT""",
    # An answer stands unless it was undone, or the same annotator answered the ticket again.
    """CREATE VIEW standing_answer AS
        SELECT * FROM answer AS a
        WHERE verdict IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM answer AS u WHERE u.undoes = a.id)
          AND NOT EXISTS (
            SELECT 1 FROM answer AS later
            WHERE later.ticket_id = a.ticket_id AND later.annotator = a.annotator
              AND later.id > a.id AND later.verdict IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM answer AS u WHERE u.undoes = later.id))""",
)

# Sums find what changed in tickets, answers and the queue. The few rows of the other tables are
# held twice, in the table and in an index over all of it, which SQLite's integrity check compares.
_M002 = (
    "ALTER TABLE ticket ADD COLUMN sum INTEGER",
    "ALTER TABLE answer ADD COLUMN sum INTEGER",
    "ALTER TABLE queue ADD COLUMN sum INTEGER",
    "UPDATE ticket SET sum = "
    "content_hash(dataset_id, input_hash, CAST(meta AS BLOB), "
    "CAST(extra AS BLOB))",
    "UPDATE answer SET sum = "
    "content_hash(id, dataset_id, ticket_id, session_id, "
    "CAST(annotator AS BLOB), CAST(verdict AS BLOB), undoes, "
    "CAST(labels AS BLOB), CAST(suggestion AS BLOB), "
    "CAST(probabilities AS BLOB), CAST(reason AS BLOB), score, "
    "selection_probability, revision_id, shown, answered, flagged, "
    "CAST(comment AS BLOB))",
    "UPDATE queue SET sum = content_hash(dataset_id, revision_id, CAST(ranking AS BLOB))",
    "CREATE INDEX dataset_whole ON dataset (name, task, created)",
    "CREATE INDEX label_whole ON label (dataset_id, name, description, position, retired)",
    "CREATE INDEX label_event_whole ON label_event (dataset_id, label_id, at, action, detail)",
    "CREATE INDEX session_whole ON session (dataset_id, annotator, recipe, started, ended)",
    "CREATE INDEX revision_whole ON revision (dataset_id, session_id, at, answers, newest, seconds,"
    " vectoriser, strategy, audit_n, audit_value, audit_low, audit_high, note)",
)

# A dataset's tickets in order of loading: counted, drawn from and asked for what is new without
# reading their texts, however many there are.
_M003 = ("CREATE INDEX ticket_dataset ON ticket (dataset_id)",)

# SQLite can't change a CHECK: the rows are put by, and the table made again under its name. What
# refers to them is looked at again when all is done.
_M004 = (
    "PRAGMA defer_foreign_keys = ON",
    "CREATE TEMP TABLE put_by AS SELECT id, name, task, created FROM dataset",
    "DROP TABLE dataset",
    """CREATE TABLE dataset (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        task TEXT NOT NULL CHECK (task IN ('exclusive', 'multilabel', 'binary', 'rating')),
        created REAL NOT NULL
    ) STRICT""",
    "CREATE INDEX dataset_whole ON dataset (name, task, created)",
    "INSERT INTO dataset (id, name, task, created) SELECT id, name, task, created FROM put_by",
    "DROP TABLE put_by",
)

_M005 = (
    """CREATE TABLE measures (
        revision_id INTEGER PRIMARY KEY REFERENCES revision(id),
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        body TEXT NOT NULL,
        sum INTEGER
    ) STRICT""",
    "CREATE INDEX measures_dataset ON measures (dataset_id, revision_id)",
)

# A row for each ticket that arrived by a stream, with what became of it; null until it is settled.
_M006 = (
    """CREATE TABLE arrival (
        ticket_id INTEGER PRIMARY KEY REFERENCES ticket(id),
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        session_id INTEGER NOT NULL REFERENCES session(id),
        arrived REAL NOT NULL,
        fate TEXT CHECK (fate IN ('ask', 'let go', 'predict')),
        reason TEXT NOT NULL DEFAULT '',
        score REAL,
        threshold REAL,
        selection_probability REAL,
        labels TEXT NOT NULL DEFAULT '[]',
        probability REAL,
        revision_id INTEGER REFERENCES revision(id),
        settled REAL,
        sum INTEGER
    ) STRICT""",
    "CREATE INDEX arrival_fate ON arrival (dataset_id, fate, ticket_id)",
    """CREATE TABLE stream (
        dataset_id INTEGER PRIMARY KEY REFERENCES dataset(id),
        decided INTEGER NOT NULL,
        asked INTEGER NOT NULL,
        predicted INTEGER NOT NULL,
        credit REAL NOT NULL,
        threshold REAL
    ) STRICT""",
    "CREATE INDEX stream_whole ON stream"
    " (dataset_id, decided, asked, predicted, credit, threshold)",
)

# A ticket that everybody is asked may be on several screens at once. Leases are for minutes: none
# is worth keeping.
_M007 = (
    "DROP TABLE lease",
    """CREATE TABLE lease (
        ticket_id INTEGER NOT NULL REFERENCES ticket(id),
        session_id INTEGER NOT NULL REFERENCES session(id),
        expires REAL NOT NULL,
        PRIMARY KEY (ticket_id, session_id)
    ) STRICT, WITHOUT ROWID""",
    "ALTER TABLE session ADD COLUMN overlap INTEGER NOT NULL DEFAULT 0",
    "DROP INDEX session_whole",
    "CREATE INDEX session_whole"
    " ON session (dataset_id, annotator, recipe, started, ended, overlap)",
)

_M008 = (
    """CREATE TABLE synthetic (
        ticket_id INTEGER PRIMARY KEY REFERENCES ticket(id),
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        first INTEGER NOT NULL REFERENCES ticket(id),
        second INTEGER NOT NULL REFERENCES ticket(id),
        at REAL NOT NULL
    ) STRICT""",
    "CREATE INDEX synthetic_whole ON synthetic (dataset_id, ticket_id, first, second, at)",
)

# One row; see lineage.py. Its first mark has none before it.
_M009 = (
    "CREATE TABLE commit_mark (id INTEGER PRIMARY KEY CHECK (id = 1), mark BLOB NOT NULL) STRICT",
    "INSERT INTO commit_mark (id, mark)"
    " VALUES (1, CAST(x'b86017edbc5c0000000000000000' || randomblob(8) AS BLOB))",
)

# What a dataset is labelled with until an option says otherwise: a row for each option, as JSON.
_M010 = (
    """CREATE TABLE setting (
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (dataset_id, name)
    ) STRICT""",
    "CREATE INDEX setting_whole ON setting (dataset_id, name, value)",
)

# What was taken out on purpose: answers by their numbers, whose gap is no loss then, and tickets by
# their hash, so that a text that was to be forgotten isn't loaded again.
_M011 = (
    """CREATE TABLE removed (
        first INTEGER PRIMARY KEY,
        last INTEGER NOT NULL,
        at REAL NOT NULL,
        why TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX removed_whole ON removed (first, last, at, why)",
    """CREATE TABLE forgotten (
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        input_hash INTEGER NOT NULL,
        at REAL NOT NULL,
        PRIMARY KEY (dataset_id, input_hash)
    ) STRICT""",
    "CREATE INDEX forgotten_whole ON forgotten (dataset_id, input_hash, at)",
)

# What is shown of a model is an estimate by all answers, and no longer that of the audit alone.
_M012 = (
    "ALTER TABLE revision RENAME COLUMN audit_n TO headline_n",
    "ALTER TABLE revision RENAME COLUMN audit_value TO headline_value",
    "ALTER TABLE revision RENAME COLUMN audit_low TO headline_low",
    "ALTER TABLE revision RENAME COLUMN audit_high TO headline_high",
)

# Who votes on tickets without being a person, and how they vote: rules, commands, near-duplicates.
_M013 = (
    """CREATE TABLE source (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        name TEXT NOT NULL,
        kind TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        through INTEGER NOT NULL,
        note TEXT NOT NULL DEFAULT '',
        at REAL NOT NULL,
        UNIQUE (dataset_id, name)
    ) STRICT""",
    "CREATE INDEX source_whole ON source (dataset_id, name, kind, fingerprint, through, note, at)",
    """CREATE TABLE vote (
        source_id INTEGER NOT NULL REFERENCES source(id),
        ticket_id INTEGER NOT NULL REFERENCES ticket(id),
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        labels TEXT,
        confidence REAL,
        reason TEXT NOT NULL DEFAULT '',
        at REAL NOT NULL,
        sum INTEGER,
        PRIMARY KEY (source_id, ticket_id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX vote_ticket ON vote (ticket_id)",
)

# Labels that a model gave to open tickets, each under a bound on its precision.
_M014 = (
    """CREATE TABLE bound (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        at REAL NOT NULL,
        precision REAL NOT NULL,
        evidence TEXT NOT NULL,
        withdrawn REAL,
        why TEXT NOT NULL DEFAULT ''
    ) STRICT""",
    "CREATE INDEX bound_whole ON bound (dataset_id, at, precision, evidence, withdrawn, why)",
    """CREATE TABLE prediction (
        ticket_id INTEGER PRIMARY KEY REFERENCES ticket(id),
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        bound_id INTEGER NOT NULL REFERENCES bound(id),
        labels TEXT NOT NULL,
        probability REAL NOT NULL,
        checked INTEGER NOT NULL,
        revision_id INTEGER REFERENCES revision(id),
        at REAL NOT NULL,
        sum INTEGER
    ) STRICT""",
    "CREATE INDEX prediction_bound ON prediction (bound_id, checked)",
)

# Who may use the service: a token's hash, never the token. And deliveries that hooks still wait
# for: an answer by its id, because its ticket may be forgotten before; others by a few figures.
_M015 = (
    """CREATE TABLE token (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        digest TEXT NOT NULL,
        scopes TEXT NOT NULL,
        created REAL NOT NULL,
        expires REAL
    ) STRICT""",
    "CREATE INDEX token_whole ON token (name, digest, scopes, created, expires)",
    """CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        event TEXT NOT NULL CHECK (event IN ('answer', 'train', 'stop', 'drift')),
        answer_id INTEGER,
        detail TEXT NOT NULL DEFAULT '{}',
        at REAL NOT NULL,
        due REAL NOT NULL,
        tries INTEGER NOT NULL DEFAULT 0,
        dead INTEGER NOT NULL DEFAULT 0,
        error TEXT NOT NULL DEFAULT ''
    ) STRICT""",
    "CREATE INDEX outbox_due ON outbox (dead, due)",
)

# Whom a dataset tells of what happens, and the secret with which that is signed.
_M016 = (
    """CREATE TABLE hook (
        dataset_id INTEGER NOT NULL REFERENCES dataset(id),
        event TEXT NOT NULL CHECK (event IN ('answer', 'train', 'stop', 'drift')),
        target TEXT NOT NULL,
        secret TEXT NOT NULL,
        PRIMARY KEY (dataset_id, event)
    ) STRICT""",
    "CREATE INDEX hook_whole ON hook (dataset_id, event, target, secret)",
)

# A delivery that changed by itself is found, as any other row is that is held in an index, too.
_M017 = (
    "CREATE INDEX outbox_whole ON outbox"
    " (dataset_id, event, answer_id, detail, at, due, tries, dead, error)",
)

MIGRATIONS = {
    "m001_tables": _M001,
    "m002_sums": _M002,
    "m003_ticket_dataset": _M003,
    "m004_ratings": _M004,
    "m005_measures": _M005,
    "m006_stream": _M006,
    "m007_overlap": _M007,
    "m008_synthetic": _M008,
    "m009_commit_mark": _M009,
    "m010_settings": _M010,
    "m011_removed": _M011,
    "m012_headline": _M012,
    "m013_votes": _M013,
    "m014_predictions": _M014,
    "m015_service": _M015,
    "m016_hooks": _M016,
    "m017_outbox": _M017,
}
"""Statements by the name sqlite-utils notes them under; only ever added to."""
