/// What can be wrong with repositories, recipes and bundles, and what sandboxes do with them.
extension MessageTests {
    private static let account = "repository: account\nurl: https://git.example.com/account.git\n"
    private static let sum = String(repeating: "0a", count: 32)

    private static func repository(_ name: String, _ keys: String) -> Case { Case(name, "repository: x\n\(keys)\n") }

    private static func recipe(_ name: String, _ recipe: String) -> Case {
        Case(name, "service: cart\nrepository: account\nrecipe: \(recipe)\n", and: ["b.yaml": account])
    }

    static let sources: [Case] = [
        repository("no address", "subPath: a"),
        repository("password in the address", "url: https://achmad:canary@git.example.com/account.git"),
        repository("password that looks like a port", "url: https://achmad:1234/canary@git.example.com/account.git"),
        repository("address of no repository", "url: https://git.example.com"),
        repository("address of another sort", "url: ftp://git.example.com/account.git"),
        repository("address with a query", "url: https://git.example.com/account.git?token=canary"),
        repository("host that is an option", "url: ssh://-oProxyCommand=x/account.git"),
        repository("address in path", "path: git.example.com/account"),
        repository("address and folder", "url: https://git.example.com/account.git\npath: /srv/account"),
        repository("credential by name", "url: https://git.example.com/a.git\ncredentialRef: {name: bitbucket}"),
        repository("credential as a text", "url: https://git.example.com/a.git\ncredentialRef: bitbucket"),
        repository(
            "credential of two places", "url: https://git.example.com/a.git\ncredentialRef: {provider: env, path: /a}"),
        repository("credential of a folder", "path: /srv/account\ncredentialRef: {provider: env, name: TOKEN}"),
        repository("credential of a file", "url: file:///srv/a\ncredentialRef: {provider: env, name: TOKEN}"),
        repository("credential of git", "url: git://a.example/a\ncredentialRef: {provider: env, name: TOKEN}"),
        repository(
            "two users", "url: git@a.example:a/b.git\ncredentialRef: {provider: env, name: TOKEN, user: achmad}"),
        repository(
            "host key of https",
            "url: https://a.example/a\ncredentialRef: {provider: env, name: TOKEN, hostKey: \"SHA256:\(hostKey)\"}"),
        repository(
            "host key of another sort",
            "url: git@a.example:a\ncredentialRef: {provider: env, name: TOKEN, hostKey: 'MD5:00:11'}"),
        repository("sub-path that leaves", "path: /srv/a\nsubPath: ../b"),
        repository("sub-path from the root", "path: /srv/a\nsubPath: /b/"),
        repository("default branch", "path: /srv/a\ndefaultBranch: --upload-pack"),
        repository("node of nobody", "path: /srv/a\nnode: micro"),
        Case(
            "misspelt repository", "service: cart\nrepository: acount\nrecipe: {type: dockerfile}\n",
            and: ["b.yaml": account]),
        Case(
            "address for a repository",
            "service: cart\nrepository: https://achmad:canary@git.example.com/a.git\nrecipe: {type: dockerfile}\n"),
        Case(
            "broken repository", "service: cart\nrepository: x\nrecipe: {type: dockerfile}\n",
            and: ["b.yaml": "repository: x\nsubpath: a\n", "c.yaml": "sandbox: y\nservices: {cart: {}}\n"]),
        Case(
            "repository that cannot be used", "service: cart\nrepository: x\nrecipe: {type: dockerfile}\n",
            and: [
                "b.yaml": "repository: x\npath: /srv/a\nnode: micro\n", "c.yaml": "sandbox: y\nservices: {cart: {}}\n",
            ]
        ),
        Case("repository twice", account, and: ["b.yaml": account]),
        Case("repository without a recipe", "service: cart\nrepository: account\n", and: ["b.yaml": account]),
        Case("repository of an image", "service: cart\nrepository: account\nimage: cart\n", and: ["b.yaml": account]),
        Case("recipe without a repository", "service: cart\nrecipe: {type: hostBuild, run: {image: alpine}}\n"),
        Case("image recipe without an image", "service: cart\nrecipe: {type: image}\n"),
        recipe("recipe of no type", "{path: Dockerfile}"),
        recipe("misspelt type", "{type: dockerFile}"),
        recipe("a recipe that is a text", "dockerfile"),
        recipe("keys of another recipe", "{type: dockerfile, run: {image: alpine}, contxt: web}"),
        recipe("host build without an image", "{type: hostBuild, build: {command: [go, build]}}"),
        recipe(
            "host build",
            "{type: hostBuild, build: {command: go build, env: {1A: b}, timeout: 10}, run: {image: alpine}}"),
        recipe("host build of nothing", "{type: hostBuild, build: {command: ['', a]}, run: {image: alpine}}"),
        recipe(
            "mounts",
            "{type: hostBuild, run: {image: a, mounts: [{source: volume, target: src}, {source: worktree, target: '/a:b'}]}}"
        ),
        recipe(
            "two mounts",
            "{type: hostBuild, run: {image: a, mounts: [{source: worktree}, {source: worktree, target: /b}]}}"),
        recipe("writable mount", "{type: hostBuild, run: {image: a, mounts: [{source: worktree, readOnly: false}]}}"),
        recipe(
            "dockerfile",
            "{type: dockerfile, path: ../Dockerfile, context: /web, target: a b, args: {a-b: c}, timeout: 1d}"
        ),
        recipe("php gateway", "{type: phpGateway, build: {command: [a]}, image: PHP}"),
        Case(
            "commit",
            "sandbox: x\nservices: {account: {commit: 4be1c2d}, user: {commit: HEAD}, payment: {commit: \(sum)}}\n"
        ),
        Case("commit of the baseline", "sandbox: x\nservices: {account: {use_ocp: true, commit: \(commit)}}\n"),
        Case("commit of a target", "sandbox: x\nservices: {account: {target: 'http://a', commit: \(commit)}}\n"),
        Case("commit of an image", "sandbox: x\nservices: {account: {branch: y, commit: \(commit)}}\n"),
        Case(
            "image of a dockerfile", "sandbox: x\nservices: {cart: {image: cart}}\n",
            and: ["b.yaml": account, "c.yaml": "service: cart\nrepository: account\nrecipe: {type: dockerfile}\n"]),
        Case(
            "repository of another node", "sandbox: x\nplacement: {node: b}\nservices: {cart: {}}\n",
            and: [
                "b.yaml": "repository: account\npath: /srv/a\nnode: a\n---\nnode: a\n---\nnode: b\n",
                "c.yaml": "service: cart\nrepository: account\nrecipe: {type: phpGateway}\n",
            ]),
        Case(
            "file among the files of the commit", "sandbox: x\nservices: {cart: {environmentRefs: [e]}}\n",
            and: [
                "b.yaml": account,
                "c.yaml": "service: cart\nrepository: account\nrecipe: {type: hostBuild, run: {image: a}}\n",
                "d.yaml": "environment: e\nfiles: [{path: /src/a.ini, content: b}, {path: /srcs/a, content: b}]\n",
            ]),
        Case("bundle of nothing", "imageBundle: x\nimages: []\n"),
        Case(
            "bundle",
            "imageBundle: x\nimages: [Alpine, {ref: 'a:{branch}'}, {ref: b, digest: sha256:1}]\narchive: a.tar\n"
                + "sha256: A0\n"),
        Case(
            "image twice in a bundle",
            "imageBundle: x\nimages: [alpine, {ref: 'library/alpine:latest'}]\narchive: /a\nsha256: \(sum)\n"),
        Case(
            "bundle of nobody's node",
            "imageBundle: x\nimages: [a]\narchive: /a\nsha256: \(sum)\nnodes: [micro-9]\n---\nnode: micro-92\n"),
        Case(
            "bundles that contradict each other",
            "imageBundle: x\nimages: [{ref: a, digest: 'sha256:\(sum)'}]\narchive: /a\nsha256: \(sum)\n---\nimageBundle: y\n"
                + "images: [{ref: a, digest: 'sha256:\(String(sum.reversed()))'}]\narchive: /b\nsha256: \(sum)\n"),
        Case("bundle in small letters", "imagebundle: x\nimages: [a]\n"),
        Case("builds", "node: x\nbuilds: {width: 65}\n"),
        Case("no width", "node: x\nbuilds: 2\n"),
    ]

    static let commit = "4be1c2d9f0a14be1c2d9f0a14be1c2d9f0a14be1"
    static let hostKey = "uNiVztksCsDhcc0u9e8BrrQXVUpKZIDTMczCvj3tD2s"
}
