import Foundation
import JSON
import Testing

extension RealServers {
    /// What operators look at.
    @Suite(.pair("observed"))
    struct `A running controller can be observed` {
        @Test func `by its health`() async throws {
            let pair = try #require(Pair.current)
            for replica in await pair.replicas {
                #expect(try await replica.get("/livez").status == 200)
                // the first test of all finds the group still dividing the partitions
                try await eventually("ready", otherwise: try await replica.get("/readyz").text) { try await replica.get("/readyz").status == 200 }
                #expect(try await replica.get("/nothing").status == 404)
            }
        }

        @Test(.enabled(if: Servers.path(of: "promtool") != nil))
        func `by metrics that promtool accepts`() async throws {
            let place = try await Place.make("metrics")
            try await place.applyExample("non-static-pod")
            _ = try await place.bound("non-static")
            let promtool = try #require(Servers.path(of: "promtool"))
            var allocations = 0.0
            for replica in await place.pair.replicas {
                let page = try await replica.get("/metrics")
                #expect(page.status == 200)
                let input = "\(place.bed.folder)/metrics-\(replica.instance)"
                try page.text.write(toFile: input, atomically: true, encoding: .utf8)
                let lint = try Child(promtool, ["check", "metrics"], environment: Bed.plain, output: input + ".lint", input: input)
                #expect(try await lint.wait(within: .seconds(20)) == .exited(0))
                #expect(try lint.output() == "")
                allocations += try await replica.metric("eip_time_to_bound_seconds_count")
            }
            #expect(allocations >= 1, "the bind was measured")
            try await place.clear()
        }

        @Test func `by one line for each step, with its reason`() async throws {
            let place = try await Place.make("steps")
            try await place.applyExample("non-static-pod")
            _ = try await place.bound("non-static")
            var steps: [JSONValue] = []
            for replica in await place.pair.replicas {
                steps += try replica.lines("step taken").filter { $0["key"].string?.hasSuffix("\(place.namespace)/non-static") == true }
            }
            let words = steps.compactMap { $0["step"].string?.split(separator: " ").first.map(String.init) }
            #expect(["create", "allocate", "associate", "write", "annotate"].allSatisfy(words.contains), "\(words)")
            #expect(steps.allSatisfy { $0["reason"].string?.isEmpty == false })
            try await place.clear()
        }
    }
}
