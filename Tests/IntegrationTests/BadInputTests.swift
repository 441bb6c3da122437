import JSON
import Kafka
import Testing

extension RealServers {
    /// What people write wrongly costs them a sentence, and nobody else anything.
    @Suite(.pair("bad"))
    struct `Bad input` {
        struct Mistake: Sendable {
            var pod: String
            var annotations: [String: String]
            var hostNetwork = false
            var reason: String
            /// parts of the sentence: what is wrong, and what to write
            var says: [String]
            /// addresses that must not be touched for it
            var addresses: [String] = []
        }

        static let attributes = "eip-attributes"
        static let list = "eip-id-list"
        static let example = #"{"Bandwidth":"100","ISP":"BGP"}"#
        static let mistakes = [
            Mistake(
                pod: "malformed", annotations: [attributes: #"{"Bandwidth": 100"#], reason: "InvalidAnnotation",
                says: ["eip-attributes", "not valid JSON", "write an object such as \(example)"]),
            Mistake(
                pod: "isp", annotations: [attributes: #"{"ISP":"AOL"}"#], reason: "InvalidAnnotation",
                says: [#"ISP is "AOL"; write BGP, CMCC, CTCC or CUCC"#]),
            Mistake(
                pod: "zero", annotations: [attributes: #"{"Bandwidth":"0"}"#], reason: "InvalidAnnotation",
                says: ["Bandwidth is 0", "write 1 to 100"]),
            Mistake(
                pod: "much", annotations: [attributes: #"{"Bandwidth":"101"}"#], reason: "InvalidAnnotation",
                says: ["Bandwidth is 101", "write 1 to 100"]),
            Mistake(
                pod: "word", annotations: [attributes: #"{"Bandwidth":"abc"}"#], reason: "InvalidAnnotation",
                says: [#"Bandwidth is "abc", which is no whole number; write Mbps such as "100""#]),
            Mistake(
                pod: "both", annotations: [attributes: "{}", list: "eip-badboth1"], reason: "InvalidAnnotation",
                says: ["exclude each other", "keep tke.cloud.tencent.com/eip-attributes", "or tke.cloud.tencent.com/eip-id-list"],
                addresses: ["eip-badboth1"]),
            Mistake(
                pod: "nothere", annotations: [list: "eip-nothere1"], reason: "EIPNotFound", says: ["eip-nothere1"], addresses: ["eip-nothere1"]),
            Mistake(
                pod: "taken", annotations: [list: "eip-badtaken"], reason: "EIPInUse", says: ["eip-badtaken", "unbind it, or list another EIP"],
                addresses: ["eip-badtaken"]),
            Mistake(
                pod: "host", annotations: [attributes: "{}"], hostNetwork: true, reason: "HostNetworkNotSupported",
                says: ["remove annotation tke.cloud.tencent.com/eip-attributes, or hostNetwork: true"]),
        ]

        @Test func `is told once, touches nothing at the cloud, and holds up nobody`() async throws {
            let place = try await Place.make("mistakes")
            for id in ["eip-badboth1", "eip-badtaken", "eip-badlist1"] { try await place.cloud.add(id) }
            try await place.cloud.bindByHand("eip-badtaken", networkInterface: "eni-byhand", privateIP: "10.200.0.9")
            for mistake in Self.mistakes { try await place.run("apply", "-f", "-", input: Self.pod(mistake)) }
            // two pods for a list of one
            try await place.run("apply", "-f", "-", input: Self.listSet("beyond", ids: "eip-badlist1", replicas: 2))
            try await place.run("apply", "-f", "-", input: Self.pod(Mistake(pod: "neighbour", annotations: [Self.attributes: "{}"], reason: "", says: [])))

            _ = try await place.bound("neighbour")
            #expect(try await place.bound("beyond-0").addressID == "eip-badlist1")
            let beyond = Mistake(pod: "beyond-1", annotations: [:], reason: "OrdinalBeyondList", says: ["eip-id-list"])
            let all = Self.mistakes + [beyond]
            for mistake in all {
                try await eventually("\(mistake.pod) is told", otherwise: try await place.situation(mistake.pod)) {
                    try await !place.warnings(mistake.pod).isEmpty
                }
            }
            // Each is looked at again, as it would be for any change of the pod, and must not complain again.
            let settled = try await reconciles(place.pair)
            for mistake in all { try await place.run("label", "pod", mistake.pod, "touched=yes") }
            try await place.run("annotate", "pod", "--all", "--overwrite", "tke.cloud.tencent.com/claim-expired-duration=1h")
            try await eventually("all have been looked at again") { try await self.reconciles(place.pair) >= settled + Double(all.count) }
            for mistake in all { try await expectTold(mistake, place) }
            for name in ["neighbour", "beyond-0"] { #expect(try await place.warnings(name).isEmpty) }

            // What was in the way goes: the pod that waited gets it.
            try await place.cloud.unbindByHand("eip-badtaken")
            #expect(try await place.bound("taken", within: .seconds(60)).addressID == "eip-badtaken")
            try await expectPromisesKept(place, userOwned: ["eip-badboth1", "eip-badtaken", "eip-badlist1"])
            try await place.clear()
        }

        private func expectTold(_ mistake: Mistake, _ place: Place) async throws {
            let warnings = try await place.warnings(mistake.pod)
            #expect(warnings.count == 1, "\(mistake.pod): \(warnings.map { $0["message"] })")
            #expect(warnings.first?["count"].int == 1)
            #expect(warnings.first?["reason"].string == mistake.reason, "\(mistake.pod)")
            let message = warnings.first?["message"].string ?? ""
            for part in mistake.says { #expect(message.contains(part), "\(mistake.pod) was told: \(message)") }
            let writes = try await place.writes(about: [mistake.pod], addresses: mistake.addresses)
            #expect(writes.isEmpty, "\(mistake.pod) wrote to the cloud")
        }

        private func reconciles(_ pair: Pair) async throws -> Double {
            var sum = 0.0
            for replica in await pair.replicas { sum += try await replica.metric("eip_reconciles_total") }
            return sum
        }

        @Test func `in the log is settled, and what comes after it is worked on`() async throws {
            let place = try await Place.make("garbage")
            let producer = try KafkaProducer(KafkaSettings(brokers: [place.bed.servers.kafka]))
            let topic = "\(place.pair.prefix).events.v1"
            for partition in Int32(0)..<32 {
                let key = Array("\u{1}no/such/key at all".utf8)
                let messages: [(key: [UInt8]?, value: [UInt8]?)] = [
                    (nil, nil), (nil, [0xff, 0xfe, 0x00]), ([], []), (key, Array(repeating: 0xff, count: 4096)), ([0xc3, 0x28], [0x08]),
                    (Array("x/y/z".utf8), nil), (Array("a/b".utf8), [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]),
                ]
                for message in messages { _ = try await producer.send(topic: topic, partition: partition, key: message.key, value: message.value) }
            }
            await producer.close(within: .seconds(5))
            try await place.run("apply", "-f", "-", input: `A pod gets its EIP`.set("web", replicas: 4))
            for number in 0..<4 { _ = try await place.bound("web-\(number)") }
            for replica in await place.pair.replicas {
                #expect(replica.child.isAlive)
                #expect(try await replica.get("/readyz").status == 200)
            }
            try await expectPromisesKept(place)
            try await place.clear()
        }

        @Test func `in a claim is put right, and a crash of nobody`() async throws {
            let place = try await Place.make("edited")
            try await place.run("apply", "-f", "-", input: `A pod gets its EIP`.set("web", replicas: 2))
            let bound = try await place.bound("web-0")
            let other = try await place.bound("web-1")
            // The schema takes it: it has the form of an id. It is another pod's EIP.
            let position = try await place.cloud.position()
            try await place.run("patch", "eipc", "web-0", "--type=merge", "-p", "{\"spec\":{\"addressID\":\"\(other.addressID)\"}}")
            try await eventually("the claim is put right", otherwise: try await place.situation("web-0")) {
                try await place.claim("web-0")?.addressID == bound.addressID
            }
            // A claim out of thin air, of no pod
            let claim = """
                apiVersion: networking.tke.cloud.tencent.com/v1
                kind: EIPClaim
                metadata: {name: thinair}
                spec: {source: {addressID: eip-thinair1}, deletePolicy: Retain, serial: 7, addressID: eip-thinair1}
                """
            try await place.run("apply", "-f", "-", input: claim)
            // More than the schema takes is refused by the server.
            let refused = await #expect(throws: Unmet.self) {
                try await place.run("patch", "eipc", "web-1", "--type=merge", "-p", #"{"spec":{"serial":"two"}}"#)
            }
            #expect(refused?.description.contains("spec.serial") == true)
            try await place.run("scale", "statefulset", "web", "--replicas=3")
            _ = try await place.bound("web-2")
            for replica in await place.pair.replicas { #expect(replica.child.isAlive) }
            let writes = try await place.cloud.writes(since: position).filter { $0.mentions([bound.addressID, other.addressID]) }
            #expect(writes.isEmpty, "nothing is done on the word of such a claim")
            #expect(try await place.bound("web-0").addressID == bound.addressID)
            try await expectPromisesKept(place)
            try await place.run("delete", "eipc", "thinair", "--timeout=30s")
            try await place.clear()
        }

        // MARK: what is applied

        private static func pod(_ mistake: Mistake) -> String {
            var annotations: JSONValue = [:]
            for (name, text) in mistake.annotations { annotations["tke.cloud.tencent.com/\(name)"] = .string(text) }
            let amount: JSONValue = ["tke.cloud.tencent.com/eip": "1"]
            var spec: JSONValue = ["containers": [["name": "web", "image": "nginx:stable", "resources": ["requests": amount, "limits": amount]]]]
            if mistake.hostNetwork { spec["hostNetwork"] = true }
            let pod: JSONValue = [
                "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(mistake.pod), "annotations": annotations], "spec": spec,
            ]
            return pod.text()
        }

        private static func listSet(_ name: String, ids: String, replicas: Int) -> String {
            `A pod gets its EIP`.set(name, replicas: replicas)
                .replacing(#"tke.cloud.tencent.com/eip-attributes: '{"Bandwidth":"100","ISP":"BGP"}'"#, with: "tke.cloud.tencent.com/eip-id-list: \(ids)")
        }
    }
}
