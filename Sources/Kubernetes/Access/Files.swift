internal import Glibc

/// Certificates, tokens and kubeconfigs are small; what is larger is the wrong file.
let fileBytesMax = 4 << 20

func readFile(_ path: String) throws(AccessError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw AccessError(file: path, "cannot be opened: \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        guard count >= 0 else { throw AccessError(file: path, "cannot be read: \(String(cString: strerror(errno)))") }
        if count == 0 { return bytes }
        bytes += chunk[..<count]
        guard bytes.count <= fileBytesMax else { throw AccessError(file: path, "has more than \(fileBytesMax) bytes: this is another file") }
    }
}

func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
