// swift-tools-version: 6.2
// No outside package: the toolchain and C libraries of Debian (docs/architecture.md, "Dependencies").
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}
func executable(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}
func tests(of name: String, _ more: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: [.byName(name: name)] + more, exclude: exclude, swiftSettings: strict)
}

let package = Package(
    name: "eip-controller",
    targets: [
        // C libraries of Debian: header shims only
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CMicroHTTPD", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
        .systemLibrary(name: "CRdKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
        .systemLibrary(name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
        .systemLibrary(name: "CYaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "CThreadShim"),
        .target(name: "CWire", dependencies: ["CProtobufC"]),

        // small libraries that know nothing of the product
        library("Lifecycle", ["CThreadShim"]),
        library("Observe", ["Lifecycle"]),
        library("GoTime"),
        library("Options", ["GoTime"]),
        library("JSON"),
        library("YAML", ["CYaml", "JSON"]),
        library("Crypto", ["CCrypto"]),

        // decisions and their codecs
        library("Core"),
        library("Contract", ["Core", "GoTime", "JSON"]),
        library("Wire", ["Core", "CWire"]),

        // transports
        library("HTTPClient", ["CCurl", "Lifecycle"]),
        library("HTTPServing", ["CMicroHTTPD", "Lifecycle"]),
        library("Kafka", ["CRdKafka", "CThreadShim", "Lifecycle"]),

        // adapters
        library("Kubernetes", ["Core", "Crypto", "HTTPClient", "JSON", "Lifecycle", "Observe", "YAML"]),
        library("Cloud", ["Core", "Crypto", "HTTPClient", "JSON", "Lifecycle", "Observe"]),
        library("Admin", ["Core", "HTTPServing", "Lifecycle", "Observe"]),

        // wiring
        library(
            "Runtime",
            [
                "Admin", "Cloud", "Contract", "Core", "HTTPClient", "JSON", "Kafka", "Kubernetes", "Lifecycle", "Observe", "Options", "Wire", "YAML",
            ]),
        executable("eip-controller", ["Contract", "Core", "Kafka", "Lifecycle", "Observe", "Options", "Runtime"]),

        // models of the servers, and the sandbox that serves them
        library("Models", ["Core", "JSON"]),
        library("Simulator", ["Contract", "Core", "JSON", "Models"]),
        library(
            "Sandbox",
            [
                "Contract", "Core", "Crypto", "HTTPClient", "HTTPServing", "JSON", "Kafka", "Kubernetes", "Lifecycle", "Models", "Observe", "Options",
                "Runtime", "YAML",
            ]),
        executable("eip-sandbox", ["JSON", "Lifecycle", "Observe", "Options", "Sandbox", "Simulator"]),

        // everything that parses what others wrote, under inputs that nobody meant (ops/fuzz)
        library(
            "Fuzz", ["Cloud", "Contract", "Core", "GoTime", "HTTPClient", "JSON", "Kubernetes", "Observe", "Options", "Runtime", "Wire", "YAML"]),
        executable("eip-fuzz", ["Fuzz"]),

        tests(of: "Lifecycle"),
        tests(of: "Observe", ["Lifecycle"]),
        tests(of: "GoTime"),
        tests(of: "Options", ["Lifecycle"]),
        tests(of: "JSON"),
        tests(of: "YAML", ["JSON"]),
        tests(of: "Crypto"),
        tests(of: "Core", ["Contract", "JSON", "Models"]),
        tests(of: "Contract", ["Core", "JSON", "YAML"]),
        tests(of: "Wire", ["Core"]),
        tests(of: "HTTPClient", ["Crypto", "HTTPServing", "Lifecycle"]),
        tests(of: "HTTPServing", ["CMicroHTTPD", "Lifecycle"]),
        tests(of: "Kafka", ["CRdKafka", "Lifecycle"]),
        tests(of: "Kubernetes", ["Core", "Crypto", "HTTPClient", "HTTPServing", "JSON", "Lifecycle", "Observe"]),
        tests(of: "Cloud", ["Core", "Crypto", "HTTPClient", "HTTPServing", "JSON", "Lifecycle", "Observe"]),
        tests(of: "Admin", ["HTTPClient", "Lifecycle", "Observe"]),
        tests(of: "Models", ["Core", "JSON"]),
        tests(of: "Simulator", ["Core"]),
        tests(
            of: "Runtime",
            [
                "Admin", "Cloud", "Contract", "Core", "HTTPClient", "JSON", "Kafka", "Kubernetes", "Lifecycle", "Models", "Observe", "Options", "Sandbox",
                "Wire", "YAML",
            ]),
        tests(
            of: "Sandbox", ["Cloud", "Contract", "Core", "Crypto", "HTTPClient", "HTTPServing", "JSON", "Kubernetes", "Lifecycle", "Models", "Observe"],
            exclude: ["PythonSDK"]),
        tests(of: "Fuzz", exclude: ["Corpus"]),
        // drives the built executables and stock kubectl, as a user does
        .testTarget(name: "IntegrationTests", dependencies: ["HTTPClient", "JSON", "Kafka", "Lifecycle"], swiftSettings: strict),
        .testTarget(name: "TidyTests", swiftSettings: strict),
    ]
)
