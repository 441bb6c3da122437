import Crypto
import Glibc
import HTTPClient
import HTTPServing
import Testing

@Suite(.timeLimit(.minutes(1)))
struct TLSTests {
    static let now = time(nil)
    let authority: Identity
    let server: HTTPServer
    let client = HTTPClient()
    var url: String { "https://127.0.0.1:\(server.port)/" }

    init() throws {
        authority = try Identity.authority(name: "tests", validFor: .seconds(3600), now: Self.now)
        server = try Self.serve(authority, names: ["127.0.0.1"])
    }
    static func serve(_ authority: Identity, names: [String], clientCAs: [UInt8]? = nil) throws -> HTTPServer {
        let identity = try authority.issue(names: names, validFor: .seconds(3600), now: now)
        let tls = TLSIdentity(certificateChain: Array(identity.certificatePEM.utf8), privateKey: Array(identity.keyPEM.utf8), clientCAs: clientCAs)
        return try HTTPServer(host: "127.0.0.1", port: 0, tls: tls) { _ in HTTPServing.HTTPResponse(200, body: .bytes([0x78])) }
    }
    func get(_ url: String, _ tls: TLSSettings) async throws -> [UInt8] {
        var request = HTTPClient.Request("GET", url)
        request.tls = tls
        return try await client.send(request).body
    }
    var trust: [UInt8] { Array(authority.certificatePEM.utf8) }

    @Test func `a server of our own authority is trusted, per request and per client`() async throws {
        #expect(try await get(url, TLSSettings(authorities: trust)) == [0x78])
        var configuration = HTTPClient.Configuration()
        configuration.tls = TLSSettings(authorities: trust)
        let trusting = HTTPClient(configuration)
        #expect(try await trusting.send(HTTPClient.Request("GET", url)).body == [0x78])
    }

    @Test func `a server of an unknown authority is not, and gets nothing`() async throws {
        _ = try await get(url, TLSSettings(authorities: trust))
        // An open connection made under another trust must not be reused.
        let stranger = try Identity.authority(name: "other", validFor: .seconds(3600), now: Self.now)
        for tls in [TLSSettings(), TLSSettings(authorities: Array(stranger.certificatePEM.utf8))] {
            let error = await #expect(throws: HTTPClientError.self) { try await get(url, tls) }
            #expect(error?.code == .tls && error?.mayHaveBeenSent == false, "\(error?.description ?? "")")
        }
    }

    @Test func `a certificate for another name is refused`() async throws {
        let other = try Self.serve(authority, names: ["example.org"])
        let error = await #expect(throws: HTTPClientError.self) { try await get("https://127.0.0.1:\(other.port)/", TLSSettings(authorities: trust)) }
        #expect(error?.code == .tls && error?.mayHaveBeenSent == false)
    }

    @Test func `insecure trusts anybody`() async throws {
        #expect(try await get(url, TLSSettings(insecure: true)) == [0x78])
    }

    @Test func `a server that wants our certificate gets it`() async throws {
        let strict = try Self.serve(authority, names: ["127.0.0.1"], clientCAs: trust)
        let url = "https://127.0.0.1:\(strict.port)/"
        let ours = try authority.issue(names: ["us"], for: .client, validFor: .seconds(3600), now: Self.now)
        let tls = TLSSettings(authorities: trust, certificate: Array(ours.certificatePEM.utf8), key: Array(ours.keyPEM.utf8))
        #expect(try await get(url, tls) == [0x78])
        await #expect(throws: HTTPClientError.self) { try await get(url, TLSSettings(authorities: trust)) }
    }

    @Test(arguments: [
        TLSSettings(certificate: [0x78]), TLSSettings(key: [0x78]), TLSSettings(certificate: [0x78], key: [0x78]), TLSSettings(authorities: [0x78]),
    ])
    func `settings that are none are refused before anything is sent`(_ tls: TLSSettings) async throws {
        let error = await #expect(throws: HTTPClientError.self) { try await get(url, tls) }
        #expect(error?.mayHaveBeenSent == false)
        #expect(error?.code == .invalid || error?.code == .tls)
    }
}
