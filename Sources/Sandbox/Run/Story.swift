internal import Contract
internal import Core
internal import JSON
internal import Lifecycle
internal import Models

/// Plays the story and watches it from outside.
///
/// A step acts as a user would and waits, with a deadline, for what has to come of it; all the while every sight is compared
/// with the promises. The first step that fails ends the story.
actor Story {
    /// A step did not come to its end in time.
    struct TimedOut: Error, CustomStringConvertible {
        var description: String
    }
    private let host: StoryHost
    private let settings: StorySettings
    private let say: @Sendable (String) -> Void
    private let stopped: Latch
    private let start = ContinuousClock.now
    private var chronicle = Chronicle()
    private var promises = PromiseWatch(userOwned: Examples.listedIDs)
    private var steps: [StoryReport.Step] = []

    /// - Parameters:
    ///   - stopped: opens when the user has enough.
    ///   - say: takes one line.
    init(_ host: StoryHost, _ settings: StorySettings, stopped: Latch, say: @escaping @Sendable (String) -> Void) {
        self.host = host
        self.settings = settings
        self.stopped = stopped
        self.say = say
    }

    private static let lookInterval = Duration.milliseconds(10)
    /// For what a controller at work does.
    private static let stepMax = Duration.seconds(15)
    /// With a start of the controller in it: a Lease to run out, a group to form.
    private static let startMax = Duration.seconds(40)

    /// Runs all steps.
    func play() async -> StoryReport {
        await step("all pods get their EIP") { try await self.allBound() }
        await step("static pod deleted: back on another node, the same EIP") { try await self.staticPodMoves() }
        await step("non-static pod deleted: its EIP is released") { try await self.nonStaticGoes() }
        await step("controller killed in the middle of a bind: one EIP, bound") { try await self.controllerRestarts() }
        await step("eipc of a stopped static pod deleted: the EIP is released") { try await self.reclaimed() }
        await step("eipc of a living pod deleted: bound again to the same EIP") { try await self.boundAgain() }
        return await report()
    }

    /// Goes on telling what changes, until it is stopped.
    func watch() async {
        while !stopped.isOpen {
            _ = look()
            await stopped.wait(atMost: .milliseconds(100))
        }
    }

    private func report() async -> StoryReport {
        let seconds = seconds(since: start)
        var events: Int?
        do {
            events = try await host.eventCount()
        } catch {
            say("the events in Kafka could not be counted: \(error)")
        }
        let (journal, calls) = host.cloud.withModel { model in
            (model.journal, Dictionary(model.journal.filter { $0.key != CloudModel.console }.map { ($0.action, 1) }, uniquingKeysWith: +))
        }
        promises.look(atJournal: journal)
        let results = Promise.allCases.map { StoryReport.PromiseResult(name: $0.rawValue, broken: promises.broken[$0] ?? []) }
        return StoryReport(
            queue: settings.queue, steps: steps, promises: results, looks: promises.looks, waits: chronicle.waits, calls: calls,
            events: events, seconds: seconds)
    }

    // MARK: - The steps

    private func allBound() async throws -> String {
        try host.startController()
        for object in settings.examples.objects { try host.apply(object) }
        let keys = ["static-eip-0", "static-eip-1", "eip-id-list-0", "eip-id-list-1", "non-static"]
        let sight = try await wait(atMost: Self.startMax) { sight in keys.lazy.compactMap { sight.whyUnbound("default/\($0)") }.first }
        for (ordinal, id) in Examples.listedIDs.enumerated() {
            let found = sight.claim("default/eip-id-list-\(ordinal)")?.addressID
            guard found == id else { throw TimedOut(description: "eip-id-list-\(ordinal) has \(found ?? "no EIP") instead of \(id)") }
        }
        return "\(keys.count) pods bound"
    }

    private func staticPodMoves() async throws -> String {
        let key = "default/static-eip-0"
        guard let pod = look().pod(key), let node = pod.node, let eip = look().bound(key) else { throw TimedOut(description: "\(key) is not bound") }
        // The address a pod leaves is the next to be given out on its node: to have another one it must go elsewhere.
        try host.setSchedulable(node, false)
        try host.deletePod("static-eip-0")
        let sight = try await wait { sight in sight.pod(key)?.uid == pod.uid ? "pod \(key) is still the old one" : sight.whyUnbound(key) }
        try host.setSchedulable(node, true)
        guard let back = sight.pod(key), let now = sight.bound(key), back.ip != pod.ip, now.id == eip.id, now.address.ip == eip.address.ip else {
            throw TimedOut(description: "\(key) had \(eip.id) \(eip.address.ip) on \(pod.ip ?? "?") and has \(sight.bound(key)?.id ?? "nothing")")
        }
        return "\(pod.uid.prefix(8)) \(pod.ip ?? "") -> \(back.uid.prefix(8)) \(back.ip ?? ""), keeps \(now.address.ip)"
    }

    private func nonStaticGoes() async throws -> String {
        let key = "default/non-static"
        guard let eip = look().bound(key) else { throw TimedOut(description: "\(key) is not bound") }
        try host.deletePod("non-static")
        _ = try await wait { Self.stillThere(key, eip.id, $0) }
        return "\(eip.id) released"
    }

    private func controllerRestarts() async throws -> String {
        let key = "default/restarted"
        guard var pod = settings.examples.objects.first(where: { $0["kind"].string == "Pod" }) else { throw TimedOut(description: "the examples have no pod") }
        pod["metadata"]["name"] = "restarted"
        try host.apply(pod)
        _ = try await wait { _ in self.allocated(for: key).isEmpty ? "no AllocateAddresses for \(key)" : nil }
        await host.killController()
        let then = look()
        guard then.bound(key) == nil else { throw TimedOut(description: "\(key) was bound before the controller could be killed: nothing is shown") }
        let phase = then.claim(key)?.phase ?? "without a claim"
        say("          controller killed; \(key) is \(phase). Another one starts.")
        try host.startController()
        _ = try await wait(atMost: Self.startMax) { $0.whyUnbound(key) }
        let ids = allocated(for: key)
        guard ids.count == 1 else { throw TimedOut(description: "\(ids.count) EIPs were allocated for \(key): \(ids.sorted().joined(separator: ", "))") }
        return "killed while \(phase); \(ids.sorted().joined()) bound by its successor"
    }

    private func reclaimed() async throws -> String {
        let key = "default/static-eip-1"
        guard let eip = look().bound(key) else { throw TimedOut(description: "\(key) is not bound") }
        try host.scale("static-eip", to: 1)
        _ = try await wait { sight in
            if sight.pod(key) != nil { return "pod \(key) is still there" }
            guard sight.eip(eip.id)?.address.status == .unbind else { return "\(eip.id) is still \(sight.eip(eip.id)?.address.status.rawValue ?? "gone")" }
            let phase = sight.claim(key)?.phase
            return phase == ClaimPhase.retained.rawValue ? nil : "claim \(key) is \(phase ?? "gone") instead of Retained"
        }
        try host.deleteClaim("static-eip-1")
        promises.forget(key)
        _ = try await wait { Self.stillThere(key, eip.id, $0) }
        return "\(eip.id) retained, then released"
    }

    private func boundAgain() async throws -> String {
        let key = "default/static-eip-0"
        guard let eip = look().bound(key), let claim = look().claim(key) else { throw TimedOut(description: "\(key) is not bound") }
        try host.deleteClaim("static-eip-0")
        // The claim goes when its EIP is old enough to be in every list (30 s): the next one finds it by its name.
        let sight = try await wait(atMost: .seconds(45)) { sight in
            sight.claim(key)?.uid == claim.uid ? "claim \(key) is still the old one" : sight.whyUnbound(key)
        }
        guard let now = sight.bound(key), now.id == eip.id, let again = sight.claim(key) else {
            throw TimedOut(description: "\(key) had \(eip.id) and has \(sight.bound(key)?.id ?? "nothing")")
        }
        return "claim \(claim.uid.prefix(8)) -> \(again.uid.prefix(8)), keeps \(now.id)"
    }

    private static func stillThere(_ key: String, _ id: String, _ sight: Sight) -> String? {
        if let claim = sight.claim(key) { return "claim \(key) is still there, \(claim.phase)" }
        return sight.eip(id).map { "\(id) is still there, \($0.address.status.rawValue)" }
    }

    /// The EIPs that were ever allocated under the pod's name, by the journal.
    private func allocated(for key: String) -> Set<String> {
        let parts = key.split(separator: "/").map(String.init)
        let name = Naming.addressName(Key(cluster: "", namespace: parts[0], name: parts[1]))
        return host.cloud.withModel { model in
            Set(
                model.journal.filter { $0.action == CloudModel.Action.allocateAddresses.rawValue && $0.parameters["AddressName"].string == name }
                    .flatMap { $0.stateAfter.map(\.id.rawValue) })
        }
    }

    // MARK: - Looking

    private func step(_ name: String, _ body: () async throws -> String) async {
        guard steps.allSatisfy({ $0.result == .ok }), !stopped.isOpen else {
            steps.append(StoryReport.Step(name: name, result: .skipped, seconds: 0, detail: ""))
            return
        }
        say("--- \(name)")
        let start = ContinuousClock.now
        var step = StoryReport.Step(name: name, result: .ok, seconds: 0, detail: "")
        do {
            step.detail = try await body()
            promises.lookAtRest(sight())
        } catch {
            (step.result, step.detail) = (.failed, "\(error)")
        }
        step.seconds = seconds(since: start)
        say("--- \(step.result.rawValue) after \((ContinuousClock.now - start).shown): \(step.detail)")
        steps.append(step)
    }

    /// Looks until nothing is missing.
    ///
    /// - Parameter missing: what is, in words; nil: nothing.
    /// - Throws: `TimedOut` with what was still missing.
    private func wait(atMost limit: Duration = stepMax, until missing: (Sight) -> String?) async throws -> Sight {
        let deadline = ContinuousClock.now + limit
        while true {
            let sight = look()
            guard let lack = missing(sight) else { return sight }
            if let code = host.controllerExitCode { throw TimedOut(description: "the controller has ended with \(code): \(lack)") }
            if ContinuousClock.now > deadline { throw TimedOut(description: "after \(limit.shown): \(lack)") }
            if stopped.isOpen { throw TimedOut(description: "stopped: \(lack)") }
            await stopped.wait(atMost: Self.lookInterval)
        }
    }

    private func look() -> Sight {
        let sight = sight()
        promises.look(sight)
        return sight
    }
    private func sight() -> Sight {
        let sight = Sight.take(host.kubernetes, host.cloud)
        for line in chronicle.note(sight, at: ContinuousClock.now - start) { say(line) }
        return sight
    }
    private func seconds(since start: ContinuousClock.Instant) -> Double { ((ContinuousClock.now - start) / .milliseconds(1)).rounded() / 1000 }
}
