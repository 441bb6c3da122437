import Contract
import Core
import JSON
import Testing

struct BodiesTests {
    private let names = AnnotationNames()

    @Test func `the public IP is written to this pod and no other, and taken away with null`() throws {
        let set = try JSONValue(parsing: PodEncoder.publicIP("43.1.2.3", podUID: "9f", names: names))
        #expect(set == ["metadata": ["uid": "9f", "annotations": ["tke.cloud.tencent.com/eip-public-ip": "43.1.2.3"]]])
        let removed = try JSONValue(parsing: PodEncoder.publicIP(nil, podUID: "9f", names: names))
        #expect(removed == ["metadata": ["uid": "9f", "annotations": ["tke.cloud.tencent.com/eip-public-ip": .null]]])
    }

    @Test func `a node's capacity is a quantity`() throws {
        let set = try JSONValue(parsing: PodEncoder.capacity(3, nodeUID: "n", names: names))
        #expect(set == ["metadata": ["uid": "n"], "status": ["capacity": ["tke.cloud.tencent.com/eip": "3"]]])
        #expect(try JSONValue(parsing: PodEncoder.capacity(nil, nodeUID: "n", names: names))["status"]["capacity"].has(names.resource))
    }

    @Test func `the readiness condition has the gate's type`() throws {
        let condition = Condition(kind: .ready, status: true, reason: .associatedEIP, message: "m", lastTransitionTime: Timestamp(milliseconds: 1500))
        let value = try JSONValue(parsing: PodEncoder.readiness(condition, podUID: "9f", names: names))
        #expect(value["metadata"]["uid"].string == "9f")
        let written = value["status"]["conditions"][0]
        #expect(written["type"].string == "tke.cloud.tencent.com/eip-ready")
        #expect(written["status"].string == "True")
        #expect(written["lastTransitionTime"].string == "1970-01-01T00:00:01Z")
    }

    private func event(name: String = "web-0", uid: String = "9f", _ message: String = "m", at: Int64 = 0) -> ObjectEvent {
        let pod = Pod(namespace: "games", name: name, uid: uid)
        return ObjectEvent(regarding: pod.regarding, isWarning: true, reason: .failedAllocateEIP, message: message, at: Timestamp(milliseconds: at))
    }

    @Test func `the same words about the same object are the same Event, at any time`() {
        #expect(event(at: 0).name == event(at: 99_000).name)
        #expect(event().name != event(uid: "a0").name)
        #expect(event().name != event("other").name)
    }

    @Test func `an Event's name is legal for the longest pod name, and its message is bounded`() {
        let long = String(repeating: "a", count: 235) + "-" + String(repeating: "b", count: 17)
        let name = event(name: long).name
        #expect(name.utf8.count <= 253)
        #expect(!name.contains("-."))
        #expect(event(String(repeating: "é", count: 4000)).message.utf8.count <= 1024)
    }

    @Test func `an Event says about what, by whom and when`() throws {
        let value = try JSONValue(parsing: event(at: 1000).body)
        #expect(value["involvedObject"] == ["apiVersion": "v1", "kind": "Pod", "namespace": "games", "name": "web-0", "uid": "9f"])
        #expect(value["type"].string == "Warning")
        #expect(value["reason"].string == "FailedAllocateEIP")
        #expect(value["source"]["component"].string == "eip-controller")
        #expect(value["lastTimestamp"].string == "1970-01-01T00:00:01Z")
        let claim = try JSONValue(
            parsing: ObjectEvent(
                regarding: Seeded.example.regarding, isWarning: false, reason: .allocatedEIP, message: "m", at: Timestamp(milliseconds: 0)
            ).body)
        #expect(claim["involvedObject"]["kind"].string == "EIPClaim")
        #expect(claim["type"].string == "Normal")
    }
}
