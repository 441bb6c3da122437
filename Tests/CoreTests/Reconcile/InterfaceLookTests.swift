import Core
import Testing

/// DescribeNetworkInterfaces is a call under the account's limits like any other.
@Suite struct `Looks at network interfaces` {
    private let names = (0..<4).map { "web-\($0)" }

    @Test func `they are spaced`() {
        var drive = ReconcilerDrive()
        let names = (0..<10).map { "web-\($0)" }
        drive.createClaims(names)
        for name in names { drive.createPod(name) }
        drive.pass(.seconds(10))
        #expect(drive.outcomes.count == 10 && drive.outcomes.values.allSatisfy { $0 == .settled(.associatedEIP) })
        #expect(drive.looks.count >= 10)
        #expect(zip(drive.looks, drive.looks.dropFirst()).allSatisfy { $1.at - $0.at >= .milliseconds(10) }, "100 a second")
    }

    @Test func `a throttle reply slows those that follow, and a run that ends gives its turn back`() {
        var drive = ReconcilerDrive()
        drive.interfaceFault = CloudFault(.throttled, code: "RequestLimitExceeded", message: "slower")
        drive.createClaims(names)
        for name in names { drive.createPod(name) }
        drive.pass(.milliseconds(100))
        #expect(drive.looks.map(\.name) == ["web-0"], "nobody looks while the pause lasts")
        #expect(drive.reconciler.pace(.describeNetworkInterfaces).factor < 1)
        #expect(drive.reconciler.pace(.describeNetworkInterfaces).waiting == 3)
        drive.interfaceFault = nil
        drive.feed(.stop(ReconcilerDrive.key("web-2")))
        #expect(drive.reconciler.pace(.describeNetworkInterfaces).waiting == 2)
        drive.pass(.seconds(20))
        #expect(!drive.looks.map(\.name).contains("web-2"))
        #expect(drive.outcomes["web-1"] == .settled(.associatedEIP) && drive.outcomes["web-3"] == .settled(.associatedEIP))
    }

    @Test func `without permission one is sent, and the runs that wait for theirs end to try again`() {
        var drive = ReconcilerDrive()
        drive.interfaceFault = CloudFault(.authorisation, code: "UnauthorizedOperation", message: "no")
        drive.createClaims(names + ["late-0"])
        for name in names { drive.createPod(name) }
        drive.pass(.seconds(2))
        #expect(drive.looks.count == 1, "the others are not sent")
        #expect(drive.outcomes.count == 4)
        for (name, outcome) in drive.outcomes {
            guard case .retry(.waitingForCloud, _) = outcome else {
                Issue.record("\(name): \(outcome)")
                continue
            }
        }
        drive.createPod("late-0")
        drive.pass(.milliseconds(400))
        #expect(drive.looks.count == 1 && drive.outcomes["late-0"] != nil, "refused at once while nothing is permitted")
    }

    // Seed 14: an EIP stayed on a dead pod's private IP, which another pod had by then and waited for ever.
    @Test func `whose EIP sits on the private IP of another's pod is told`() {
        var drive = ReconcilerDrive()
        drive.createPod("web-0")
        drive.pass(.seconds(5))
        let first = ReconcilerDrive.key("web-0")
        #expect(drive.drifted == [])
        drive.addressOnInterface[ReconcilerDrive.key("web-1")] = drive.claims[first]!.spec.addressID
        drive.createPod("web-1")
        drive.pass(.seconds(2))
        #expect(drive.drifted.contains("web-0"))
        #expect(drive.times(of: .associate).map(\.name) == ["web-0"], "and it waits")
    }

    @Test func `a look whose run was stopped still counts for the pace`() {
        var drive = ReconcilerDrive()
        let key = ReconcilerDrive.key("web-0")
        drive.createClaims(["web-0"])
        drive.createPod("web-0")
        drive.pass(.milliseconds(12))
        drive.mute = [key]
        drive.pass(.milliseconds(400))
        guard let look = drive.unanswered.first(where: { if case .readNetworkInterface = $0.effect { true } else { false } }) else {
            Issue.record("no look in \(drive.unanswered)")
            return
        }
        drive.feed(.stop(key))
        drive.feed(.answered(key, run: look.run, .failed(CloudFault(.throttled, code: "RequestLimitExceeded", message: "slower"))))
        #expect(drive.reconciler.pace(.describeNetworkInterfaces).factor < 1)
        #expect(drive.outcomes == ["web-0": .abandoned(.ownershipLost)])
    }
}
