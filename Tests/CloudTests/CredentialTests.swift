import Core
import Glibc
import Observe
import Testing

@testable import Cloud

@Suite struct CredentialTests {
    let key = Secret("sk")

    @Test func `the variables of Tencent's SDKs are read`() throws {
        let full = ["TENCENTCLOUD_SECRET_ID": " AKID1\n", "TENCENTCLOUD_SECRET_KEY": "sk", "TENCENTCLOUD_TOKEN": "tok"]
        #expect(try CloudCredentials(environment: full) == CloudCredentials(secretID: "AKID1", secretKey: key, token: Secret("tok")))
        let long = ["TENCENTCLOUD_SECRET_ID": "AKID1", "TENCENTCLOUD_SECRET_KEY": "sk", "TENCENTCLOUD_TOKEN": ""]
        #expect(try CloudCredentials(environment: long).token == nil)
    }

    @Test(arguments: [
        ([:], "TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY not set"), (["TENCENTCLOUD_SECRET_ID": "a"], "TENCENTCLOUD_SECRET_KEY not set"),
        (["TENCENTCLOUD_SECRET_KEY": "a", "TENCENTCLOUD_SECRET_ID": "  "], "TENCENTCLOUD_SECRET_ID not set"),
    ])
    func `what is missing in the environment is named`(environment: [String: String], words: String) {
        let error = #expect(throws: CredentialError.self) { try CloudCredentials(environment: environment) }
        #expect(error?.message.contains("no cloud credentials: \(words)") == true)
        #expect(error?.message.contains("or name a credentials file") == true)
    }

    @Test func `a credentials file is read`() throws {
        let text =
            "# mine\n; too\n[other]\nsecret_id = no\n\n[default]\r\nSecret_Id = AKID1\r\n secret_key=a=b \nrole_arn = x\ntoken = t\n[last]\nsecret_id = no\n"
        #expect(try CloudCredentials(ini: text, path: "f") == CloudCredentials(secretID: "AKID1", secretKey: Secret("a=b"), token: Secret("t")))
    }

    @Test(arguments: [
        ("", "credentials file f: no section [default]"), ("[default]\n", "secret_id and secret_key missing"),
        ("[default]\nsecret_id = a\nsecret_key =\n", "credentials file f, section [default]: secret_key missing"),
        ("[default]\nsecret_id: a\n", "credentials file f, line 2: neither a [section] nor `name = value`"),
    ])
    func `what is wrong in a credentials file is named`(text: String, words: String) {
        let error = #expect(throws: CredentialError.self) { try CloudCredentials(ini: text, path: "f") }
        #expect(error?.message.contains(words) == true)
    }

    @Test func `no secret is printed`() {
        let credentials = CloudCredentials(secretID: "AKID1", secretKey: Secret("hush"), token: Secret("hush"))
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped] {
            #expect(!text.contains("hush") && text.contains("<redacted>"))
        }
    }
}

@Suite struct CredentialFileTests {
    let path = "/tmp/eip-credentials-\(getpid())-\(UInt64.random(in: 0 ... .max))"

    func write(_ text: String, to path: String) throws {
        let file = try #require(fopen(path, "w"))
        defer { fclose(file) }
        try #require(fputs(text, file) >= 0)
    }
    func ini(_ id: String) -> String { "[default]\nsecret_id = \(id)\nsecret_key = sk\n" }

    @Test func `a changed file is read again, a broken one not taken over`() async throws {
        defer { unlink(path) }
        try write(ini("AKID1"), to: path)
        let file = CredentialFile(path: path)
        #expect(try await file.credentials(fresh: false).secretID == "AKID1")
        // as a mounted Secret is rotated: a new file under the old name
        try write(ini("AKID2"), to: path + ".new")
        try #require(rename(path + ".new", path) == 0)
        #expect(try await file.credentials(fresh: false).secretID == "AKID2")
        try write("[default]\nsecret_id = AK", to: path)
        #expect(try await file.credentials(fresh: false).secretID == "AKID2")
        await #expect(throws: CredentialError.self) { try await file.credentials(fresh: true) }
        unlink(path)
        #expect(try await file.credentials(fresh: false).secretID == "AKID2")
        let error = await #expect(throws: CredentialError.self) { try await file.credentials(fresh: true) }
        #expect(error?.message == "credentials file \(path): No such file or directory")
    }

    @Test func `a file that was never good is said to be wrong`() async throws {
        let none = await #expect(throws: CredentialError.self) { try await CredentialFile(path: path).credentials(fresh: false) }
        #expect(none?.message == "credentials file \(path): No such file or directory")
        let directory = await #expect(throws: CredentialError.self) { try await CredentialFile(path: "/tmp").credentials(fresh: false) }
        #expect(directory?.message == "credentials file /tmp: Is a directory")
        defer { unlink(path) }
        try write(String(repeating: "#", count: 70_000), to: path)
        let long = await #expect(throws: CredentialError.self) { try await CredentialFile(path: path).credentials(fresh: false) }
        #expect(long?.message.contains("more than 65536 bytes") == true)
    }

    @Test func `keys rotated in the file are used at once`() async throws {
        defer { unlink(path) }
        try write(ini("AKIDOLD"), to: path)
        let accepted = CloudCredentials(secretID: "AKIDNEW", secretKey: Secret("sk"))
        let cloud = FakeCloud(clock: testClock(), accepted: accepted) { _ in .ok(#""QuotaSet":[]"#) }
        let client = cloud.client(credentials: CredentialFile(path: path))
        let fault = await #expect(throws: CloudFault.self) { try await client.addressQuotas() }
        #expect(fault?.code == "AuthFailure.SecretIdNotFound" && fault?.kind == .authorisation)
        try write(ini("AKIDNEW"), to: path)
        _ = try await client.addressQuotas()
        #expect(cloud.received.count == 3)  // the refused call was tried twice
    }
}
