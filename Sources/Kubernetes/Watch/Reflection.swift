internal import JSON

extension KubernetesClient {
    /// Follows a collection until the task that reads is cancelled: `for await event in client.follow(…)`.
    ///
    /// It works only while somebody asks for the next event: a slow reader slows the stream, through our bounded buffer and
    /// TCP, down to the API server; nothing piles up here.
    /// - Parameter seed: of the jitter; another one in every process, or all replicas reconnect together.
    public func follow<Object>(
        _ path: ResourcePath, _ options: ListOptions = ListOptions(), limits: Reflector.Limits = Reflector.Limits(), seed: UInt64,
        as reader: ObjectReader<Object>
    ) -> Reflection<Object> {
        Reflection(client: self, path: path, options: options, limits: limits, seed: seed, reader: reader)
    }
}

/// The events of a followed collection; every iterator follows it on its own.
public struct Reflection<Object: Sendable>: AsyncSequence, Sendable {
    public typealias Element = ReflectorEvent<Object>
    public typealias Failure = Never
    let client: KubernetesClient
    let path: ResourcePath
    let options: ListOptions
    let limits: Reflector.Limits
    let seed: UInt64
    let reader: ObjectReader<Object>

    public func makeAsyncIterator() -> Iterator { Iterator(self) }

    /// Pulled by its consumer: performs effects until there is something to hand over.
    public struct Iterator: AsyncIteratorProtocol {
        public typealias Element = ReflectorEvent<Object>
        public typealias Failure = Never
        private let source: Reflection
        private var machine: Reflector
        private var effects: ArraySlice<Reflector.Effect> = []
        private var ready: ArraySlice<Element> = []
        private var pages = ListPage<Object>()
        private var change: Element?
        private var watch: OpenWatch?
        private var ended = false

        init(_ source: Reflection) {
            self.source = source
            machine = Reflector(limits: source.limits, seed: source.seed)
            feed(.start)
        }

        /// nil: the task was cancelled.
        public mutating func next() async -> Element? {
            while true {
                if ended || Task.isCancelled {
                    ended = true
                    watch = nil  // closes its connection
                    return nil
                }
                if let event = ready.popFirst() { return event }
                if let effect = effects.popFirst() {
                    if let event = await perform(effect) { feed(event) }
                } else {
                    feed(await nextOfWatch())
                }
            }
        }

        private mutating func feed(_ event: Reflector.Event) { effects = ArraySlice(effects + machine.handle(event)) }

        private mutating func perform(_ effect: Reflector.Effect) async -> Reflector.Event? {
            switch effect {
            case .list(let next): return await list(next)
            case .probe: return await probe()
            case .watch(let from, let time): return await open(from, time)
            case .closeWatch: watch = nil
            case .wait(let pause):
                do { try await Task.sleep(for: pause) } catch { return nil }  // cancelled: `next` sees it
                return .woke
            case .discardPages: pages = ListPage()
            case .deliverList(let version):
                ready.append(.listed(pages.objects, resourceVersion: version))
                for object in pages.unreadable { ready.append(.unreadable(.added, object)) }
                pages = ListPage()
            case .deliverChange:
                if let change { ready.append(change) }
                change = nil
            case .report(let report): ready.append(.report(report))
            }
            return nil
        }

        private mutating func list(_ next: String?) async -> Reflector.Event {
            do throws(KubernetesError) {
                let page = try await source.client.list(source.path, source.options, next: next, as: source.reader).value
                pages.objects += page.objects
                pages.unreadable += page.unreadable
                return .page(version: page.resourceVersion, next: page.next)
            } catch {
                return .failed(error)
            }
        }

        private func probe() async -> Reflector.Event {
            var options = source.options
            (options.limit, options.resourceVersion) = (1, nil)
            do throws(KubernetesError) {
                return .probed(version: try await source.client.list(source.path, options, as: .metadata).value.resourceVersion)
            } catch {
                return .failed(error)
            }
        }

        private mutating func open(_ version: String, _ time: Duration) async -> Reflector.Event {
            do throws(KubernetesError) {
                watch = try await OpenWatch(source.client, source.path, source.options, from: version, time: time)
                return .opened
            } catch {
                return .failed(error)
            }
        }

        private mutating func nextOfWatch() async -> Reflector.Event {
            guard var open = watch else { preconditionFailure("the machine waits for a watch that is not there") }
            do throws(KubernetesError) {
                let line: WatchLine<Object>? = try await open.next(as: source.reader)
                watch = open
                switch line {
                case .change(let kind, let object):
                    change = .changed(kind, object)
                    return .change(version: source.reader.resourceVersion(object))
                case .unreadable(let kind, let object):
                    change = .unreadable(kind, object)
                    return .change(version: object.meta.resourceVersion)
                case .bookmark(let version): return .bookmark(version: version)
                case .error(let status): return .failed(KubernetesError(status, asking: "watch \(source.path)"))
                case nil: return .ended(after: open.openedAt.duration(to: .now))
                }
            } catch {
                return .failed(error)
            }
        }
    }
}
