internal import Core
internal import HTTPServing
internal import JSON
internal import Lifecycle
public import Models

/// A Kubernetes API server on a port of this machine: `APIServerModel` behind HTTP, with discovery and tables, so that stock
/// kubectl works, and with controllers and a scheduler that step on their own.
///
/// Plain HTTP on loopback; any credentials are accepted. Below `/sandbox/` is the control side: see
/// `SandboxKubernetes+Control.swift`. There is no kubelet in it: `eip-sandbox kubelet` stands in for those of all nodes.
public final class SandboxKubernetes: Sendable {
    /// What the handlers share.
    struct State: Sendable {
        var model: APIServerModel
        var faults = KubernetesFaults()
        /// Opened at the next change, and then another one: whoever watches waits for it.
        var changed = Latch()
        /// Goes up to cut all watches.
        var cuts = 0
        var controllersRun = true
    }

    let settings: SandboxKubernetesSettings
    let state: Locked<State>
    private let stopping = Latch()
    private let server: Locked<HTTPServer?>
    private let controllers: Locked<Task<Void, Never>?>
    private let port: Int

    /// Serves from here on.
    ///
    /// - Throws: `HTTPServerError` if the port cannot be had.
    public init(_ settings: SandboxKubernetesSettings = SandboxKubernetesSettings()) throws {
        self.settings = settings
        state = Locked(State(model: APIServerModel(seed: settings.seed, now: settings.clock())))
        controllers = Locked(nil)
        // the server must not keep this object alive, its handler needs it: the box is filled below
        let owner = Locked<WeakKubernetes>(WeakKubernetes())
        let server = try HTTPServer(host: "127.0.0.1", port: settings.port) { request in
            guard let kubernetes = owner.withLock({ $0.kubernetes }) else { return HTTPResponse(503) }
            return await kubernetes.respond(request)
        }
        port = server.port
        self.server = Locked(server)
        owner.withLock { $0.kubernetes = self }
        guard let interval = settings.controllerInterval else { return }
        let stopping = stopping
        let task = Task { [weak self] in
            while !stopping.isOpen {
                self?.stepControllers()
                await stopping.wait(atMost: interval)
            }
        }
        controllers.withLock { $0 = task }
    }
    /// As above, on that port.
    public convenience init(port: Int) throws { try self.init(SandboxKubernetesSettings(port: port)) }

    private struct WeakKubernetes: Sendable { weak var kubernetes: SandboxKubernetes? }

    /// `http://127.0.0.1:<port>`, without a slash at the end.
    public var url: String { "http://127.0.0.1:\(port)" }

    /// Ends the controllers and all watches, closes the port.
    public func stop() async {
        stopping.open()
        await controllers.withLock { $0 }?.value
        let server = server.withLock { $0 }
        await server?.shutdown(drain: .seconds(1))
    }

    /// A kubeconfig for kubectl and client libraries.
    public func kubeconfig() -> String {
        """
        apiVersion: v1
        kind: Config
        clusters:
        - name: sandbox
          cluster:
            server: \(url)
        users:
        - name: sandbox
          user:
            token: sandbox
        contexts:
        - name: sandbox
          context:
            cluster: sandbox
            user: sandbox
        current-context: sandbox

        """
    }

    /// Looks into the model, or changes it; watches see what changed.
    public func withModel<T: Sendable>(_ body: @Sendable (inout APIServerModel) throws -> T) rethrows -> T {
        let (result, changed) = try state.withLock { state in
            let before = (state.model.revision, state.model.epoch)
            let result = try body(&state.model)
            return (result, before == (state.model.revision, state.model.epoch) ? nil : state.takeChanged())
        }
        changed?.open()
        return result
    }

    /// One round of controllers and scheduler.
    public func stepControllers() {
        let now = settings.clock()
        guard state.withLock({ $0.controllersRun }) else { return }
        withModel { $0.stepControllers(now: now) }
    }

    /// Ends all watch streams, as a restart of the API server does.
    public func cutWatches() {
        let changed = state.withLock { state in
            state.cuts += 1
            return state.takeChanged()
        }
        changed.open()
    }

    private func respond(_ request: HTTPRequest) async -> HTTPResponse {
        if request.path.hasPrefix("/sandbox/") { return control(request) }
        if let (code, type, body) = discovery(request) {
            return HTTPResponse(code, headers: ["content-type": type], body: .bytes(body))
        }
        return await call(request)
    }
}

extension SandboxKubernetes.State {
    /// The latch that those waiting for a change hold; to be opened once the lock is released.
    mutating func takeChanged() -> Latch {
        defer { changed = Latch() }
        return changed
    }
}

extension Latch {
    /// Returns when it opens, at the latest after `time`, or when the task is cancelled.
    func wait(atMost time: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            group.addTask {
                do { try await Task.sleep(for: time) } catch {}  // cancelled: the latch opened first
            }
            await group.next()
            group.cancelAll()
        }
    }
}
