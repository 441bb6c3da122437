import Glibc
import Testing

@testable import HTTPServing

extension `A server` {
    @Test(arguments: ["/watch", "/sleep", "/flood"], [true, false]) func `a client that goes away cancels its handler`(
        path: String, reset: Bool
    ) async throws {
        let log = Reports()
        let s = try server(log: log)
        let c = await onThread { [port = s.port] in Socket(port: port, receiveBuffer: 4096) }
        c.send(ask(path))
        if path == "/sleep" {
            #expect(await log.wait(for: "asleep"))
        } else {
            #expect(await onThread { c.receive(until: "\r\n", atMost: 1) != "" })
        }
        c.shut(reset: reset)
        #expect(await log.wait(for: ["/watch": "unwatched", "/sleep": "woken", "/flood": "flooded"][path]!))
        #expect(await until { s.connections == 0 })
        await s.shutdown(drain: .seconds(1))
    }

    @Test func `a client that only shuts its sending side still gets its answer`() async throws {
        let s = try server()
        let text = await onThread { [port = s.port] in
            let c = Socket(port: port)
            defer { c.shut() }
            c.send(ask("/nap", ""))
            shutdown(c.fd, Int32(SHUT_WR))
            return c.receive(until: "<never>")
        }
        #expect(text.hasSuffix("ok<EOF>"), "\(text)")
        await s.shutdown(drain: .seconds(1))
    }

    @Test func `clients that leave at random moments leave nothing behind`() async throws {
        let log = Reports()
        let s = try server(log: log)
        @Sendable func descriptors() -> Int {
            guard let d = opendir("/proc/self/fd") else { return -1 }
            defer { closedir(d) }
            var n = 0
            while readdir(d) != nil { n += 1 }
            return n
        }
        _ = await exchange(s.port, "GET /nap HTTP/1.0\r\n\r\n")  // the runtime opens its timers
        let before = descriptors()
        let paths = ["/ok", "/three", "/watch", "/flood", "/sleep", "/nap"]
        await withTaskGroup(of: Void.self) { g in
            for i in 0..<200 {
                if i >= 16 { await g.next() }
                g.addTask {
                    await onThread { [port = s.port] in
                        let c = Socket(port: port)
                        c.send(ask(paths[i % paths.count], ""))
                        usleep(UInt32(i * 37 % 4000))
                        c.shut(reset: i & 1 == 1)
                    }
                }
            }
        }
        #expect(await until { s.connections == 0 })
        #expect(log.all.filter { $0 == "watching" }.count > 0 && log.all.filter { $0 == "asleep" }.count > 0)
        #expect(await until { log.all.filter { $0 == "watching" }.count == log.all.filter { $0 == "unwatched" }.count })
        #expect(await until { descriptors() <= before }, "\(before) descriptors before, \(descriptors()) after")
        await s.shutdown(drain: .seconds(1))
    }
}
