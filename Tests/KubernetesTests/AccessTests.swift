import Crypto
import Glibc
import HTTPClient
import Kubernetes
import Observe
import Testing

/// A folder that is gone with its test.
final class Folder: Sendable {
    let path: String
    init() {
        var template = Array("/tmp/eip-kubernetes-tests-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template))
    }
    deinit {
        for name in names { unlink("\(path)/\(name)") }
        rmdir(path)
    }
    private var names: [String] { ["kubeconfig", "ca.crt", "token", "namespace", "client.crt", "client.key"] }
    func write(_ name: String, _ text: String) {
        precondition(names.contains(name))
        let file = fopen("\(path)/\(name)", "w")!
        fputs(text, file)
        fclose(file)
    }
}

struct AccessTests {
    static let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    let folder = Folder()
    func access(_ yaml: String, context: String? = nil) throws -> ClusterAccess {
        folder.write("kubeconfig", yaml)
        return try Kubeconfig(file: folder.path + "/kubeconfig").access(context: context)
    }
    static func yaml(cluster: String = "server: https://h:1/", user: String = "token: t", current: String = "c") -> String {
        """
        apiVersion: v1
        kind: Config
        clusters: [{name: k, cluster: {\(cluster)}}]
        users: [{name: u, user: {\(user)}}]
        contexts:
        - {name: c, context: {cluster: k, user: u, namespace: ns}}
        - {name: anonymous, context: {cluster: k}}
        current-context: \(current)
        """
    }

    @Test func `token, authority and namespace`() throws {
        let data = Base64.encode(Array(Self.pem.utf8))
        let access = try access(Self.yaml(cluster: "server: 'https://h:1/', certificate-authority-data: \(data)"))
        #expect(access.server == "https://h:1" && access.namespace == "ns" && access.credential == .token(Secret("t")))
        #expect(access.tls == TLSSettings(authorities: Array(Self.pem.utf8)))
    }

    @Test func `a key or a token is in no description and no dump`() throws {
        let pem = Base64.encode(Array(Self.pem.utf8))
        let access = try access(Self.yaml(user: "token: hush-hush, client-certificate-data: \(pem), client-key-data: \(pem)"))
        var text = "\(access)"
        dump(access, to: &text)
        #expect(!text.contains("hush-hush") && !text.contains("45"), "45 is the dash that PEM begins with")
        var request = HTTPRequest("GET", "https://h", headers: ["Authorization": "Bearer hush-hush"])
        request.tls = access.tls
        text = "\(request)"
        dump(request, to: &text)
        #expect(!text.contains("hush-hush") && text.contains("Authorization"))
    }

    @Test func `certificates as files beside the kubeconfig, and another context`() throws {
        folder.write("ca.crt", Self.pem)
        folder.write("client.crt", Self.pem)
        folder.write("client.key", Self.pem)
        let yaml = Self.yaml(
            cluster: "server: 'https://h:1', certificate-authority: ca.crt", user: "client-certificate: client.crt, client-key: \(folder.path)/client.key")
        let bytes = Array(Self.pem.utf8)
        #expect(try access(yaml).tls == TLSSettings(authorities: bytes, certificate: bytes, key: bytes))
        #expect(try access(yaml, context: "anonymous").tls == TLSSettings(authorities: bytes))
        #expect(try access(yaml).credential == .none)
    }

    @Test func `insecure, and a token file that wins over a token`() throws {
        let access = try access(Self.yaml(cluster: "server: 'https://h:1', insecure-skip-tls-verify: true", user: "token: t, tokenFile: token"))
        #expect(access.tls.insecure && access.credential == .tokenFile(folder.path + "/token"))
    }

    @Test(arguments: [
        (yaml(current: "\"\""), "has no current-context: write one of \"c\", \"anonymous\""),
        (yaml(current: "d"), "has no entry \"d\" in contexts, asked for: there is \"c\", \"anonymous\""),
        (yaml(cluster: "x: y"), "clusters[k].cluster.server is missing"),
        (yaml(cluster: "server: h"), "clusters[k].cluster.server is \"h\": write a URL such as https://"),
        (yaml(user: "exec: {command: x}"), "users[u].user.exec is not supported here"),
        (yaml(user: "client-key-data: LS0tLS1CRUdJTiA="), "users[u].user has a client key without its certificate: write both"),
        (yaml(user: "client-key-data: '%'"), "users[u].user.client-key-data is no base64"),
        (yaml(user: "client-key-data: AAAA"), "users[u].user.client-key-data is no PEM"),
        (yaml(user: "token: 1"), "users[u].user.token is no text: put it in quotes"),
        ("clusters: [", "is no YAML: line"), ("hello", "is no kubeconfig"), ("", "is no kubeconfig"),
    ])
    func `a wrong kubeconfig says what to write`(_ yaml: String, _ expected: String) throws {
        let error = #expect(throws: AccessError.self) { try access(yaml) }
        #expect(error?.file == folder.path + "/kubeconfig")
        #expect(error?.message.hasPrefix(expected) == true, "\(error?.message ?? "")")
    }

    @Test func `a file that is not there is named`() throws {
        let error = #expect(throws: AccessError.self) { try Kubeconfig(file: "/nowhere/kubeconfig") }
        #expect(error?.description == "/nowhere/kubeconfig: cannot be opened: No such file or directory")
        let missing = #expect(throws: AccessError.self) { try access(Self.yaml(cluster: "server: 'https://h:1', certificate-authority: ca.crt")) }
        #expect(missing?.file == folder.path + "/ca.crt")
    }

    @Test func `a token file is read again after a refusal`() async throws {
        folder.write("token", "one\n")
        let api = try FakeAPI { call, _ in call.authorization == "Bearer two" ? .json(200, "{}") : .json(401, FakeAPI.status(401, "Unauthorized")) }
        let http = HTTPClient()
        let client = KubernetesClient(ClusterAccess(server: api.url, credential: .tokenFile(folder.path + "/token")), http: http)
        await #expect(throws: KubernetesError.self) { try await client.get(rawPath: "/version") }
        folder.write("token", "two\n")
        _ = try await client.get(rawPath: "/version")
        folder.write("token", " \n")
        _ = try await client.get(rawPath: "/version")  // fresh enough not to be read
    }

    @Test func `an empty token file is an error of ours that names it`() async throws {
        folder.write("token", "\n")
        let client = KubernetesClient(ClusterAccess(server: "http://127.0.0.1:1", credential: .tokenFile(folder.path + "/token")), http: HTTPClient())
        let error = await #expect(throws: KubernetesError.self) { try await client.get(rawPath: "/version") }
        #expect(error?.reason == .noCredentials && error?.message.contains(folder.path + "/token") == true)
    }

    @Test func `the access of our own pod`() throws {
        folder.write("ca.crt", Self.pem)
        folder.write("token", "t")
        folder.write("namespace", "eip-system\n")
        let access = try ClusterAccess.inCluster(host: "fd00::1", port: "443", folder: folder.path)
        #expect(access.server == "https://[fd00::1]:443" && access.namespace == "eip-system" && access.credential == .tokenFile(folder.path + "/token"))
        #expect(access.tls.authorities == Array(Self.pem.utf8))
    }
}
