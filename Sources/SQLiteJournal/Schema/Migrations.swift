internal import GRDB

/// The journal of a controller, table by table.
enum Migrations {
    /// `brth`: the mark in the header of a file that is ours.
    static let applicationID: Int32 = 0x6272_7468

    /// A migration that has been released is never edited; the next one mends it. `schemas/journal.sql` shows the result.
    static let all: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 first light") { db in
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            try db.execute(sql: holdings)
            try db.execute(sql: history)
            try db.execute(sql: standing)
        }
        migrator.registerMigration("2 the workshop") { db in
            try db.execute(sql: sharedHoldings)
            try db.execute(sql: origins)
        }
        migrator.registerMigration("3 many machines") { db in
            try db.execute(sql: places)
            try db.execute(sql: standingUnknown)
            try db.execute(sql: machines)
        }
        return migrator
    }()

    private static let holdings = """
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
        """

    private static let history = """
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
        """

    private static let standing = """
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
        """

    /// A table's checks cannot be altered: the ledger is made again. Its rows are as many as there are things.
    private static let sharedHoldings = """
        ALTER TABLE ledger RENAME TO ledgerBefore;
        DROP INDEX ledgerBySandbox;
        -- What is made of a commit belongs to no one sandbox.
        CREATE TABLE ledger (
            uid TEXT NOT NULL PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('container', 'network', 'worktree', 'image')),
            name TEXT NOT NULL,
            node TEXT NOT NULL,
            sandbox TEXT,
            enteredAt INTEGER NOT NULL,
            CHECK (sandbox IS NOT NULL OR kind IN ('worktree', 'image'))
        ) STRICT;
        INSERT INTO ledger (uid, kind, name, node, sandbox, enteredAt)
            SELECT uid, kind, name, node, sandbox, enteredAt FROM ledgerBefore;
        DROP TABLE ledgerBefore;
        CREATE INDEX ledgerBySandbox ON ledger (sandbox);
        """

    private static let origins = """
        ALTER TABLE pass ADD COLUMN piece TEXT;
        CREATE INDEX passByPiece ON pass (piece, id) WHERE piece IS NOT NULL;
        ALTER TABLE event ADD COLUMN piece TEXT;

        -- What the containers of a pass are made of.
        CREATE TABLE origin (
            pass INTEGER NOT NULL REFERENCES pass (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            service TEXT,
            repository TEXT NOT NULL,
            reference TEXT NOT NULL,
            commitID TEXT NOT NULL,
            piece TEXT NOT NULL,
            -- Names, separated by commas.
            environments TEXT NOT NULL,
            PRIMARY KEY (pass, position)
        ) STRICT, WITHOUT ROWID;
        """

    private static let places = """
        -- The node that was chosen for a sandbox whose author names none: two while it moves.
        CREATE TABLE place (
            sandbox TEXT NOT NULL,
            node TEXT NOT NULL,
            PRIMARY KEY (sandbox, node)
        ) STRICT, WITHOUT ROWID;
        """

    /// A phase more, and again a table that is made anew. Its rows are as many as there are sandboxes.
    private static let standingUnknown = """
        CREATE TABLE statusBefore AS SELECT * FROM status;
        CREATE TABLE statusServiceBefore AS SELECT * FROM statusService;
        DROP TABLE statusService;
        DROP TABLE status;
        CREATE TABLE status (
            sandbox TEXT NOT NULL PRIMARY KEY,
            title TEXT NOT NULL,
            owner TEXT,
            phase TEXT NOT NULL CHECK (
                phase IN (
                    'Pending', 'Progressing', 'Ready', 'Degraded', 'Suspended', 'Failed', 'Deleting', 'Held', 'Unknown'
                )
            ),
            message TEXT NOT NULL,
            attempted TEXT,
            applied TEXT,
            healthy TEXT,
            cause TEXT NOT NULL,
            port INTEGER CHECK (port BETWEEN 0 AND 65535),
            updatedAt INTEGER NOT NULL
        ) STRICT;
        INSERT INTO status (sandbox, title, owner, phase, message, attempted, applied, healthy, cause, port, updatedAt)
            SELECT sandbox, title, owner, phase, message, attempted, applied, healthy, cause, port, updatedAt
            FROM statusBefore;
        DROP TABLE statusBefore;
        CREATE TABLE statusService (
            sandbox TEXT NOT NULL REFERENCES status (sandbox) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            name TEXT NOT NULL,
            use TEXT NOT NULL,
            health TEXT NOT NULL,
            target TEXT NOT NULL,
            PRIMARY KEY (sandbox, position)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO statusService (sandbox, position, name, use, health, target)
            SELECT sandbox, position, name, use, health, target FROM statusServiceBefore;
        DROP TABLE statusServiceBefore;
        """

    private static let machines = """
        CREATE TABLE node (
            name TEXT NOT NULL PRIMARY KEY,
            connection TEXT NOT NULL CHECK (connection IN ('Local', 'Connected', 'Away')),
            since INTEGER NOT NULL,
            seenAt INTEGER,
            berthRelease TEXT NOT NULL,
            engine TEXT NOT NULL,
            skewMillis INTEGER,
            containers INTEGER NOT NULL CHECK (containers >= 0),
            message TEXT NOT NULL
        ) STRICT;

        -- A person's word that a node takes no new sandboxes.
        CREATE TABLE cordon (
            node TEXT NOT NULL PRIMARY KEY,
            isDraining INTEGER NOT NULL CHECK (isDraining IN (0, 1)),
            who TEXT NOT NULL,
            at INTEGER NOT NULL
        ) STRICT;
        """
}
