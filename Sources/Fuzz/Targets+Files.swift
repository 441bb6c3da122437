internal import Contract
internal import Core
internal import GoTime
internal import HTTPClient
internal import JSON
internal import Kubernetes
internal import Options
internal import Runtime
internal import YAML

extension FuzzTarget {
    /// What was read is written and read back the same.
    static func yaml(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        let values: [JSONValue]
        do throws(YAMLError) {
            values = try JSONValue.documents(yaml: String(decoding: input, as: UTF8.self))
        } catch {
            try require(error.line > 0 && error.column > 0, "\(error)")
            return false
        }
        for value in values {
            let text = value.yaml()
            try require(single(text) == value, "read: \(value)\nwritten: \(text)\nread back: \(single(text).map { "\($0)" } ?? "nothing")")
        }
        return true
    }
    private static func single(_ text: String) -> JSONValue? {
        do throws(YAMLError) { return try JSONValue(yaml: text) } catch { return nil }
    }

    /// What is read has a URL and no half of a client certificate.
    static func kubeconfig(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        guard var root = single(String(decoding: input, as: UTF8.self)) else { return false }
        withoutFiles(&root)
        let config = Kubeconfig(file: "/nowhere/kubeconfig", root: root)
        var read = false
        for context in [String?.none] + config.contexts.prefix(3).map(Optional.some) {
            do throws(AccessError) {
                let access = try config.access(context: context)
                guard access.server.hasPrefix("http"), (access.tls.certificate == nil) == (access.tls.key == nil) else {
                    throw AccessError(file: "", "\(access.server), client certificate without key, or the other way round")
                }
                read = true
            } catch {
                try require(!error.file.isEmpty, error.message)
            }
        }
        return read
    }
    /// No file of this machine is opened because an input names it.
    private static func withoutFiles(_ root: inout JSONValue) {
        for (list, member) in [("clusters", "cluster"), ("users", "user")] {
            guard let entries = root[list].array else { continue }
            root[list] = .array(
                entries.map { entry in
                    guard entry[member].object != nil else { return entry }
                    var entry = entry
                    for name in ["certificate-authority", "client-certificate", "client-key"] { entry[member].removeValue(forKey: name) }
                    return entry
                })
        }
    }

    private static let command = controllerCommand(
        in: ProcessPlace(environment: ["TENCENTCLOUD_SECRET_ID": "id", "TENCENTCLOUD_SECRET_KEY": "key"], hostname: "eip-controller-0"),
        run: { _ in 0 }, ensureTopics: { _ in 0 }, output: { _ in })

    /// The file of options: everything that is wrong with it is said, and nothing is run.
    static func configuration(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        let texts: [String: [String]]
        do {
            texts = try ConfigurationFile.texts(yaml: String(decoding: input, as: UTF8.self))
        } catch {
            return false
        }
        switch command.parse(["run", "--config", "file"], environment: [:], readConfiguration: { _ in texts }) {
        case .run: return true
        case .show: throw BrokenPromise("a file that asks for help")
        case .failure(let error):
            try require(!error.problems.isEmpty, "refused without a reason")
            return false
        }
    }

    /// One text as every kind of time. Each is written as it is read.
    static func time(_ input: [UInt8]) throws(BrokenPromise) -> Bool {
        let text = String(decoding: input, as: UTF8.self).filter { $0 != "\n" }
        var read = false
        for time in [Timestamp(rfc3339: text), Timestamp(httpDate: text)].compactMap({ $0 }) {
            try require(Timestamp(rfc3339: time.rfc3339Micro) == time, "\(text) read as \(time), written as \(time.rfc3339Micro)")
            read = true
        }
        if let duration = GoDuration.parse(text) {
            let written = GoDuration.format(duration)
            try require(GoDuration.parse(written) == duration, "\(text) read as \(duration), written as \(written)")
            read = true
        }
        if let duration = option(text) {
            try require(option(duration.optionText) == duration, "\(text) read as \(duration), written as \(duration.optionText)")
            read = true
        }
        return read
    }
    private static func option(_ text: String) -> Duration? {
        do throws(BadValue) { return try Duration(option: text) } catch { return nil }
    }
}
