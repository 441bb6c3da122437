import Glibc
import Testing

@testable import HTTPServing

extension `A server` {
    @Test func `shutdown drains: streams end well, requests finish, new connections are refused`() async throws {
        let log = Reports()
        let s = try server(log: log)
        async let nap = exchange(s.port, ask("/nap", ""))
        async let watch = exchange(s.port, ask("/watch", ""))
        let idle = await onThread { [port = s.port] in
            let c = Socket(port: port)
            c.send(get)
            _ = c.receive(until: "ok")
            return c
        }
        #expect(await log.wait(for: "napping"))
        #expect(await log.wait(for: "watching"))
        #expect(await s.shutdown(drain: .seconds(5)) == 0)
        let texts = await (nap, watch)
        #expect(texts.0.hasSuffix("ok<EOF>"), "\(texts.0)")
        #expect(texts.0.lowercased().contains("connection: close"))
        #expect(texts.1.hasSuffix("3\r\n{}\n\r\n0\r\n\r\n<EOF>"), "\(texts.1)")
        let idleEnd = await onThread { idle.receive(until: "<never>") }
        #expect(idleEnd == "<EOF>")
        idle.shut()
        #expect(await exchange(s.port, get) == "<RST>")
        #expect(await s.shutdown(drain: .zero) == 0, "a second shutdown returns at once")
    }

    @Test func `shutdown cuts what outlives the drain time, and a handler that ends later finds nobody`() async throws {
        let log = Reports()
        let s = try server(log: log)
        async let sleeper = exchange(s.port, ask("/sleep"))
        async let deaf = exchange(s.port, ask("/deaf"))
        let stalled = await onThread { [port = s.port] in Socket(port: port, receiveBuffer: 4096) }
        stalled.send(ask("/flood"))
        #expect(await log.wait(for: "asleep"))
        #expect(await log.wait(for: "deaf"))
        #expect(await s.shutdown(drain: .milliseconds(200)) == 3)
        let ends = await (sleeper, deaf)
        #expect(ends.0 == "<EOF>" && ends.1 == "<EOF>")
        #expect(await log.wait(for: "woken"))
        #expect(await log.wait(for: "flooded"))
        #expect(await log.wait(for: "heard"))
        stalled.shut()
    }

    @Test func `shutdown at any moment under load neither hangs nor crashes`() async throws {
        for round in 0..<20 {
            let s = try server()
            let port = s.port
            let stop = Reports()
            await withTaskGroup(of: Void.self) { g in
                for i in 0..<12 {
                    g.addTask {
                        await onThread {
                            while stop.all.isEmpty {
                                let c = Socket(port: port, timeout: 1)
                                c.send(["/ok", "/watch", "/flood", "/three", "/sleep", "/nap"].map { ask($0, "") }[i % 6])
                                _ = c.receive(until: "k", atMost: 100_000)
                                c.shut(reset: i % 4 == 3)
                            }
                        }
                    }
                }
                try? await Task.sleep(for: .milliseconds(37 * round % 200))
                let t0 = ContinuousClock.now
                await s.shutdown(drain: .milliseconds(round % 2 == 0 ? 0 : 150))
                #expect(ContinuousClock.now - t0 < .seconds(2))
                stop.add("now")
            }
            #expect(s.connections == 0)
        }
    }

    @Test func `dropping the server closes its port and its connections`() async throws {
        var s: HTTPServer? = try server()
        let port = s!.port
        let c = await onThread {
            let c = Socket(port: port)
            c.send(get)
            _ = c.receive(until: "ok")
            return c
        }
        s = nil
        let end = await onThread { c.receive(until: "<never>") }
        #expect(end == "<EOF>")
        c.shut()
    }
}
