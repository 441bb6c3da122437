import CRdKafka
import Testing

@testable import Kafka

@Suite(.timeLimit(.minutes(1))) struct SettingsTests {
    private func error(_ change: (inout KafkaSettings) -> Void) -> KafkaError? {
        var settings = KafkaSettings(brokers: ["127.0.0.1:1"])
        change(&settings)
        return #expect(throws: KafkaError.self) { _ = try KafkaProducer(settings) }
    }

    @Test func `a setting that librdkafka does not know is refused in its words`() {
        let error = error { $0.extra = ["socket.colour": "blue"] }
        #expect(error?.disposition == .settings)
        #expect(error?.message == "kafka setting socket.colour: No such configuration property: \"socket.colour\"")
    }
    @Test func `a value out of range is refused in librdkafka's words`() {
        let error = error { $0.extra = ["linger.ms": "minus one"] }
        #expect(error?.disposition == .settings)
        #expect(error?.message.hasPrefix("kafka setting linger.ms: ") == true)
    }
    @Test func `settings that the promises rest on cannot be changed`() {
        for key in KafkaSettings.reserved {
            let error = error { $0.extra = [key: "1"] }
            #expect(error?.message == "kafka settings: \(key) is fixed by this program and cannot be set; leave it out")
        }
    }
    @Test func `no broker, a missing file, SASL without a name`() {
        #expect(error { $0.brokers = [] }?.message == "kafka settings: no broker given; write host:port")
        #expect(
            error {
                $0.securityProtocol = .ssl
                $0.caFile = "/nonexistent/ca.crt"
            }?.message.contains("ssl.ca.location") == true)
        #expect(
            error {
                $0.securityProtocol = .saslPlaintext
                $0.sasl = .init(mechanism: "PLAIN", username: "", password: "")
            }?.disposition == .settings)
    }
    @Test func `a session longer than the rebalance is refused`() throws {
        var membership = KafkaMembership(groupID: "g", topic: "t", instanceID: nil)
        membership.sessionTimeout = .seconds(120)
        let error = #expect(throws: KafkaError.self) { _ = try KafkaConsumerGroup(KafkaSettings(brokers: ["127.0.0.1:1"]), membership) }
        #expect(error?.disposition == .settings)
        #expect(error?.message.contains("max.poll.interval.ms") == true)
    }
    @Test func `the password is never printed`() {
        var settings = KafkaSettings(brokers: ["b:1"])
        settings.sasl = .init(username: "eip", password: "hunter2")
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(!"\(settings)".contains("hunter2") && !dumped.contains("hunter2") && "\(settings)".contains("eip"))
    }
    @Test func `nobody listens: disconnected with the reason, and no crash`() async throws {
        let producer = try KafkaProducer(KafkaSettings(brokers: ["127.0.0.1:1"]))
        #expect(producer.connection != .connected)
        let error = await #expect(throws: KafkaError.self) {
            _ = try await KafkaAdmin(KafkaSettings(brokers: ["127.0.0.1:1"]), within: .milliseconds(500)).topics()
        }
        #expect(error?.disposition == .retry)
        #expect(error?.message.contains("Connection refused") == true, "\(String(describing: error))")
        while !"\(producer.connection)".contains("Connection refused") { await Task.yield() }
        await producer.close()
        #expect(producer.connection == .disconnected(reason: "closed"))
    }
    @Test func `every code is sorted into one answer`() {
        var seen: Set<KafkaError.Disposition> = []
        for code in Int32(-200)...110 where code != 0 { seen.insert(KafkaError(.init(rawValue: code), "x").disposition) }
        #expect(seen == [.retry, .refused, .staleMember, .fatal, .settings, .unexpected])
    }
}
