/// The journal as the first release made it, with a row in every table that later ones change.
enum FirstLight {
    static let schema = """
        CREATE TABLE ledger (
            uid TEXT NOT NULL PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('container', 'network')),
            name TEXT NOT NULL,
            node TEXT NOT NULL,
            sandbox TEXT NOT NULL,
            enteredAt INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX ledgerBySandbox ON ledger (sandbox);

        -- A range of numbers of one pool: addresses of a node, ports of a gateway, ports of a node.
        CREATE TABLE allocation (
            kind TEXT NOT NULL CHECK (kind IN ('subnet', 'listener', 'published')),
            pool TEXT NOT NULL,
            lowest INTEGER NOT NULL,
            highest INTEGER NOT NULL,
            service TEXT,
            containerPort INTEGER CHECK (containerPort BETWEEN 0 AND 65535),
            sandbox TEXT NOT NULL,
            CHECK (kind = 'subnet' OR (lowest = highest AND lowest BETWEEN 0 AND 65535)),
            CHECK (kind <> 'subnet' OR (lowest < highest AND lowest >= 0 AND highest < 4294967296)),
            CHECK ((kind = 'published') = (service IS NOT NULL AND containerPort IS NOT NULL)),
            UNIQUE (kind, pool, lowest, highest)
        ) STRICT;
        CREATE TRIGGER allocationIsFree BEFORE INSERT ON allocation
        WHEN EXISTS (
            SELECT * FROM allocation
            WHERE kind = NEW.kind AND pool = NEW.pool AND lowest <= NEW.highest AND highest >= NEW.lowest
                AND sandbox <> NEW.sandbox
        )
        BEGIN
            SELECT RAISE (ABORT, 'held by another sandbox');
        END;

        CREATE TABLE consent (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            revision TEXT NOT NULL,
            deletions INTEGER NOT NULL CHECK (deletions >= 0),
            who TEXT NOT NULL,
            at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX consentByRevision ON consent (revision, id);

        CREATE TABLE pass (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            sandbox TEXT,
            revision TEXT NOT NULL,
            cause TEXT NOT NULL,
            startedAt INTEGER NOT NULL,
            planText TEXT NOT NULL,
            steps INTEGER NOT NULL,
            outcome TEXT CHECK (outcome IN ('applied', 'failed', 'superseded', 'abandoned')),
            endedAt INTEGER,
            message TEXT NOT NULL DEFAULT '',
            CHECK ((outcome IS NULL) = (endedAt IS NULL))
        ) STRICT;
        CREATE INDEX passBySandbox ON pass (sandbox, id);
        CREATE INDEX passUnfinished ON pass (id) WHERE outcome IS NULL;

        CREATE TABLE step (
            pass INTEGER NOT NULL REFERENCES pass (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            result TEXT NOT NULL CHECK (result IN ('started', 'completed', 'failed', 'skipped')),
            action TEXT NOT NULL,
            service TEXT,
            cause TEXT NOT NULL,
            at INTEGER NOT NULL,
            message TEXT NOT NULL,
            PRIMARY KEY (pass, position, result)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE event (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            sandbox TEXT,
            service TEXT,
            kind TEXT NOT NULL,
            message TEXT NOT NULL,
            cause TEXT NOT NULL,
            revision TEXT
        ) STRICT;
        CREATE INDEX eventBySandbox ON event (sandbox, id);

        CREATE TABLE status (
            sandbox TEXT NOT NULL PRIMARY KEY,
            title TEXT NOT NULL,
            owner TEXT,
            phase TEXT NOT NULL CHECK (
                phase IN ('Pending', 'Progressing', 'Ready', 'Degraded', 'Suspended', 'Failed', 'Deleting', 'Held')
            ),
            message TEXT NOT NULL,
            attempted TEXT,
            applied TEXT,
            healthy TEXT,
            cause TEXT NOT NULL,
            port INTEGER CHECK (port BETWEEN 0 AND 65535),
            updatedAt INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE statusService (
            sandbox TEXT NOT NULL REFERENCES status (sandbox) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            name TEXT NOT NULL,
            use TEXT NOT NULL,
            health TEXT NOT NULL,
            target TEXT NOT NULL,
            PRIMARY KEY (sandbox, position)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE fleet (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            branch TEXT NOT NULL,
            head TEXT,
            author TEXT,
            committedAt INTEGER,
            subject TEXT,
            updatedAt INTEGER NOT NULL,
            processID INTEGER,
            CHECK ((head IS NULL) = (author IS NULL)),
            CHECK ((head IS NULL) = (committedAt IS NULL)),
            CHECK ((head IS NULL) = (subject IS NULL))
        ) STRICT;

        CREATE TABLE notice (
            position INTEGER PRIMARY KEY,
            message TEXT NOT NULL
        ) STRICT;

        CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
        INSERT INTO grdb_migrations VALUES ('1 first light');
        PRAGMA application_id = 0x62727468;
        """

    static let rows = """
        INSERT INTO ledger VALUES ('a1', 'container', 'sandbox-qa-account', 'micro-92', 'qa', 1);
        INSERT INTO ledger VALUES ('n1', 'network', 'sandbox-qa', 'micro-92', 'qa', 2);
        INSERT INTO allocation VALUES ('listener', 'edge', 9001, 9001, NULL, NULL, 'qa');
        INSERT INTO pass (sandbox, revision, cause, startedAt, planText, steps, outcome, endedAt, message)
            VALUES ('qa', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'manifests/qa.yaml:3', 1,
                '#1 create' || char(10) || '#2 start', 2, 'applied', 9, 'done');
        INSERT INTO step VALUES (1, 1, 'started', 'create', 'account', 'missing', 3, '');
        INSERT INTO step VALUES (1, 1, 'completed', 'create', 'account', 'missing', 4, '');
        INSERT INTO event (at, sandbox, kind, message, cause)
            VALUES (1, 'qa', 'drift', 'event 1', 'container died');
        INSERT INTO event (at, kind, message, cause) VALUES (2, 'daemon.started', '', '');
        INSERT INTO status (sandbox, title, phase, message, cause, updatedAt)
            VALUES ('qa', 'QA', 'Ready', '', 'x:1', 5);
        INSERT INTO statusService VALUES ('qa', 0, 'web', 'branch main', 'Healthy', '');
        """
}
