internal import CLibgit2
internal import Reconciler

/// Does `work` and gives its failure the name of what was tried.
func naming<Result: ~Copyable>(
    _ operation: @autoclosure () -> String, _ work: () throws(LibgitFailure) -> Result
) throws(SourceError) -> Result {
    do throws(LibgitFailure) {
        return try work()
    } catch {
        throw SourceError(operation(), error.isOne(of: GIT_ENOTFOUND) ? .missing : .refused, error.message)
    }
}
