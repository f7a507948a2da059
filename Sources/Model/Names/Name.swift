/// The name of one kind of thing, as it appears in labels, maps and host names.
///
/// A value of this type is always a slug: 1 to 63 of `a-z 0-9 -`, neither first nor last a `-`. The type parameter
/// only keeps the names of different kinds apart.
package struct Name<Kind>: Hashable, Sendable {
    package let text: String

    /// Takes a text that is a slug already, such as a label we wrote.
    package init(_ text: String) throws(InvalidName) {
        guard let slug = Slug.make(text), slug == text else { throw InvalidName(text: text) }
        self.text = text
    }

    /// Takes a name as people write it (`QA-LOGIN-ERROR`) and makes it a slug (`qa-login-error`).
    package init(slugging text: String) throws(InvalidName) {
        guard let slug = Slug.make(text) else { throw InvalidName(text: text) }
        self.text = slug
    }
}

extension Name: Comparable, CustomStringConvertible {
    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.text < rhs.text }
    package var description: String { text }
}

package enum BaselineKind {}
package enum BundleKind {}
package enum EnvironmentKind {}
package enum GatewayKind {}
package enum NodeKind {}
package enum RepositoryKind {}
package enum SandboxKind {}
package enum ServiceKind {}
package enum TemplateKind {}

package typealias BaselineName = Name<BaselineKind>
package typealias BundleName = Name<BundleKind>
package typealias EnvironmentName = Name<EnvironmentKind>
package typealias GatewayName = Name<GatewayKind>
package typealias NodeName = Name<NodeKind>
package typealias RepositoryName = Name<RepositoryKind>
package typealias SandboxName = Name<SandboxKind>
package typealias ServiceName = Name<ServiceKind>
package typealias TemplateName = Name<TemplateKind>

/// A text of which no name can be made.
package struct InvalidName: Error, Hashable, CustomStringConvertible {
    package let text: String

    package init(text: String) { self.text = text }

    package var description: String { "\"\(text)\" is not a name: it needs at least one of a-z or 0-9" }
}
