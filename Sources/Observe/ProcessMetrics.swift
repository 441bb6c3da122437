internal import Glibc

extension Metrics {
    /// What Prometheus' client libraries export about the process itself, read from /proc (man 5 proc). What cannot be read is 0.
    public func addProcess() {
        let page = Double(sysconf(Int32(_SC_PAGESIZE)))
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        let boot = read("/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) } ?? 0
        counter("process_cpu_seconds_total", "User and system time spent.") { (stat(.userTime) + stat(.systemTime)) / ticks }
        gauge("process_resident_memory_bytes", "Resident memory.") { stat(.residentPages) * page }
        gauge("process_virtual_memory_bytes", "Virtual memory.") { stat(.virtualBytes) }
        gauge("process_start_time_seconds", "Start time since the epoch.") { boot + stat(.startTime) / ticks }
        gauge("process_open_fds", "Open file descriptors.") {
            guard let directory = opendir("/proc/self/fd") else { return 0 }
            defer { closedir(directory) }
            var count = -3.0  // ".", ".." and the directory itself
            while readdir(directory) != nil { count += 1 }
            return count
        }
    }
}

/// Positions in /proc/PID/stat, counted after the command's name, which may hold spaces.
private enum Stat: Int {
    case userTime = 11
    case systemTime = 12
    case startTime = 19
    case virtualBytes = 20
    case residentPages = 21
}
private func stat(_ field: Stat) -> Double {
    let fields = read("/proc/self/stat").split(separator: ")").last?.split(separator: " ") ?? []
    return fields.count > field.rawValue ? Double(fields[field.rawValue]) ?? 0 : 0
}
/// The first 16 KiB of a file, empty if it cannot be read.
private func read(_ path: String) -> String {
    let fd = open(path, O_RDONLY | O_CLOEXEC)
    guard fd >= 0 else { return "" }
    defer { close(fd) }
    let bytes = [UInt8](unsafeUninitializedCapacity: 16384) { buffer, count in
        count = max(0, Glibc.read(fd, buffer.baseAddress, buffer.count))
    }
    return String(decoding: bytes, as: UTF8.self)
}
