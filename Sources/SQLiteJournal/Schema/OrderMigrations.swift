internal import GRDB

/// What an agent remembers of its orders, table by table.
enum OrderMigrations {
    /// `brta`: the mark in the header of a file that is ours.
    static let applicationID: Int32 = 0x6272_7461

    /// A migration that has been released is never edited; the next one mends it. `schemas/agent.sql` shows the result.
    static let all: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 many machines") { db in
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            try db.execute(sql: orders)
        }
        return migrator
    }()

    private static let orders = """
        -- The highest epoch that was ever acted for.
        CREATE TABLE reign (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            epoch INTEGER NOT NULL CHECK (epoch >= 0)
        ) STRICT;

        CREATE TABLE ordered (
            epoch INTEGER NOT NULL CHECK (epoch >= 0),
            number INTEGER NOT NULL CHECK (number >= 0),
            uid TEXT NOT NULL,
            revision TEXT,
            action TEXT NOT NULL,
            begunAt INTEGER NOT NULL,
            endedAt INTEGER,
            outcome TEXT CHECK (outcome IN ('done', 'flip', 'drain', 'failed')),
            effectiveAt INTEGER,
            openOnOld INTEGER,
            finished INTEGER,
            dropped INTEGER,
            operation TEXT,
            failure TEXT CHECK (failure IN ('unreachable', 'refused', 'stale', 'unhealthy')),
            message TEXT,
            PRIMARY KEY (epoch, number),
            CHECK ((outcome IS NULL) = (endedAt IS NULL)),
            CHECK (outcome IS NOT 'flip' OR effectiveAt IS NOT NULL),
            CHECK (outcome IS NOT 'drain' OR (finished IS NOT NULL AND dropped IS NOT NULL)),
            CHECK (outcome IS NOT 'failed' OR (operation IS NOT NULL AND failure IS NOT NULL AND message IS NOT NULL))
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX orderedUnfinished ON ordered (epoch, number) WHERE outcome IS NULL;
        """
}
