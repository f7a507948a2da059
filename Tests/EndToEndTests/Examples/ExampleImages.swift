internal import Foundation

/// Images under the names that the examples use, made of the tests' own answering image: nothing is pulled.
struct ExampleImages {
    private static let base = "berth-test/e2e-base:1"

    /// Answers what the database says to it, which it finds by the name in its environment.
    private static let askDatabase = #"""
        #!/bin/sh
        cr=$(printf '\r')
        read -r -t 10 method path rest || exit 0
        while read -r -t 10 line && [ -n "${line%"$cr"}" ]; do :; done
        text=fine
        [ "$path" = /health ] ||
            text=$(echo "$DATABASE_USER $DATABASE_PASSWORD" | nc -w 5 "$DATABASE_HOST" "$DATABASE_PORT" 2>&1)
        text="$WHO: $text"
        printf 'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s\n' $((${#text} + 1)) "$text"
        """#

    /// Lets in who names user and password, and says which database it is.
    private static let session = #"""
        #!/bin/sh
        read -r -t 10 user password || exit 0
        if [ "$user $password" = "$POSTGRES_USER $POSTGRES_PASSWORD" ]; then
            echo "$POSTGRES_DB on $(hostname) is open for $user"
        else
            echo "$user is not let in"
        fi
        """#
    private static let serveDatabase = """
        #!/bin/sh
        nc -llllllllllllllll -p 5432 -e /bin/session &
        trap 'kill $!; exit 0' TERM INT
        wait $!
        """
    private static let isReady = """
        #!/bin/sh
        exec nc -w 2 127.0.0.1 5432 </dev/null
        """

    let bench: Bench

    /// A service that answers its name.
    func make(_ image: String, saying who: String) async throws {
        try await make(image, saying: who, files: [:], command: "/bin/serve")
    }

    func makeWeb(_ image: String, saying who: String) async throws {
        try await make(image, saying: who, files: ["answer": Self.askDatabase], command: "/bin/serve")
    }

    func makeDatabase(_ image: String) async throws {
        try await make(
            image, saying: "the database",
            files: ["session": Self.session, "database": Self.serveDatabase, "pg_isready": Self.isReady],
            command: "/bin/database")
    }

    private func make(_ image: String, saying who: String, files: [String: String], command: String) async throws {
        let engine = bench.engine
        let draft = try await engine.docker("create", Self.base)
        for (file, text) in files {
            let path = bench.scratch + "/" + file
            try Data((text + "\n").utf8).write(to: URL(filePath: path))
            chmod(path, 0o755)
            try await engine.docker("cp", path, "\(draft):/bin/\(file)")
        }
        try await engine.docker(
            "commit", "--change", "ENV WHO=\"\(who)\"", "--change", "CMD [\"/bin/sh\", \"-c\", \"\(command)\"]", draft,
            image)
        try await engine.docker("rm", draft)
    }
}
