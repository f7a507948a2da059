/// The starter repository of `berth init`: the folder manifests/, written here by scripts/embed-starter.
package enum Starter {
    package static let files: [(path: String, text: String)] = [
        (
            path: "places/gateway.yaml",
            text: #"""
            # yaml-language-server: $schema=../../.berth/berth.schema.json
            # The proxy in front of every sandbox. A request names its sandbox by port, by host name or by header.
            gateway: local
            node: local
            driver: haproxy
            listeners:
            - {name: sandboxes, from: 18080, to: 18099, selects: sandbox}   # one port for each sandbox
            - {name: web, port: 18000, baseDomain: berth.localhost}         # http://<sandbox>.berth.localhost:18000
            # With this line too, what a sandbox overrides holds along calls between services: http://payment:8080 in a container is
            # the sandbox's own payment, or else the shared one.
            # - {name: inside, selects: sourceNetwork, ports: [8080]}
            """# + "\n"
        ),
        (
            path: "places/node.yaml",
            text: #"""
            # yaml-language-server: $schema=../../.berth/berth.schema.json
            # The machine whose engine runs the sandboxes. With one machine, no sandbox has to say where it runs.
            node: local
            type: MICRO
            offline: true                                  # never pull: the images must be on the machine already
            portPools: [{name: micro, from: 19101, to: 19499}]
            subnetPool: {cidr: 10.210.0.0/16, perSandboxPrefix: 28}
            """# + "\n"
        ),
        (
            path: "sandboxes/qa-default.yaml",
            text: #"""
            # yaml-language-server: $schema=../../.berth/berth.schema.json
            # What sandboxes of the QA team have in common: everything shared, until a sandbox says otherwise.
            template: qa-default
            services:
              account: {use: baseline}
              payment: {use: baseline}
              user: {use: baseline}
            """# + "\n"
        ),
        (
            path: "sandboxes/qa-login-error.yaml",
            text: #"""
            # yaml-language-server: $schema=../../.berth/berth.schema.json
            # One feature branch: account runs from its branch, payment and user are the shared ones.
            sandbox: qa-login-error
            owner: qa
            template: qa-default
            services:
              account:
                branch: feature/login-error
                env: {LOG_LEVEL: debug}
              payment: {use: baseline}
              user: {use: baseline}
            """# + "\n"
        ),
        (
            path: "services/account.yaml",
            text: #"""
            # yaml-language-server: $schema=../../.berth/berth.schema.json
            # Where the source is kept: a folder of this machine, or `url: ssh://…` or `url: https://…` with a credentialRef.
            repository: account
            path: /var/tmp/berth-demo/account.git
            ---
            # A branch is built on this machine; its files are then mounted read-only at /src, into an image that is here already.
            service: account
            repository: account
            recipe:
              type: hostBuild
              build: {command: [sh, build]}                   # such as [go, build, -o, account, .]
              run: {image: "berth-demo/base:1", command: [sh, /src/serve]}
            ports: [{name: http, container: 8080}]
            health: {http: {path: /health}}
            environmentRefs: [common]
            baseline: {url: "http://127.0.0.1:19001"}         # the shared deployment, for sandboxes that do not change account
            """# + "\n"
        ),
        (
            path: "services/common.yaml",
            text: #"""
            # yaml-language-server: $schema=../../.berth/berth.schema.json
            # Variables that all services have in common. Secrets are named here and kept elsewhere (secretRef).
            environment: common
            variables:
            - {name: LOG_LEVEL, value: info}
            """# + "\n"
        ),
        (
            path: "services/payment.yaml",
            text: #"""
            # yaml-language-server: $schema=../../.berth/berth.schema.json
            # An image for each branch: {branch} becomes the branch that a sandbox chooses, feature/login the tag feature-login.
            service: payment
            image: berth-demo/payment:{branch}
            ports: [{name: http, container: 8080}]
            health: {http: {path: /health}}
            environmentRefs: [common]
            baseline: {url: "http://127.0.0.1:19002"}         # the shared deployment, for sandboxes that do not change payment
            """# + "\n"
        ),
        (
            path: "services/user.yaml",
            text: #"""
            # yaml-language-server: $schema=../../.berth/berth.schema.json
            # An image for each branch: {branch} becomes the branch that a sandbox chooses, feature/login the tag feature-login.
            service: user
            image: berth-demo/user:{branch}
            ports: [{name: http, container: 8080}]
            health: {http: {path: /health}}
            environmentRefs: [common]
            baseline: {url: "http://127.0.0.1:19003"}         # the shared deployment, for sandboxes that do not change user
            """# + "\n"
        ),
    ]
}
