import Contract
import Core
import Testing

private let names = AnnotationNames()

private func wishes(_ annotations: [String: String], hostNetwork: Bool = false) -> Wishes {
    var full: [String: String] = [:]
    for (name, value) in annotations { full["tke.cloud.tencent.com/\(name)"] = value }
    return names.wishes(of: full, hostNetwork: hostNetwork)
}

/// A mistake, and what the message has to say about it.
struct Mistake: Sendable, CustomTestStringConvertible {
    var annotations: [String: String]
    var hostNetwork = false
    var reason = Reason.invalidAnnotation
    var says: [String]
    var testDescription: String { "\(annotations)" }

    init(attributes: String, _ says: String...) {
        annotations = ["eip-attributes": attributes]
        self.says = ["tke.cloud.tencent.com/eip-attributes"] + says
    }
    init(list: String, _ says: String...) {
        annotations = ["eip-id-list": list]
        self.says = ["tke.cloud.tencent.com/eip-id-list"] + says
    }
    init(_ annotations: [String: String], hostNetwork: Bool = false, _ reason: Reason = .invalidAnnotation, _ says: String...) {
        self.annotations = annotations
        self.hostNetwork = hostNetwork
        self.reason = reason
        self.says = says
    }
}

struct WishesTests {
    @Test func `of a thousand mistakes the first are named`() {
        let names = AnnotationNames()
        let keys = (0..<1000).map { "\"key\($0)\":1" }.joined(separator: ",")
        let tags = Array(repeating: "{}", count: 1000).joined(separator: ",")
        for (name, text, first) in [
            (names.attributes, "{\(keys)}", "\"key0\" is not known"), (names.attributes, "{\"Tags\":[\(tags)]}", "Tags is no list of tags"),
            (names.idList, String(repeating: "x,", count: 1000), "\"x\" is no EIP id"),
        ] {
            guard case .invalid(let problem) = names.wishes(of: [name: text], hostNetwork: false).want else {
                Issue.record("taken: \(text.prefix(50))")
                continue
            }
            #expect(problem.message.contains(first) && problem.message.utf8.count <= 1024)
        }
    }

    @Test(arguments: [
        ("", AddressAttributes()),
        ("  ", AddressAttributes()),
        ("{}", AddressAttributes(bandwidth: 100, isp: .bgp)),
        (#"{"Bandwidth":"100","ISP":"BGP"}"#, AddressAttributes()),
        (#"{"Bandwidth":5,"ISP":"CMCC"}"#, AddressAttributes(bandwidth: 5, isp: .cmcc)),
        (#"{"Bandwidth":null}"#, AddressAttributes()),
        (#"{"InternetMaxBandwidthOut":7,"InternetServiceProvider":"CUCC"}"#, AddressAttributes(bandwidth: 7, isp: .cucc)),
        (#"{"Bandwidth":"7","InternetMaxBandwidthOut":7}"#, AddressAttributes(bandwidth: 7)),
        (
            #"{"Bandwidth":"2000","InternetChargeType":"BANDWIDTH_PACKAGE","BandwidthPackageId":"bwp-abcd1234"}"#,
            AddressAttributes(bandwidth: 2000, chargeType: "BANDWIDTH_PACKAGE", bandwidthPackageID: "bwp-abcd1234")
        ),
        (#"{"InternetChargeType":"BANDWIDTH_POSTPAID_BY_HOUR"}"#, AddressAttributes(chargeType: "BANDWIDTH_POSTPAID_BY_HOUR")),
        (
            #"{"AddressType":"AnycastEIP","AnycastZone":"ANYCAST_ZONE_GLOBAL","Egress":"center_egress2"}"#,
            AddressAttributes(addressType: "AnycastEIP", anycastZone: "ANYCAST_ZONE_GLOBAL", egress: "center_egress2")
        ),
        (
            #"{"Tags":[{"Key":"team","Value":"game"},{"Key":"cost","Value":12}]}"#,
            AddressAttributes(tags: [Tag(key: "team", value: "game"), Tag(key: "cost", value: "12")])
        ),
    ])
    func `attributes are read as TKE and AllocateAddresses write them`(text: String, expected: AddressAttributes) {
        #expect(wishes(["eip-attributes": text]) == Wishes(want: .attributes(expected)))
    }

    @Test func `a pod without EIP annotations wants nothing, whatever else it says`() {
        #expect(wishes([:]) == Wishes(want: .none))
        #expect(wishes(["claim-expired-duration": "nonsense", "eip-claim-delete-policy": "Perhaps"], hostNetwork: true) == Wishes(want: .none))
        #expect(names.wishes(of: ["example.com/eip-attributes": "{}"], hostNetwork: false) == Wishes(want: .none))
    }

    @Test func `the domain is a setting`() {
        let names = AnnotationNames(domain: "eip.example.com")
        #expect(names.wishes(of: ["eip.example.com/eip-attributes": ""], hostNetwork: false).want == .attributes(AddressAttributes()))
        #expect(names.wishes(of: ["tke.cloud.tencent.com/eip-attributes": ""], hostNetwork: false).want == .none)
        #expect(names.resource == "eip.example.com/eip")
    }

    @Test func `a list keeps its order, and white space does not matter`() {
        let expected = Want.list([AddressID("eip-zzzz9999"), AddressID("eip-aaaa1111"), AddressID("eip-m44ku5d2x")])
        #expect(wishes(["eip-id-list": " eip-zzzz9999,eip-aaaa1111 ,\neip-m44ku5d2x"]).want == expected)
    }

    @Test func `the delete policy Never is static, and its absence is not`() {
        #expect(wishes(["eip-attributes": ""]).deletePolicy == .delete)
        #expect(wishes(["eip-attributes": "", "eip-claim-delete-policy": "Never"]).deletePolicy == .retain)
        // what cannot be read must not lead to a release
        #expect(wishes(["eip-attributes": "", "eip-claim-delete-policy": "never"]).deletePolicy == .retain)
        #expect(wishes(["eip-attributes": "{", "eip-claim-delete-policy": "Never"]).deletePolicy == .retain)
    }

    @Test(arguments: [("5m", 300), ("300s", 300), ("1h30m", 5400), ("1.5h", 5400), ("0", 0), ("0s", 0), ("8760h", 31_536_000)] as [(String, Int)])
    func `a life of five minutes or more, or for ever, can be asked for`(text: String, seconds: Int) {
        #expect(wishes(["eip-attributes": "", "claim-expired-duration": text]).expireAfter == .seconds(seconds))
    }

    static let mistakes: [Mistake] = [
        Mistake(attributes: "{", "not valid JSON", #"{"Bandwidth":"100","ISP":"BGP"}"#),
        Mistake(attributes: "Bandwidth=100", "not valid JSON"),
        Mistake(attributes: #"{"Bandwidth":"100"} x"#, "not valid JSON"),
        Mistake(attributes: "[]", "no JSON object"),
        Mistake(attributes: "null", "no JSON object"),
        Mistake(attributes: "100", "no JSON object"),
        Mistake(attributes: #"{"ISP":"FREE"}"#, #"ISP is "FREE"; write BGP, CMCC, CTCC or CUCC"#),
        Mistake(attributes: #"{"ISP":"bgp"}"#, "write BGP, CMCC"),
        Mistake(attributes: #"{"ISP":5}"#, #"ISP is "5""#),
        Mistake(attributes: #"{"Bandwidth":0}"#, "Bandwidth is 0", "1 to 100"),
        Mistake(attributes: #"{"Bandwidth":"0"}"#, "Bandwidth is 0", "1 to 100"),
        Mistake(attributes: #"{"Bandwidth":-1}"#, "Bandwidth is -1", "1 to 100"),
        Mistake(attributes: #"{"Bandwidth":101}"#, "Bandwidth is 101", "TRAFFIC_POSTPAID_BY_HOUR", "1 to 100", "BANDWIDTH_PACKAGE"),
        Mistake(attributes: #"{"Bandwidth":"101","InternetChargeType":"BANDWIDTH_POSTPAID_BY_HOUR"}"#, "1 to 100"),
        Mistake(attributes: #"{"InternetMaxBandwidthOut":2001,"InternetChargeType":"BANDWIDTH_PACKAGE"}"#, "InternetMaxBandwidthOut is 2001", "1 to 2000"),
        Mistake(attributes: #"{"Bandwidth":"abc"}"#, #"Bandwidth is "abc""#, "whole number"),
        Mistake(attributes: #"{"Bandwidth":10.5}"#, "10.5", "whole number"),
        Mistake(attributes: #"{"Bandwidth":true}"#, "whole number"),
        Mistake(attributes: #"{"Bandwidth":""}"#, "whole number"),
        Mistake(attributes: #"{"Bandwidth":"99999999999999999999"}"#, "whole number"),
        Mistake(attributes: #"{"Bandwidth":"5","InternetMaxBandwidthOut":"6"}"#, "Bandwidth and InternetMaxBandwidthOut", "write one of them"),
        Mistake(attributes: #"{"Bandwith":"5","isp":"BGP"}"#, #""Bandwith" is not known"#, #""isp" is not known"#, "Bandwidth or InternetMaxBandwidthOut"),
        Mistake(attributes: #"{"InternetChargeType":"BANDWIDTH_PREPAID_BY_MONTH"}"#, "InternetChargeType", "TRAFFIC_POSTPAID_BY_HOUR"),
        Mistake(attributes: #"{"BandwidthPackageId":"bwp-abcd1234"}"#, "BandwidthPackageId is used only with InternetChargeType BANDWIDTH_PACKAGE"),
        Mistake(attributes: #"{"BandwidthPackageId":"abcd","InternetChargeType":"BANDWIDTH_PACKAGE"}"#, "bwp-abcd1234"),
        Mistake(attributes: #"{"BandwidthPackageId":["a"]}"#, "BandwidthPackageId", "write a text"),
        Mistake(attributes: #"{"AddressType":"AntiDDoSEIP"}"#, "write EIP, AnycastEIP or HighQualityEIP"),
        Mistake(attributes: #"{"AnycastZone":"ANYCAST_ZONE_GLOBAL"}"#, "AddressType AnycastEIP"),
        Mistake(attributes: #"{"Egress":"north"}"#, "center_egress1"),
        Mistake(attributes: #"{"Tags":{"team":"game"}}"#, #"[{"Key":"team","Value":"game"}]"#),
        Mistake(attributes: #"{"Tags":[{"Key":"a"}]}"#, "no list of tags"),
        Mistake(attributes: #"{"Tags":[{"Key":"","Value":""}]}"#, "without a key"),
        Mistake(attributes: #"{"Tags":[{"Key":"a","Value":"1"},{"Key":"a","Value":"2"}]}"#, #""a" twice"#),
        Mistake(attributes: #"{"Tags":[{"Key":"eip-controller.cluster","Value":"1"}]}"#, "sets itself"),
        Mistake(list: "", "it is empty", "eip-abcd1234,eip-efgh5678"),
        Mistake(list: " , ", #""" is no EIP id"#),
        Mistake(list: "eip-abcd1234,", #""" is no EIP id"#),
        Mistake(list: "eip-abcd1234;eip-efgh5678", "no EIP id", "separated by commas"),
        Mistake(list: "eip-short", #""eip-short" is no EIP id"#),
        Mistake(list: "EIP-ABCD1234", "no EIP id"),
        Mistake(list: "1.2.3.4", #""1.2.3.4" is no EIP id"#, "eip-abcd1234"),
        Mistake(list: "eip-abcd1234,eip-efgh5678,eip-abcd1234", "eip-abcd1234 is there twice"),
        Mistake(
            ["eip-attributes": "{}", "eip-id-list": "eip-abcd1234"], .invalidAnnotation, "tke.cloud.tencent.com/eip-attributes",
            "tke.cloud.tencent.com/eip-id-list", "exclude each other", "keep"),
        Mistake(["eip-attributes": "{}"], hostNetwork: true, .hostNetwork, "tke.cloud.tencent.com/eip-attributes", "hostNetwork: true", "remove"),
        Mistake(["eip-id-list": "eip-abcd1234"], hostNetwork: true, .hostNetwork, "tke.cloud.tencent.com/eip-id-list"),
        Mistake(["eip-attributes": "", "eip-claim-delete-policy": "Retain"], .invalidAnnotation, "eip-claim-delete-policy", "write Never"),
        Mistake(["eip-attributes": "", "eip-claim-delete-policy": ""], .invalidAnnotation, "eip-claim-delete-policy", "write Never"),
        Mistake(["eip-attributes": "", "claim-expired-duration": "4m59s"], .invalidAnnotation, "claim-expired-duration", "at least 5m"),
        Mistake(["eip-attributes": "", "claim-expired-duration": "300"], .invalidAnnotation, #""300""#, "1h"),
        Mistake(["eip-attributes": "", "claim-expired-duration": "-1h"], .invalidAnnotation, "at least 5m"),
        Mistake(["eip-attributes": "", "claim-expired-duration": ""], .invalidAnnotation, "at least 5m"),
        Mistake(
            ["eip-attributes": #"{"ISP":"X","Bandwidth":"abc"}"#, "claim-expired-duration": "soon", "eip-claim-delete-policy": "No"],
            .invalidAnnotation, "ISP is", "Bandwidth is", "claim-expired-duration", "eip-claim-delete-policy"),
    ]

    @Test(arguments: mistakes)
    func `bad input is answered with what was wrong, where, and what to write instead`(mistake: Mistake) throws {
        let want = wishes(mistake.annotations, hostNetwork: mistake.hostNetwork).want
        guard case .invalid(let problem) = want else {
            Issue.record("accepted as \(want)")
            return
        }
        #expect(problem.reason == mistake.reason)
        for part in mistake.says { #expect(problem.message.contains(part), "\(problem.message)") }
    }

    @Test func `a message about a huge annotation fits an Event and stays one line`() {
        let keys = (0..<2000).map { "\"k\($0)\\n\":1" }.joined(separator: ",")
        guard case .invalid(let problem) = wishes(["eip-attributes": "{\(keys)}"]).want else {
            Issue.record("accepted")
            return
        }
        #expect(problem.message.utf8.count <= 1024)
        #expect(!problem.message.contains("\n"))
    }
}
