import HTTPServing

/// The fake behind a real socket. In a file of its own, because both HTTP modules name their messages alike.
func serve(_ cloud: FakeCloud) throws -> HTTPServer {
    try HTTPServer(host: "127.0.0.1", port: 0) { request in
        var headers: [String: String] = [:]
        for field in request.headers.fields { headers[field.name.lowercased()] = field.value }
        let received = Received(method: request.method, path: request.target, headers: headers, body: String(decoding: request.body, as: UTF8.self))
        switch cloud.answer(received) {
        case .success(let answer): return HTTPResponse(answer.status, headers: ["content-type": "application/json"], body: .bytes(Array(answer.body.utf8)))
        case .failure: return HTTPResponse(200, body: .stream { _ in throw HTTPServerError.disconnected })
        }
    }
}
