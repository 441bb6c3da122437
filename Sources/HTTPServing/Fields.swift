/// The fields of a head, and whether they leave one reading only.
struct Fields {
    var headers = HTTPHeaders()
    private var clean = true
    mutating func append(_ name: UnsafePointer<CChar>?, _ n: Int, _ value: UnsafePointer<CChar>?, _ m: Int) {
        let name = UnsafeRawBufferPointer(start: name, count: n)
        let value = UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : m)
        clean = clean && name.allSatisfy { $0 > 0x20 && $0 != 0x7F } && value.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 9 }
        headers.append(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
    }
    /// libmicrohttpd 0.9.75 lets each of these pass: a proxy in front might read them otherwise (request smuggling).
    var areSound: Bool {
        let lengths = headers.all("content-length")
        let codings = headers.all("transfer-encoding")
        return clean && headers.all("host").count <= 1 && lengths.count + codings.count <= 1
            && codings.allSatisfy { $0.lowercased() == "chunked" }
    }
}
