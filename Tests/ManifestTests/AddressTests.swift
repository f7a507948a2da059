import Manifest
import Model
import Testing

/// What may stand for a repository, and that no password in it is repeated.
@Suite struct AddressTests {
    private func report(_ url: String) -> (Repository, CodeRepository.Location?) {
        let repository = Repository.with(
            "repository: r\nurl: '\(url)'\n---\nservice: s\nrepository: r\nrecipe: {type: dockerfile}\n---\n"
                + "sandbox: x\nservices: {s: {}}\n")
        let making = repository.resolution.sandboxes.values.first?.services.values.first?.making
        return (repository, making?.repository.location)
    }

    @Test(arguments: [
        "https://git.example.com/acc/account.git", "https://achmad@git.example.com:8443/acc/account",
        "http://127.0.0.1:8080/account.git", "ssh://git@bitbucket.internal/acc/account.git",
        "ssh://bitbucket.internal:2222/~/account", "git@bitbucket.internal:acc/account.git",
        "git@bitbucket.internal:/srv/account.git", "git://git.example.com/account", "file:///srv/git/account.git",
        "https://x%40y@git.example.com/a/", "https://git.example.com/acc/%C3%A9t%C3%A9.git",
    ])
    func addressesOfGitAreTakenAsTheyAre(url: String) {
        let (repository, location) = report(url)
        #expect(repository.report == "")
        #expect(location == .url(url))
    }

    @Test(arguments: [
        "account", "/srv/account", "git.example.com/account", "bitbucket.internal:acc/account", "https://",
        "https:///account", "https://git.example.com/", "https://git.example.com/a/../b", "https://git.example.com//a",
        "https://git example.com/a", "https://git.example.com:0/a", "https://git.example.com:http/a",
        "https://@git.example.com/a", "https://-x@git.example.com/a", "file://host/a", "file://a", "ext::sh -c id",
        "ssh://-oProxyCommand=id/a", "-oProxyCommand=id@host:a", "git@-host:a", "git@host:-a", "git@host://a",
        "git@host:", "git@host",
        "git@host:../a", "https://a.example/b?c", "https://a.example/b#c", "HTTPS://a.example/b",
        "https://a.example/b\\c",
    ])
    func otherTextsAreRefused(url: String) {
        let (repository, _) = report(url)
        #expect(repository.parsed.flatMap(\.problems).map(\.code) == ["value"])
    }

    @Test(arguments: [
        "https://achmad:canary@git.example.com/a", "https://:canary@git.example.com/a", "ssh://git:canary@host/a",
        "https://achmad:canary@git.example.com:nonsense", "achmad:canary@git.example.com:a/b",
        "https://achmad:cana/canary@git.example.com/a", "https://achmad:1234/canary@git.example.com/a",
        "https://achmad:p@canary@git.example.com/a", "https://git.example.com/a?token=canary",
        "canary@nonsense", "ftp://achmad:canary@host/a", "achmad:canary@", "git@host:x@canary",
    ])
    func whatMayBeAPasswordIsNeverRepeated(url: String) {
        let (repository, location) = report(url)
        #expect(!repository.parsed.flatMap(\.problems).isEmpty)
        #expect(!repository.report.contains("canary"))
        #expect(location == nil)
    }

    @Test func urlWinsOverAFolderAndSaysSo() {
        let repository = Repository.with(
            "repository: r\nurl: https://a.example/b\npath: /srv/b\n---\nservice: s\nrepository: r\n"
                + "recipe: {type: phpGateway}\n---\nsandbox: x\nservices: {s: {}}\n")
        #expect(repository.resolution.problems.map(\.severity) == [.warning])
        let making = repository.resolution.sandboxes.values.first?.services.values.first?.making
        #expect(making?.repository.location == .url("https://a.example/b"))
    }
}
