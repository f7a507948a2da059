extension MessageTests {
    private static let three = """
        {node: a, type: MICRO, labels: {zone: dc1}}
        ---
        {node: b, type: MICRO, labels: {zone: dc2, disk: ssd}}
        ---
        {node: c, type: GATEWAY, labels: {zone: dc3}}
        ---

        """
    private static let gateway = "gateway: g\nnode: c\nlisteners: [{name: web, port: 80}]\n---\n"

    static let placement: [Case] = [
        // Nodes
        Case("capacity", "node: x\ncapacity: {cpu: lots, memory: 16G, disk: big}\n"),
        Case("half a capacity", "node: x\ncapacity: {cpu: 8, reserve: {disk: 1Gi}}\n"),
        Case("reserve above capacity", "node: x\ncapacity: {cpu: 1, memory: 1Gi, reserve: {memory: 1Gi}}\n"),
        Case("runtime", "node: x\nruntime: padman\n"),
        Case("two nodes with one address", "{node: a, address: Micro}\n---\n{node: b, address: micro}\n"),
        // Sandboxes
        Case("node and labels", "sandbox: x\nplacement: {node: a, labels: {zone: dc1}}\n"),
        Case("misspelt key", "sandbox: x\nplacement: {lables: {zone: dc1}}\n"),
        Case("unknown node", three + "sandbox: x\nplacement: {node: aa}\n"),
        Case("misspelt label", three + "sandbox: x\nplacement: {labels: {zone: dc9, dsik: ssd}}\n"),
        Case("label of nobody", three + "sandbox: x\nplacement: {labels: {colour: red}}\n"),
        Case(
            "label of a broken node", three + "sandbox: x\nplacement: {labels: {colour: red}}\n",
            and: ["b.yaml": "node: d\nlabel: {colour: red}\n"]),
        Case("label of the only node", "node: a\n---\nsandbox: x\nplacement: {labels: {zone: dc1}}\n"),
        Case("labels of two nodes", three + "sandbox: x\nplacement: {labels: {zone: dc1, disk: ssd}}\n"),
        Case("label of a gateway's node", three + "sandbox: x\nplacement: {labels: {zone: dc3}}\n"),
        Case("no node for sandboxes", "{node: a, type: GATEWAY}\n---\n{node: b, type: INFRA}\n---\nsandbox: x\n"),
        Case("no node left", "node: a\nlabel: x\n---\nsandbox: x\nplacement: {labels: {zone: dc1}}\n"),
        Case(
            "repository of a node without the label",
            three + "sandbox: x\nplacement: {labels: {zone: dc1}}\nservices: {cart: {}}\n",
            and: [
                "b.yaml": "repository: code\npath: /srv/a\nnode: b\n",
                "c.yaml": "service: cart\nrepository: code\nrecipe: {type: phpGateway}\n",
            ]),
        Case(
            "port that could be anywhere",
            three + "sandbox: x\nplacement: {node: b}\nservices: {account: {port: 99}}\n---\n"
                + "sandbox: y\nservices: {user: {port: 99}}\n"),
        Case(
            "containers that become one, one of them unplaced",
            three + "sandbox: a-b\nservices: {account: {}}\n---\n"
                + "sandbox: a\nplacement: {node: a}\nservices: {b-account: {}}\n---\nservice: b-account\nimage: y\n"),
        Case(
            "route of another gateway, for an unplaced sandbox",
            three + gateway + "gateway: h\nnode: c\nlisteners: [{name: web, port: 81}]\n---\n"
                + "sandbox: x\ngateway: h\n---\nroute: r\ngateway: g\nsandboxes: [x]\nrules: [{service: account}]\n"),
        // Gateways of other nodes
        Case(
            "no address", three + gateway + "sandbox: x\nplacement: {node: b}\nservices: {account: {}}\n"),
        Case("no address anywhere", three + gateway + "sandbox: x\nservices: {account: {}}\n"),
        Case(
            "no address of one of them",
            three + gateway + "{node: d, type: MICRO, address: d}\n---\nsandbox: x\nservices: {account: {}}\n"),
        Case(
            "names that lead nowhere",
            "{node: a, address: a}\n---\n{node: b, address: b}\n---\ngateway: g\nnode: a\n"
                + "listeners: [{name: in, selects: sourceNetwork}]\n---\n"
                + "sandbox: x\nplacement: {node: b}\nservices: {account: {}}\n---\nsandbox: y\nservices: {user: {}}\n"),
    ]
}
