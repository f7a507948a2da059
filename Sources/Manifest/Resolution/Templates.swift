internal import Model

extension Resolver {
    /// Reports what is wrong with templates whether or not a sandbox uses them.
    mutating func checkTemplates() {
        for template in index.templates.values.sorted(by: { $0.place < $1.place }) {
            _ = attempt(template.object.id) { resolver, findings in
                resolver.checkParents(of: template, &findings)
                resolver.checkServices(of: template, &findings)
                return true
            }
        }
    }

    private func checkParents(of template: Declared<TemplateSpec>, _ findings: inout Findings) {
        guard let parent = template.spec.parent else { return }
        guard index.find(parent.placed(in: template.place.file), .template, in: index.templates, &findings) != nil
        else { return }
        var path = [template.name]
        var next = template.spec.parent
        while let reference = next, path.count <= ReadingLimits.chain {
            if reference.name == template.name {
                // Each template of the circle finds it; the first by name tells it.
                guard template.name == path.min() else { return }
                findings.error(template.place(parent.mark), "cycle", Self.circle(path + [template.name]))
                return
            }
            path.append(reference.name)
            next = index.templates[reference.name]?.spec.parent
        }
    }

    private func checkServices(of template: Declared<TemplateSpec>, _ findings: inout Findings) {
        let body = template.spec.body(at: .start)
        for entry in body["services"]?.entries ?? [] {
            guard let slug = Slug.make(entry.key) else { continue }
            let reference = Reference(text: entry.key, name: slug, mark: entry.mark)
            _ = index.find(reference.placed(in: template.place.file), .service, in: index.services, &findings)
        }
    }

    /// What a sandbox's template and that one's template say, the farthest first; `nil` where they cannot be used.
    mutating func layers(
        for choice: TemplateReference, in file: String, path: [String], _ findings: inout Findings
    ) -> [(spec: SandboxSpec, file: String)]? {
        guard let reference = choice.name?.placed(in: file),
            let template = index.find(reference, .template, in: index.templates, &findings)
        else { return nil }
        if path.contains(template.name) {
            let circle = path[(path.firstIndex(of: template.name) ?? 0)...] + [template.name]
            findings.error(reference.place, "cycle", Self.circle(Array(circle)))
            return nil
        }
        guard path.count < ReadingLimits.chain else {
            findings.error(
                reference.place, "limit-chain",
                "more than \(ReadingLimits.chain) templates build on each other; shorten the chain")
            return nil
        }
        guard let values = values(choice, for: template, at: reference.place, &findings),
            let spec = fill(template, with: values, at: reference.place, &findings)
        else { return nil }
        let own = [(spec: spec, file: template.place.file)]
        guard let parent = spec.template else { return own }
        return layers(for: parent, in: template.place.file, path: path + [template.name], &findings).map { $0 + own }
    }

    private static func circle(_ names: [String]) -> String {
        "templates build on each other in a circle: \(names.joined(separator: " → ")); break it here"
    }

    /// What each parameter of the template stands for.
    private func values(
        _ choice: TemplateReference, for template: Declared<TemplateSpec>, at place: Place, _ findings: inout Findings
    ) -> [String: String]? {
        var values: [String: String] = [:]
        var isComplete = true
        let known = template.spec.parameters.map(\.value.name)
        for given in choice.parameters where !known.contains(given.name) {
            let hint = Nearest.hint(for: given.name, among: known) ?? "; remove it"
            findings.error(
                given.mark.place(in: place.file), "unknown-parameter",
                "template \(quoted(template.object.title)) has no parameter \(quoted(given.name))\(hint)")
            isComplete = false
        }
        for parameter in template.spec.parameters.map(\.value) {
            let given = choice.parameters.first { $0.name == parameter.name }
            guard let value = given?.value.value ?? parameter.standard else {
                findings.error(
                    place, "missing-parameter",
                    "template \(quoted(template.object.title)) needs the parameter \(quoted(parameter.name)); "
                        + "write template: {name: \(template.object.title), parameters: {\(parameter.name): …}}")
                isComplete = false
                continue
            }
            if let given, !parameter.type.allows(value) {
                findings.error(
                    given.value.mark.place(in: place.file), "type",
                    "parameter \(quoted(parameter.name)) is \(quoted(value)), "
                        + "which is not \(parameter.type.words); write one")
                isComplete = false
            }
            values[parameter.name] = value
        }
        return isComplete ? values : nil
    }

    /// The template's sandbox with its parameters in place.
    private mutating func fill(
        _ template: Declared<TemplateSpec>, with values: [String: String], at place: Place, _ findings: inout Findings
    ) -> SandboxSpec? {
        let key = ([template.name] + values.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] })
            .map { "\($0.utf8.count):\($0)" }.joined()
        if let known = layers[key] { return known }
        let body = template.spec.body(at: .start).filled(with: values)
        var reader = Reader(file: template.place.file)
        guard let spec = SandboxSpec.shape.read(body, &reader) else {
            for problem in reader.problems {
                findings.error(
                    place, "template",
                    "with these parameters template \(quoted(template.object.title)) is wrong at "
                        + "\(problem.place): \(problem.message)")
            }
            return nil
        }
        layers[key] = spec
        return spec
    }
}

extension Node {
    /// The node with `$(name)` replaced in all of its texts; a text that is replaced can be a number or `true`.
    fileprivate func filled(with values: [String: String]) -> Node {
        switch content {
        case .scalar(let text, let isPlain):
            guard text.utf8.contains(UInt8(ascii: "$")) else { return self }
            var isFilled = false
            let filled = Parameters.replace(text) { name in
                isFilled = true
                return values[name] ?? ""
            }
            // An empty replacement in a plain text is an empty text, not a missing one.
            let counts = isPlain || isFilled
            return Node(mark: mark, content: .scalar(filled ?? text, isPlain: counts && filled?.isEmpty == false))
        case .sequence(let nodes):
            return Node(mark: mark, content: .sequence(nodes.map { $0.filled(with: values) }))
        case .mapping(let entries):
            return Node(
                mark: mark,
                content: .mapping(
                    entries.map { Entry(key: $0.key, mark: $0.mark, value: $0.value.filled(with: values)) }))
        }
    }
}
