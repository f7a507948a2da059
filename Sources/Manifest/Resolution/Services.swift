internal import Model

extension Resolver {
    /// Checks what services refer to and finds their baselines.
    mutating func resolveServices() {
        let claims = baselineClaims()
        for service in index.services.values.sorted(by: { $0.place < $1.place }) {
            let name: ServiceName = Self.name(service.name)
            let baseline = attempt(service.object.id) { resolver, findings in
                _ = resolver.environment(
                    of: service.spec.environments.map { $0.placed(in: service.place.file) }, &findings)
                return resolver.baseline(of: service, claims[service.name] ?? [], &findings)
            }
            if let baseline { result.baselines[name] = baseline }
            // By itself: a service whose source is out of reach can still be borrowed.
            _ = attempt(service.object.id) { resolver, findings in
                service.spec.repository.flatMap {
                    resolver.repository($0.placed(in: service.place.file), &findings)
                }
            }
        }
    }

    /// The Baseline manifests by the service they name. One that names no service is broken.
    private mutating func baselineClaims() -> [String: [Declared<BaselineSpec>]] {
        var claims: [String: [Declared<BaselineSpec>]] = [:]
        for baseline in index.baselines.values.sorted(by: { $0.place < $1.place }) {
            let service = attempt(baseline.object.id) { resolver, findings in
                baseline.spec.service.flatMap { reference in
                    resolver.index.find(
                        reference.placed(in: baseline.place.file), .service, in: resolver.index.services, &findings)
                }
            }
            if let service { claims[service.name, default: []].append(baseline) }
        }
        return claims
    }

    private func baseline(
        of service: Declared<ServiceSpec>, _ claims: [Declared<BaselineSpec>], _ findings: inout Findings
    ) -> DesiredBaseline? {
        let name: ServiceName = Self.name(service.name)
        switch service.spec.baseline {
        case .target(let target)?:
            return target.value.baseline(of: name, at: service.place(target.mark))
        case .reference(let reference)?:
            let reference = reference.placed(in: service.place.file)
            guard let baseline = index.find(reference, .baseline, in: index.baselines, &findings),
                let owner = baseline.spec.service
            else { return nil }
            guard owner.name == service.name else {
                findings.error(
                    reference.place, "baseline",
                    "baseline \(quoted(reference.value.text)) is of service \(quoted(owner.text)), "
                        + "not of \(quoted(service.object.title)); name another")
                return nil
            }
            return baseline.spec.target.baseline(of: name, at: baseline.place)
        case nil:
            if claims.count > 1 {
                let names = claims.map(\.name).joined(separator: ", ")
                findings.error(
                    service.place, "ambiguous-baseline",
                    "service \(quoted(service.object.title)) has the baselines \(names); choose one with \"baseline\"")
                return nil
            }
            return claims.first.flatMap { $0.spec.target.baseline(of: name, at: $0.place) }
        }
    }
}

extension BaselineTarget {
    fileprivate func baseline(of service: ServiceName, at place: Place) -> DesiredBaseline? {
        endpoint.map { DesiredBaseline(service: service, endpoint: $0, probe: probe, place: place) }
    }
}
