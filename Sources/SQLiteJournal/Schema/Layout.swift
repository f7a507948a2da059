internal import GRDB

/// What a file of ours holds: its tables, its mark, and the words for people about it.
struct Layout: Sendable {
    /// `journal`
    let name: String
    /// The mark in the header of a file that is ours.
    let applicationID: Int32
    let migrations: DatabaseMigrator
    /// The command that makes it where there is none.
    let maker: String
    /// What to do with a file that is damaged, and what that costs.
    let remedy: String

    /// `berth.sqlite`
    static let journal = Layout(
        name: "journal", applicationID: Migrations.applicationID, migrations: Migrations.all, maker: "\"berth serve\"",
        remedy: "move the file away: everything in it is found again, only history is lost")

    /// `agent.sqlite`
    static let orders = Layout(
        name: "record of orders", applicationID: OrderMigrations.applicationID, migrations: OrderMigrations.all,
        maker: "\"berth agent\"",
        remedy: "see that only one controller runs, then move the file away: what runs stays, and what became of "
            + "earlier orders is forgotten")
}
