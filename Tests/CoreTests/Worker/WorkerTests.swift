import Core
import Testing

/// A worker's parts together: one key, answered at once, in virtual time.
@Suite struct WorkerTests {
    private struct Drive {
        private static let map = ShardMap(slots: 4, partitions: 32)
        private static let place = AccountRegion(account: "1", region: "r")
        private var worker = Worker(place: place, map: map, policy: Build.policy, seed: 1)
        private(set) var now = Build.now
        private var claim: Claim?
        /// when each intent was decided, and what each call's life counts from
        private(set) var intents: [Instant] = []
        private(set) var calls: [(at: Instant, proof: Instant)] = []
        /// how long each answer takes
        private let pause: Duration

        init(pause: Duration) {
            self.pause = pause
            feed(.start)
            let partition = Self.map.partition(of: Build.key, of: Self.place)
            feed(.assigned([PartitionOffset(partition: partition, offset: 0)]))
            feed(.message(partition: partition, offset: 0, key: Build.key, cause: .podSeen))
        }

        private mutating func feed(_ event: Worker.Event) {
            var events = [event]
            while !events.isEmpty {
                for effect in worker.handle(events.removeFirst(), now: now) { events += answers(effect) }
                // time passes, and proofs come, between any two answers
                now = Now(instant: now.instant + pause, wall: now.wall + pause)
                for effect in worker.handle(.wake, now: now) { events += answers(effect) }
            }
        }

        private mutating func answers(_ effect: Worker.Effect) -> [Worker.Event] {
            switch effect {
            case .commit(let number, _): [.committed(number, sentAt: now.instant)]
            case .list(let offset, _): [.mirror(.listed([], total: 0, offset: offset, sentAt: now.instant))]
            case .describe(let ids): [.mirror(.described(asked: ids, found: [], sentAt: now.instant))]
            case .perform(let key, let run, let effect, let proof): answer(effect, proof).map { [.answered(key, run: run, $0)] } ?? []
            case .started, .finished, .pause, .resume, .relinquish, .wake: []
            }
        }

        private mutating func answer(_ effect: ReconcileEffect, _ proof: Instant) -> ReconcileEvent? {
            switch effect {
            case .readClaim: return .claimRead(claim)
            case .readPod: return .podRead(Build.pod())
            case .createClaim(let spec): claim = Build.claim { $0.spec = spec }
            case .replaceStatus(_, let status):
                if status.intent != nil { intents.append(now.instant) }
                claim?.status = status
            case .allocate:
                calls.append((now.instant, proof))
                return nil
            default: return nil
            }
            return claim.map { .claimWritten($0) }
        }
    }

    // Found by chaos: a worker that stood still sent what it had decided long before, with a life that counted from a newer proof.
    @Test func `the life of a call counts from its intent, whatever proof of ownership came since`() throws {
        let drive = Drive(pause: .seconds(3))
        let call = try #require(drive.calls.first)
        let intent = try #require(drive.intents.last)
        #expect(call.proof <= intent && call.at - intent >= .seconds(6), "two reads lie between them")
    }
}
