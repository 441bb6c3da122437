import Core
import Testing

@Suite struct `Memory of an informer` {
    private static func pod(_ name: String = "web-0", _ change: (inout Pod) -> Void = { _ in }) -> Pod {
        Build.pod { pod in
            pod.name = name
            change(&pod)
        }
    }
    private static func claim(_ name: String = "web-0", _ change: (inout Claim) -> Void = { _ in }) -> Claim {
        Build.claim { claim in
            claim.name = name
            change(&claim)
        }
    }
    private static func brief(_ changes: [ClusterMirror.Change]) -> [String] { changes.map { "\($0.cause.rawValue) \($0.key.name)" } }

    /// Both lists were complete, with these in them.
    private static func following(pods: [Pod] = [], claims: [Claim] = []) -> ClusterMirror {
        var mirror = ClusterMirror(cluster: "cluster-1")
        _ = mirror.handle(.podsListed(pods))
        _ = mirror.handle(.claimsListed(claims))
        return mirror
    }

    @Test func `only changes that matter to an EIP are published`() {
        var mirror = Self.following()
        #expect(Self.brief(mirror.handle(.podChanged(Self.pod()))) == ["PodSeen web-0"])
        let same = Self.pod {
            $0.resourceVersion = "2"
            $0.publicIPAnnotation = "1.2.3.4"
        }
        #expect(mirror.handle(.podChanged(same)) == [])
        let changes: [(inout Pod) -> Void] = [
            { $0.podIP = "10.0.0.6" }, { $0.nodeName = "node-2" }, { $0.isTerminating = true }, { $0.phase = .failed }, { $0.deletePolicy = .retain },
            { $0.uid = "uid-2" }, { $0.want = .list([AddressID("eip-1")]) }, { $0.expireAfter = .seconds(600) },
        ]
        for change in changes {
            #expect(Self.brief(mirror.handle(.podChanged(Self.pod("web-0", change)))) == ["PodSeen web-0"])
            #expect(Self.brief(mirror.handle(.podChanged(Self.pod()))) == ["PodSeen web-0"], "and back")
        }
    }

    @Test func `our own status writes are not published, what people write is`() {
        var mirror = Self.following(claims: [Self.claim()])
        #expect(mirror.handle(.claimChanged(Self.claim { $0.status = Build.boundStatus() })) == [])
        #expect(Self.brief(mirror.handle(.claimChanged(Self.claim { $0.isDeleting = true }))) == ["ClaimSeen web-0"])
        #expect(Self.brief(mirror.handle(.claimChanged(Self.claim { $0.hasFinalizer = false }))) == ["ClaimSeen web-0"])
        #expect(Self.brief(mirror.handle(.claimGone(Self.claim()))) == ["ClaimGone web-0"])
    }

    @Test func `a pod that asks for nothing is nobody's business, unless it has a claim`() {
        var mirror = Self.following()
        let plain = Self.pod { $0.want = .none }
        #expect(mirror.handle(.podChanged(plain)) == [])
        #expect(mirror.handle(.podGone(plain)) == [])
        #expect(mirror.counts.pods == 0)
        _ = mirror.handle(.claimChanged(Self.claim()))
        #expect(Self.brief(mirror.handle(.podChanged(plain))) == ["PodSeen web-0"])
        #expect(Self.brief(mirror.handle(.podGone(plain))) == ["PodGone web-0"])
    }

    @Test func `the next list brings what changed, came and went unseen, and nothing else`() {
        var mirror = Self.following(pods: ["same", "changed", "gone"].map { Self.pod($0) }, claims: [Self.claim("left"), Self.claim("kept")])
        let now = [Self.pod("same"), Self.pod("changed") { $0.podIP = "10.9.9.9" }, Self.pod("new")]
        #expect(Self.brief(mirror.handle(.podsListed(now))) == ["PodSeen changed", "PodSeen new", "PodGone gone"])
        #expect(Self.brief(mirror.handle(.claimsListed([Self.claim("kept")]))) == ["ClaimGone left"])
    }

    @Test func `a first list is published whole: what looks finished only looks again`() {
        var mirror = ClusterMirror(cluster: "cluster-1")
        let served = Self.pod("served") { $0.publicIPAnnotation = "1.2.3.4" }
        let leaving = Self.pod("leaving") {
            $0.publicIPAnnotation = "1.2.3.4"
            $0.isTerminating = true
        }
        #expect(!mirror.isComplete)
        #expect(Self.brief(mirror.handle(.podsListed([served, leaving, Self.pod("new")]))) == ["Replayed served", "PodSeen leaving", "PodSeen new"])
        #expect(!mirror.isComplete)
        let going = Self.claim("leaving") { $0.isDeleting = true }
        #expect(Self.brief(mirror.handle(.claimsListed([Self.claim("served"), going]))) == ["Replayed served", "ClaimSeen leaving"])
        #expect(mirror.isComplete)
    }

    @Test func `after a rollback of etcd the next list is published whole, and what is gone from it too`() {
        let served = Self.pod("served") { $0.publicIPAnnotation = "1.2.3.4" }
        var mirror = Self.following(pods: [served, Self.pod("undone")], claims: [Self.claim("served")])
        #expect(mirror.handle(.podsDoubted) == [])
        #expect(mirror.handle(.claimsDoubted) == [])
        #expect(!mirror.isComplete)
        #expect(Self.brief(mirror.handle(.podsListed([served]))) == ["Replayed served", "PodGone undone"])
        #expect(Self.brief(mirror.handle(.claimsListed([Self.claim("served")]))) == ["Replayed served"], "its status may have been rolled back")
        #expect(mirror.isComplete)
        #expect(mirror.handle(.podsListed([served])) == [], "and then it is as before")
    }

    @Test func `a late word about a predecessor does not hide the pod that is there`() {
        let old = Self.pod()
        let new = Self.pod { $0.uid = "uid-2" }
        var mirror = Self.following(pods: [old])
        #expect(Self.brief(mirror.handle(.podChanged(new))) == ["PodSeen web-0"])
        #expect(Self.brief(mirror.handle(.podGone(old))) == ["PodGone web-0"], "the key is looked at")
        #expect(mirror.counts.pods == 1)
        #expect(Self.brief(mirror.handle(.podsListed([]))) == ["PodGone web-0"], "the successor was not forgotten")
        var claims = Self.following(claims: [Self.claim { $0.uid = "claim-2" }])
        _ = claims.handle(.claimGone(Self.claim()))
        #expect(claims.counts.claims == 1)
    }
}
