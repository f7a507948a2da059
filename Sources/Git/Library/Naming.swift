internal import CLibgit2
internal import Reconciler

/// Does `work` and gives its failure the name of what was tried.
func naming<Result: ~Copyable>(
    _ operation: @autoclosure () -> String, _ work: () throws(LibgitFailure) -> Result
) throws(SourceError) -> Result {
    do throws(LibgitFailure) {
        return try work()
    } catch {
        let failure: SourceError.Failure =
            if error.isDiskFull { .unreachable } else if error.isOne(of: GIT_ENOTFOUND) { .missing } else { .refused }
        throw SourceError(operation(), failure, error.explained)
    }
}
