internal import CWire
internal import Core

/// A key whose three parts are there and hold no slash, else nil.
func read(_ key: UnsafeMutablePointer<Eip__Events__V1__Key>?) -> Key? {
    guard let fields = key?.pointee, let cluster = text(fields.cluster), let namespace = text(fields.namespace_), let name = text(fields.name) else {
        return nil
    }
    return Key("\(cluster)/\(namespace)/\(name)")
}

/// protobuf-c does not look into strings: nil when one is not UTF-8.
func text(_ pointer: UnsafePointer<CChar>?) -> String? {
    guard let pointer else { return "" }
    return String(validatingCString: pointer)
}

/// The bytes that a pack function of protobuf-c writes.
func packed(_ count: Int, _ pack: (UnsafeMutablePointer<UInt8>?) -> Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, written in written = pack(buffer.baseAddress) }
}

/// The texts as C strings, valid during `body`. None of ours holds a zero byte; one that did would be cut there.
func withCStrings<R>(_ texts: [String], _ body: ([UnsafeMutablePointer<CChar>]) -> R) -> R {
    let pointers = texts.map { text in
        let bytes = text.utf8CString
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        bytes.withUnsafeBufferPointer { copy.initialize(from: $0.baseAddress!, count: bytes.count) }
        return copy
    }
    defer { for pointer in pointers { pointer.deallocate() } }
    return body(pointers)
}
