import JSON
import Testing

extension RealServers {
    /// The real scheduler counts EIPs as it counts cores.
    @Suite(.pair("capacity"))
    struct `Nodes have room for as many EIPs as the cloud gives them` {
        private static let resource = "tke.cloud.tencent.com/eip"

        @Test(arguments: [(4, "1"), (8, "2"), (48, "9")])
        func `by their cores`(cores: Int, expected: String) async throws {
            let bed = try #require(Bed.current)
            let name = "cores\(cores)"
            try await bed.addNode(name, cores: cores)
            try await eventually("node of \(cores) cores has capacity \(expected)", otherwise: try await Self.capacity(bed, name) ?? "none") {
                try await Self.capacity(bed, name) == expected
            }
            try await bed.kubectl("delete", "node", bed.nodeName(name))
        }

        @Test func `one pod too many waits, until a person says that there is room`() async throws {
            let place = try await Place.make("full")
            let bed = place.bed
            // the cloud would take more EIPs than the cores tell the controller
            try await bed.addNode("small", cores: 4, annotations: ["sandbox.eip-controller/cores": "16"])
            for name in ["first", "second"] {
                try await place.run("apply", "-f", "-", input: Self.pod(name, node: bed.nodeName("small")))
                if name == "first" { _ = try await place.bound("first") }
            }
            try await eventually("the scheduler has no room for the second") {
                try await place.pod("second")?["status"]["conditions"].array?.contains {
                    $0["reason"].string == "Unschedulable" && $0["message"].string?.contains("Insufficient \(Self.resource)") == true
                } == true
            }
            #expect(try await place.claim("second")?["status"]["binding"].isNull != false)

            try await bed.kubectl("annotate", "node", bed.nodeName("small"), "tke.cloud.tencent.com/eip-capacity=2")
            _ = try await place.bound("second")
            try await bed.kubectl("annotate", "--overwrite", "node", bed.nodeName("small"), "tke.cloud.tencent.com/eip-capacity=many")
            try await eventually("nonsense is not followed: the cores decide again") { try await Self.capacity(bed, "small") == "1" }
            try await expectPromisesKept(place)
            try await place.clear()
            try await bed.kubectl("delete", "node", bed.nodeName("small"))
        }

        private static func capacity(_ bed: Bed, _ node: String) async throws -> String? {
            try await bed.kubectl.read("/api/v1/nodes/\(bed.nodeName(node))")?["status"]["allocatable"][resource].string
        }
        private static func pod(_ name: String, node: String) -> String {
            """
            apiVersion: v1
            kind: Pod
            metadata:
              name: \(name)
              annotations: {tke.cloud.tencent.com/eip-attributes: "{}"}
            spec:
              nodeSelector: {eip-test: \(node)}
              containers:
                - name: web
                  image: nginx:stable
                  resources: {requests: {\(resource): 1}, limits: {\(resource): 1}}
            """
        }
    }
}
