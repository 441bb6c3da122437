import Contract
import Core
import JSON
import Testing

private let decoder = PodDecoder(names: AnnotationNames())

private func pod(_ edit: String = "{}") throws -> Pod {
    var object = try JSONValue(parsing: livingPod)
    object.merge(patch: try JSONValue(parsing: edit))
    return try decoder.decode(object)
}

/// As an API server sends it, shortened.
private let livingPod = #"""
    {"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-0","generateName":"web-","namespace":"games","uid":"9f","resourceVersion":"812",
    "creationTimestamp":"2024-05-06T07:08:09Z","labels":{"app":"web","topology.kubernetes.io/zone":"z"},
    "annotations":{"kubectl.kubernetes.io/x":"{\"a\":1}","tke.cloud.tencent.com/eip-attributes":"{\"Bandwidth\":\"50\",\"ISP\":\"BGP\"}",
    "tke.cloud.tencent.com/eip-claim-delete-policy":"Never","tke.cloud.tencent.com/claim-expired-duration":"1h",
    "tke.cloud.tencent.com/eip-public-ip":"43.1.2.3"},
    "ownerReferences":[{"apiVersion":"v1","kind":"Other","name":"o","uid":"1"},
    {"apiVersion":"apps/v1","kind":"StatefulSet","name":"web","uid":"77","controller":true,"blockOwnerDeletion":true}],
    "finalizers":["x/y"],"managedFields":[{"manager":"kubelet","fieldsV1":{"f:status":{}}}]},
    "spec":{"containers":[{"name":"c","resources":{"limits":{"tke.cloud.tencent.com/eip":"1"}}}],"nodeName":"n1","priority":0},
    "status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],"hostIP":"10.0.0.1","podIP":"10.0.0.7",
    "podIPs":[{"ip":"10.0.0.7"}],"containerStatuses":[{"name":"c","ready":true,"state":{"running":{"startedAt":"x"}},
    "lastState":{"terminated":{"exitCode":1}}}]}}
    """#

struct PodDecoderTests {
    @Test func `a pod is read with all that decisions need`() throws {
        let expected = Pod(
            namespace: "games", name: "web-0", uid: "9f", resourceVersion: "812", phase: .running, podIP: "10.0.0.7", nodeName: "n1",
            want: .attributes(AddressAttributes(bandwidth: 50)), deletePolicy: .retain, expireAfter: .seconds(3600), publicIPAnnotation: "43.1.2.3",
            owner: Owner(apiVersion: "apps/v1", kind: "StatefulSet", name: "web", uid: "77"))
        #expect(try pod() == expected)
    }

    @Test func `a new pod has neither node nor IP`() throws {
        let fresh = try pod(#"{"spec":{"nodeName":null},"status":{"phase":"Pending","podIP":"","containerStatuses":null}}"#)
        #expect(fresh.nodeName == nil)
        #expect(fresh.podIP == nil)
        #expect(fresh.phase == .pending)
        #expect(!fresh.containersTerminated)
    }

    @Test func `a pod on the host's network that wants an EIP is invalid`() throws {
        guard case .invalid(let problem) = try pod(#"{"spec":{"hostNetwork":true}}"#).want else {
            Issue.record("accepted")
            return
        }
        #expect(problem.reason == .hostNetwork)
    }

    static let terminated = #"{"name":"c","state":{"terminated":{"exitCode":0}}}"#
    static let running = #"{"name":"r","state":{"running":{}}}"#
    @Test(arguments: [
        ("[\(terminated)]", "null", "null", true),
        ("[\(terminated),\(terminated)]", "[\(terminated)]", "[\(terminated)]", true),
        ("[\(terminated),\(running)]", "null", "null", false),
        ("[\(terminated)]", "[\(running)]", "null", false),
        ("[\(terminated)]", "null", "[\(running)]", false),
        ("null", "null", "null", false),
        ("[]", "[\(terminated)]", "null", false),
        (#"[{"name":"c"}]"#, "null", "null", false),
        (#"[{"name":"c","state":{"waiting":{},"terminated":null}}]"#, "null", "null", false),
    ])
    func `containers have terminated when there are some and none of any kind lives`(containers: String, initial: String, ephemeral: String, expected: Bool)
        throws
    {
        let edit = #"{"status":{"containerStatuses":\#(containers),"initContainerStatuses":\#(initial),"ephemeralContainerStatuses":\#(ephemeral)}}"#
        #expect(try pod(edit).containersTerminated == expected)
        let ended = try pod(#"{"metadata":{"deletionTimestamp":"2024-05-06T07:08:09Z"},"status":\#(try JSONValue(parsing: edit)["status"].text())}"#)
        #expect(ended.isTerminating)
        #expect(ended.isFinished == expected)
    }

    @Test func `a field nobody asked for may have any type, one that matters may not`() throws {
        _ = try pod(#"{"spec":{"containers":"none","later":[1,{}]},"status":{"conditions":7,"podIPs":{}},"later":null}"#)
        #expect(throws: JSONError.self) { try pod(#"{"spec":{"nodeName":7}}"#) }
        #expect(throws: JSONError.self) { try pod(#"{"metadata":{"uid":{}}}"#) }
        #expect(throws: JSONError.self) { try pod(#"{"metadata":{"uid":null}}"#) }
        #expect(throws: JSONError.self) { try pod(#"{"metadata":null}"#) }
        #expect(try pod(#"{"status":{"phase":"Dreaming"}}"#).phase == .unknown)
    }

    @Test(arguments: [
        #""finalizers":["a"]"#, #""ownerReferences":[{"controller":true,"uid":"u"}]"#, #""annotations":{"tke.cloud.tencent.com/eip-attributes":"{}"}"#,
    ])
    func `of equal members of metadata the last one counts`(member: String) throws {
        let name = member.split(separator: ":")[0]
        func decode(_ members: String) throws(JSONError) -> (Pod, Claim) {
            let object = Array(#"{"metadata":{"name":"n","uid":"u","resourceVersion":"1"\#(members)},"spec":{"source":{}}}"#.utf8)
            return (try PodDecoder(names: AnnotationNames()).decode(bytes: object), try ClaimDecoder.decode(bytes: object))
        }
        #expect(try decode(",\(member),\(name):null") == decode(""))
        #expect(try decode(",\(name):null,\(member)") == decode(",\(member)"))
    }
    @Test func `of equal members of a status the last one counts`() throws {
        func terminated(_ status: String) throws -> Bool {
            let object = #"{"metadata":{"name":"n","uid":"u","resourceVersion":"1"},"status":{\#(status)}}"#
            return try PodDecoder(names: AnnotationNames()).decode(bytes: Array(object.utf8)).containersTerminated
        }
        let (living, dead) = (#"[{"state":{"running":{}}}]"#, #"[{"state":{"terminated":{}}}]"#)
        #expect(try terminated(#""containerStatuses":\#(living),"containerStatuses":\#(dead)"#))
        #expect(try !terminated(#""containerStatuses":\#(dead),"containerStatuses":\#(living)"#))
        #expect(try !terminated(#""containerStatuses":[{"state":{"terminated":{}},"state":{}}]"#))
        #expect(try !terminated(#""containerStatuses":[{"state":{"terminated":{},"terminated":null}}]"#))
    }
    @Test func `the reader stands behind the pod afterwards`() throws {
        let list = "[\(livingPod),\(livingPod)]"
        let count = try JSONReader.read(Array(list.utf8)) { reader throws(JSONError) in
            var count = 0
            try reader.array { r throws(JSONError) in
                if try decoder.decode(&r).name == "web-0" { count += 1 }
            }
            return count
        }
        #expect(count == 2)
    }
}

struct NodeTests {
    private func node(_ edit: String = "{}") throws -> NodeRecord {
        var object = try JSONValue(
            parsing: #"""
                {"metadata":{"name":"n1","uid":"n-uid","resourceVersion":"9","labels":{"topology.kubernetes.io/region":"gz",
                "topology.kubernetes.io/zone":"100003",
                "kubernetes.io/os":"linux"},"annotations":{"a/b":"c"}},"spec":{"podCIDR":"x","providerID":"qcloud:///100003/ins-abc123"},
                "status":{"capacity":{"cpu":"4","memory":"8Gi","tke.cloud.tencent.com/eip":"1"},
                "allocatable":{"cpu":"3920m","tke.cloud.tencent.com/eip":"0"},"images":[{"names":["x"]}]}}
                """#)
        object.merge(patch: try JSONValue(parsing: edit))
        return try NodeDecoder(names: AnnotationNames()).decode(object)
    }

    @Test func `of two statuses and two specs of a node the last one counts`() throws {
        let object = #"""
            {"metadata":{"name":"n","uid":"u","resourceVersion":"1"},"spec":{"providerID":"qcloud:///1/ins-x"},"spec":{},
             "status":{"capacity":{"cpu":"4"},"allocatable":{"tke.cloud.tencent.com/eip":"1"}},"status":{}}
            """#
        let node = try NodeDecoder(names: AnnotationNames()).decode(bytes: Array(object.utf8))
        #expect(node == NodeRecord(name: "n", uid: "u", resourceVersion: "1"))
    }
    @Test func `a node is read`() throws {
        let expected = NodeRecord(
            name: "n1", uid: "n-uid", resourceVersion: "9", instanceID: "ins-abc123", cores: 4, eipCapacity: 1, eipAllocatable: 0, region: "gz",
            zone: "100003")
        #expect(try node() == expected)
        #expect(try node().node == Node(name: "n1", instanceID: "ins-abc123"))
    }

    @Test(arguments: [
        (#""aws:///a/i-1""#, nil), (#""""#, nil), ("null", nil), (#""qcloud:///100003/""#, nil), (#""qcloud:///100003/eks-1""#, nil),
        (#""qcloud:///ins-1""#, "ins-1"),
    ])
    func `only a CVM's provider id names an instance`(id: String, expected: String?) throws {
        #expect(try node(#"{"spec":{"providerID":\#(id)}}"#).instanceID == expected)
    }

    @Test(
        arguments: [
            (#""4""#, 4), ("8", 8), (#""3920m""#, 4), (#""0.5""#, 1), (#""1k""#, 1000), (#""many""#, nil), (#""""#, nil), (#""-4""#, nil), (#""4Gi""#, nil),
            ("null", nil), ("[]", nil),
        ] as [(String, Int?)])
    func `cores are a quantity, rounded up`(quantity: String, expected: Int?) throws {
        #expect(try node(#"{"status":{"capacity":{"cpu":\#(quantity)}}}"#).cores == expected)
    }

    /// product/213/5733: cores, and public IPs of the instance.
    @Test(arguments: [
        (1, 2), (5, 2), (6, 3), (11, 3), (12, 4), (17, 4), (18, 5), (23, 5), (24, 6), (29, 6), (30, 7), (35, 7), (36, 8), (41, 8), (42, 9), (47, 9), (48, 10),
        (96, 10), (0, 0),
    ])
    func `an instance may have public IPs by its cores`(cores: Int, expected: Int) {
        #expect(NodeCapacity.publicIPs(cores: cores) == expected)
    }

    @Test func `a node's capacity is one less, an override wins, and nonsense is reported and not followed`() throws {
        let names = AnnotationNames()
        func capacity(_ edit: String) throws -> (count: Int?, problem: Problem?) { NodeCapacity.eips(of: try node(edit), names: names) }
        #expect(try capacity("{}").count == 1)
        #expect(try capacity(#"{"status":{"capacity":{"cpu":"48"}}}"#).count == 9)
        #expect(try capacity(#"{"status":{"capacity":{"cpu":null}}}"#).count == nil)
        #expect(try capacity(#"{"spec":{"providerID":"aws:///a/i-1"}}"#).count == nil)
        for (text, expected) in [("0", 0), ("25", 25), ("1000", 1000)] {
            let answer = try capacity(#"{"metadata":{"annotations":{"tke.cloud.tencent.com/eip-capacity":"\#(text)"}}}"#)
            #expect(answer.count == expected)
            #expect(answer.problem == nil)
        }
        for text in ["", "-1", "many", "1001", "2.5"] {
            let answer = try capacity(#"{"metadata":{"annotations":{"tke.cloud.tencent.com/eip-capacity":"\#(text)"}}}"#)
            #expect(answer.count == 1)
            #expect(answer.problem?.message.contains("tke.cloud.tencent.com/eip-capacity") == true)
        }
    }
}
