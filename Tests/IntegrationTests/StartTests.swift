import Foundation
import Glibc
import JSON
import Testing

extension RealServers {
    /// What is wrong with the settings is said, at the start or by `/readyz`; the process neither hangs in silence nor ends without a word.
    @Suite struct `A start that cannot succeed says why` {
        /// Nobody listens on the port of tcpmux, and the system gives it to nobody.
        private static let nobody = "127.0.0.1:1"

        private static func settings(_ name: String, _ bed: Bed) -> Replica.Settings { Pair.settings("a", prefix: "it-\(bed.mark)-\(name)", bed) }

        @Test func `a kubeconfig that is not there, or is none`() async throws {
            let bed = try #require(Bed.current)
            var settings = Self.settings("nokubeconfig", bed)
            settings.kubeconfig = "/nonexistent/kubeconfig"
            try await expectEnds(settings, bed, says: ["/nonexistent/kubeconfig"])
            let file = "\(bed.folder)/none.kubeconfig"
            try "clusters: {".write(toFile: file, atomically: true, encoding: .utf8)
            settings.kubeconfig = file
            try await expectEnds(settings, bed, says: [file])
        }

        @Test func `settings that contradict or are missing, all at once`() async throws {
            let bed = try #require(Bed.current)
            var settings = Self.settings("nosettings", bed)
            settings.secretID = ""
            settings.kafka = "nobody"
            settings.more = ["--claim-expired-duration", "1m"]
            try await expectEnds(settings, bed, says: ["TENCENTCLOUD_SECRET_ID", "EIP_KAFKA_BROKERS", "--claim-expired-duration"])
        }

        @Test func `an API server that does not answer`() async throws {
            let bed = try #require(Bed.current)
            var settings = Self.settings("noserver", bed)
            settings.kubeconfig = try await bed.kubeconfig(named: "noserver", token: "x", server: "https://\(Self.nobody)")
            try await expectNotReady(settings, bed, says: ["\(Self.nobody)"])
        }

        @Test func `a token that the API server does not know, or that may do nothing`() async throws {
            let bed = try #require(Bed.current)
            var settings = Self.settings("notoken", bed)
            settings.kubeconfig = try await bed.kubeconfig(named: "notoken", token: "nonsense")
            try await expectNotReady(settings, bed, says: ["Unauthorized"])
            let path = "/api/v1/namespaces/default/serviceaccounts/default/token"
            let request = #"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":3600}}"#
            let answer = try JSONValue(parsing: try await bed.kubectl("create", "--raw", path, "-f", "-", input: request))
            settings = Self.settings("norights", bed)
            settings.kubeconfig = try await bed.kubeconfig(named: "norights", token: answer["status"]["token"].string ?? "")
            try await expectNotReady(settings, bed, says: ["forbidden"])
        }

        @Test func `a broker that is not there`() async throws {
            let bed = try #require(Bed.current)
            var settings = Self.settings("nobroker", bed)
            settings.kafka = "\(Self.nobody)"
            try await expectNotReady(settings, bed, says: ["Kafka", "\(Self.nobody)"])
        }

        @Test func `credentials that the cloud does not know`() async throws {
            let bed = try #require(Bed.current)
            var settings = Self.settings("nokeys", bed)
            settings.secretKey = "wrong"
            try await expectNotReady(settings, bed, says: ["AuthFailure"])
        }

        // MARK: expectations

        /// It ends with a code and its sentence.
        private func expectEnds(_ settings: Replica.Settings, _ bed: Bed, says parts: [String], sourceLocation: SourceLocation = #_sourceLocation) async throws
        {
            let replica = try Replica(settings, in: bed)
            let end = try await replica.child.wait(within: .seconds(15))
            guard case .exited(let code) = end else { throw Unmet("\(end): \(try replica.tail())") }
            #expect(code != 0, sourceLocation: sourceLocation)
            let output = try replica.child.output()
            for part in parts { #expect(output.contains(part), "\(output)", sourceLocation: sourceLocation) }
        }

        /// It lives, is not ready and says why, also in its log; and stops when told to.
        private func expectNotReady(
            _ settings: Replica.Settings, _ bed: Bed, says parts: [String], sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            let replica = try Replica(settings, in: bed)
            try await eventually("/readyz says why", otherwise: try replica.tail()) {
                guard replica.child.isAlive else { throw Unmet("it ended: \(try replica.tail())") }
                let ready: (status: Int, text: String)
                do { ready = try await replica.get("/readyz") } catch { return false }
                if ready.status == 200 { throw Unmet("it was ready: \(try replica.tail())") }
                return ready.status == 503 && parts.allSatisfy { ready.text.contains($0) }
            }
            #expect(try await replica.get("/livez").status == 200, sourceLocation: sourceLocation)
            let complaints = try replica.log().filter { ["WARN", "WARNING", "ERROR"].contains($0["level"].string?.uppercased() ?? "") }
            #expect(!complaints.isEmpty, sourceLocation: sourceLocation)
            replica.child.signal(SIGTERM)
            let end = try await replica.child.wait(within: .seconds(30))
            let tail = try replica.tail()
            #expect(end == .exited(0), "\(tail)", sourceLocation: sourceLocation)
        }
    }
}
