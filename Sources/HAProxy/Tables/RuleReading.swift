internal import Model

extension RouteRule {
    /// Reads what ``RuleText`` writes; `nil` for anything else.
    init?(mapText: String) {
        let fields = mapText.split(separator: "|", omittingEmptySubsequences: false)
        guard fields.count == 16, let title = decoded(fields[0]), let host = Self.host(fields[1]),
            let path = Self.path(fields[2]), let method = decoded(fields[3]), let headers = Self.tests(fields[4]),
            let cookies = Self.tests(fields[5]), let query = Self.tests(fields[6]),
            let backends = Self.backends(fields[7]), let sticky = decoded(fields[8]),
            let rewrite = Self.rewrite(fields[9]), let request = Self.changes(fields[10], fields[11]),
            let response = Self.changes(fields[12], fields[13]), fields[14].isEmpty || Int(fields[14]) != nil
        else { return nil }
        self.init(
            title: title,
            match: RouteMatch(
                host: host, path: path, method: method.isEmpty ? nil : method, headers: headers, cookies: cookies,
                query: query),
            backends: backends, stickyCookie: sticky.isEmpty ? nil : sticky, rewrite: rewrite.value,
            requestHeaders: request, responseHeaders: response, timeoutMillis: Int(fields[14]),
            fallback: Set(Fallback.allCases.filter { fields[15].contains($0.rawValue.prefix(1)) }))
    }

    private static func host(_ field: Substring) -> RouteMatch.Host? {
        guard let text = decoded(field.dropFirst()) else { return nil }
        return switch field.first {
        case "*": .any
        case "=": .exact(text)
        case ".": .below(text)
        default: nil
        }
    }

    private static func path(_ field: Substring) -> RouteMatch.Path? {
        guard let text = decoded(field.dropFirst()) else { return nil }
        return switch field.first {
        case "*": .any
        case "=": .exact(text)
        case "^": .prefix(text)
        case "~": .regex(text)
        default: nil
        }
    }

    private static func tests(_ field: Substring) -> [RouteMatch.Value]? {
        all(field.split(separator: ",")) { item in
            let parts = item.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, let name = decoded(parts[0]), let text = decoded(parts[1].dropFirst()) else {
                return nil
            }
            return switch parts[1].first {
            case "?": RouteMatch.Value(name, .present)
            case "=": RouteMatch.Value(name, .exact(text))
            case "~": RouteMatch.Value(name, .regex(text))
            default: nil
            }
        }
    }

    private static func backends(_ field: Substring) -> [RouteBackend]? {
        all(field.split(separator: ",")) { item in
            let parts = item.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3, let use = RouteBackend.Use(rawValue: parts[1]), let weight = Int(parts[2]) else {
                return nil
            }
            do throws(InvalidName) {
                return RouteBackend(service: try ServiceName(parts[0]), use: use, weight: weight)
            } catch {
                return nil
            }
        }
    }

    /// `nil` is unreadable; no rewrite is one without a value.
    private static func rewrite(_ field: Substring) -> (value: RouteRewrite?, Void)? {
        guard let kind = field.first else { return (nil, ()) }
        guard let text = decoded(field.dropFirst()) else { return nil }
        return switch kind {
        case "^": (.prefix(text), ())
        case "=": (.path(text), ())
        default: nil
        }
    }

    private static func changes(_ set: Substring, _ remove: Substring) -> HeaderChanges? {
        let pairs = all(set.split(separator: ",")) { item -> (String, String)? in
            let parts = item.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, let name = decoded(parts[0]), let value = decoded(parts[1]) else { return nil }
            return (name, value)
        }
        guard let pairs, let names = all(remove.split(separator: ","), decoded) else { return nil }
        return HeaderChanges(set: Dictionary(pairs, uniquingKeysWith: { first, _ in first }), remove: Set(names))
    }

    private static func all<Part>(_ items: [Substring], _ read: (Substring) -> Part?) -> [Part]? {
        let parts = items.compactMap(read)
        return parts.count == items.count ? parts : nil
    }
}

/// The other way of ``encoded(_:)``; `nil` for what that does not write.
private func decoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            bytes.append(byte)
            continue
        }
        guard rest.count >= 2, let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
            return nil
        }
        bytes.append(code)
        rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
}
