internal import Lifecycle

/// The body of a streamed answer: chunks as they arrive, one consumer. Dropping it, or cancelling the task that iterates
/// it, ends the transfer and its connection.
public struct HTTPBody: AsyncSequence, Sendable {
    public typealias Element = [UInt8]
    public typealias Failure = HTTPClientError
    let owner: StreamOwner

    public func makeAsyncIterator() -> Iterator { Iterator(owner: owner) }

    public struct Iterator: AsyncIteratorProtocol, Sendable {
        public typealias Element = [UInt8]
        public typealias Failure = HTTPClientError
        let owner: StreamOwner

        public mutating func next() async throws(HTTPClientError) -> [UInt8]? { try await next(isolation: nil) }
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(HTTPClientError) -> [UInt8]? {
            try await owner.stream.next(isolation: actor)
        }
    }

    /// The whole body, for answers that turn out to be an error's; longer than `bytesMax` throws `.tooLarge`.
    public func collect(bytesMax: Int) async throws(HTTPClientError) -> [UInt8] {
        var all: [UInt8] = []
        var iterator = makeAsyncIterator()
        while let chunk = try await iterator.next() {
            guard all.count + chunk.count <= bytesMax else {
                throw HTTPClientError(.tooLarge, mayHaveBeenSent: true, "the body has more than \(bytesMax) bytes")
            }
            all += chunk
        }
        return all
    }
}

/// Held by the body and its iterators: the last of them gone ends the transfer.
final class StreamOwner: Sendable {
    let stream: StreamState
    init(_ stream: StreamState) { self.stream = stream }
    deinit { stream.abandon() }
}

typealias HeadResult = Result<HTTPHead, HTTPClientError>
typealias ChunkResult = Result<[UInt8]?, HTTPClientError>

/// What the loop's thread and the consumer share. It holds at most `bufferBytesMax` plus one chunk of libcurl (64 KiB);
/// beyond that the transfer is paused, then TCP's window closes, then the server waits.
final class StreamState: Sendable {
    private struct State {
        var buffer: [UInt8] = []
        var chunkWaiter: CheckedContinuation<ChunkResult, Never>?
        var headWaiter: CheckedContinuation<HeadResult, Never>?
        var end: Result<Void, HTTPClientError>?
        var paused = false
    }
    private let state = Locked(State())
    private let bufferBytesMax: Int
    private let loop: CurlLoop
    let id: UInt64

    init(loop: CurlLoop, id: UInt64, bufferBytesMax: Int) {
        self.loop = loop
        self.id = id
        self.bufferBytesMax = bufferBytesMax
    }

    var ended: Bool { state.withLock { $0.end != nil } }

    // MARK: the loop's thread

    func deliver(_ head: HTTPHead) {
        let waiter = state.withLock { s in
            defer { s.headWaiter = nil }
            return s.headWaiter
        }
        waiter?.resume(returning: .success(head))
    }

    /// False: the consumer is behind and nothing was taken; the transfer must pause until it asks again.
    func push(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let chunk = [UInt8](bytes)
        let (waiter, taken): (CheckedContinuation<ChunkResult, Never>?, Bool) = state.withLock { s in
            if let waiter = s.chunkWaiter {  // then the buffer is empty: a consumer waits only for lack of bytes
                s.chunkWaiter = nil
                return (waiter, true)
            }
            guard s.buffer.count < bufferBytesMax else {
                s.paused = true
                return (nil, false)
            }
            s.buffer += chunk
            return (nil, true)
        }
        waiter?.resume(returning: .success(chunk))
        return taken
    }

    /// The first end counts; bytes already taken are still read before it.
    func finish(_ result: Result<Void, HTTPClientError>) {
        let (head, chunk) = state.withLock { s in
            if s.end == nil { s.end = result }
            defer { (s.headWaiter, s.chunkWaiter) = (nil, nil) }
            return (s.headWaiter, s.chunkWaiter)
        }
        switch result {
        case .success:
            head?.resume(returning: .failure(HTTPClientError(.broken, mayHaveBeenSent: true, "the answer ended before its headers")))
            chunk?.resume(returning: .success(nil))
        case .failure(let error):
            head?.resume(returning: .failure(error))
            chunk?.resume(returning: .failure(error))
        }
    }

    // MARK: the consumer

    func start(_ request: HTTPRequest) async throws(HTTPClientError) -> HTTPHead {
        let result: HeadResult = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ended = state.withLock { s in
                    if s.end != nil { return true }
                    s.headWaiter = continuation
                    return false
                }
                if ended {
                    continuation.resume(returning: .failure(.cancelledBeforeSending))
                } else if !loop.submit(.stream(request, self)) {
                    finish(.failure(.shutDown))
                }
            }
        } onCancel: {
            abandon()
        }
        return try result.get()
    }

    func next(isolation: isolated (any Actor)?) async throws(HTTPClientError) -> [UInt8]? {
        let result: ChunkResult = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                enum Step {
                    case bytes([UInt8], resume: Bool)
                    case end(ChunkResult)
                    case wait
                }
                let step: Step = state.withLock { s in
                    if !s.buffer.isEmpty {
                        defer { (s.buffer, s.paused) = ([], false) }
                        return .bytes(s.buffer, resume: s.paused)
                    }
                    if let end = s.end { return .end(end.map { nil }) }
                    if Task.isCancelled { return .end(.failure(.cancelledWhileReading)) }
                    precondition(s.chunkWaiter == nil, "a body has one consumer")
                    s.chunkWaiter = continuation
                    return .wait
                }
                switch step {
                case .bytes(let bytes, let resume):
                    if resume { _ = loop.submit(.resume(id)) }
                    continuation.resume(returning: .success(bytes))
                case .end(let result): continuation.resume(returning: result)
                case .wait: break
                }
            }
        } onCancel: {
            abandon()
        }
        return try result.get()
    }

    func abandon() {
        if ended { return }
        finish(.failure(.cancelledWhileReading))
        _ = loop.submit(.cancel(id))
    }
}

extension HTTPClientError {
    static let cancelledBeforeSending = HTTPClientError(.cancelled, mayHaveBeenSent: false, "the task was cancelled before the request was sent")
    static let cancelledWhileReading = HTTPClientError(.cancelled, mayHaveBeenSent: true, "the task that read the answer was cancelled")
    static let shutDown = HTTPClientError(.cancelled, mayHaveBeenSent: false, "the HTTP client was shut down before the request was sent")
}
