internal import CCurl

extension Transfer {
    /// Sets the easy handle up. Returns what is wrong with the request, nil if nothing is.
    func prepare(_ defaults: TransferDefaults) -> String? {
        if let problem = checkHeaders() { return problem }
        let context = Unmanaged.passUnretained(self).toOpaque()
        guard ccurl_set_str(easy, CURLOPT_URL, request.url) == CURLE_OK else { return "the URL is too long" }
        _ = ccurl_set_str(easy, CURLOPT_PROTOCOLS_STR, "http,https")
        _ = ccurl_set_long(easy, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        _ = ccurl_set_long(easy, CURLOPT_PATH_AS_IS, 1)
        _ = ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1)
        // Without it, cancelling a request waits on this thread for the resolver's.
        _ = ccurl_set_long(easy, CURLOPT_QUICK_EXIT, 1)
        _ = ccurl_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1)
        _ = ccurl_set_long(easy, CURLOPT_TCP_KEEPIDLE, 30)
        _ = ccurl_set_long(easy, CURLOPT_TCP_KEEPINTVL, 10)
        _ = ccurl_set_long(easy, CURLOPT_BUFFERSIZE, 64 << 10)
        _ = ccurl_set_str(easy, CURLOPT_USERAGENT, defaults.userAgent)
        _ = ccurl_set_str(easy, CURLOPT_NOPROXY, defaults.noProxy)
        _ = ccurl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(request.connectTimeout))
        if let timeout = request.timeout { _ = ccurl_set_long(easy, CURLOPT_TIMEOUT_MS, milliseconds(timeout)) }
        _ = ccurl_set_ptr(easy, CURLOPT_PRIVATE, context)
        _ = ccurl_set_ptr(easy, CURLOPT_ERRORBUFFER, errorBuffer)
        _ = ccurl_set_write(easy, CURLOPT_WRITEFUNCTION, writeCallback)
        _ = ccurl_set_ptr(easy, CURLOPT_WRITEDATA, context)
        _ = ccurl_set_write(easy, CURLOPT_HEADERFUNCTION, headerCallback)
        _ = ccurl_set_ptr(easy, CURLOPT_HEADERDATA, context)
        _ = ccurl_set_prereq(easy, prereqCallback)
        _ = ccurl_set_ptr(easy, CURLOPT_PREREQDATA, context)
        setBody()
        setHeaders()
        return setTLS(request.tls ?? defaults.tls)
    }

    private func checkHeaders() -> String? {
        for field in request.headers.fields {
            guard !field.name.isEmpty, !field.name.utf8.contains(where: { $0 <= 0x20 || $0 == 0x3a }) else {
                return "the header name \"\(field.name)\" is none: write letters, digits and dashes"
            }
            guard !field.value.utf8.contains(where: { $0 == 0x0a || $0 == 0x0d || $0 == 0 }) else {
                return "the value of header \(field.name) has a line break: write it on one line"
            }
        }
        return nil
    }

    private func setBody() {
        if let body = request.body {
            _ = ccurl_set_long(easy, CURLOPT_POST, 1)
            _ = ccurl_set_off(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
            body.withUnsafeBytes { bytes in
                // an empty array may have no address, and libcurl takes a null for "read it from stdin"
                let address = bytes.count == 0 ? nil : bytes.bindMemory(to: CChar.self).baseAddress
                if let address { _ = ccurl_set_str(easy, CURLOPT_COPYPOSTFIELDS, address) } else { _ = ccurl_set_str(easy, CURLOPT_COPYPOSTFIELDS, "") }
            }
            if request.method != "POST" { _ = ccurl_set_str(easy, CURLOPT_CUSTOMREQUEST, request.method) }
        } else if request.method == "HEAD" {
            _ = ccurl_set_long(easy, CURLOPT_NOBODY, 1)
        } else if request.method != "GET" {
            _ = ccurl_set_str(easy, CURLOPT_CUSTOMREQUEST, request.method)
        }
    }

    private func setHeaders() {
        // ";" is libcurl's way to write a header that has no value
        for field in request.headers.fields { append(header: field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)") }
        if request.body != nil {
            append(header: "Expect:")  // no round trip to ask whether the body may come
            if request.headers["content-type"] == nil { append(header: "Content-Type:") }  // libcurl would claim a form
        }
        if let headerList { _ = ccurl_set_slist(easy, CURLOPT_HTTPHEADER, headerList) }
    }

    private func setTLS(_ tls: TLSSettings) -> String? {
        if tls.insecure {
            _ = ccurl_set_long(easy, CURLOPT_SSL_VERIFYPEER, 0)
            _ = ccurl_set_long(easy, CURLOPT_SSL_VERIFYHOST, 0)
        }
        func blob(_ option: CURLoption, _ bytes: [UInt8]) {
            bytes.withUnsafeBytes { if let address = $0.baseAddress { _ = ccurl_set_blob(easy, option, address, $0.count) } }
        }
        if let authorities = tls.authorities { blob(CURLOPT_CAINFO_BLOB, authorities) }
        switch (tls.certificate, tls.key) {
        case (nil, nil): return nil
        case (let certificate?, let key?):
            blob(CURLOPT_SSLCERT_BLOB, certificate)
            blob(CURLOPT_SSLKEY_BLOB, key)
            return nil
        case (_?, nil): return "the client certificate has no key: give both"
        case (nil, _?): return "the client key has no certificate: give both"
        }
    }

    /// libcurl reads 0 as "no limit": what is asked for is at least 1 ms.
    private func milliseconds(_ duration: Duration) -> Int { Int(max(1, min(duration / .milliseconds(1), 1e9))) }
}

private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer { Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue() }

private let writeCallback: ccurl_write_fn = { bytes, size, count, context in
    switch transfer(context).bodyBytes(UnsafeRawBufferPointer(start: bytes, count: size * count)) {
    case .all: size * count
    case .none: ccurl_write_pause()
    case .tooMuch: 0
    }
}
private let headerCallback: ccurl_write_fn = { bytes, size, count, context in
    transfer(context).header(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
}
private let prereqCallback: ccurl_prereq_fn = { context, _, _, _, _ in transfer(context).willSend() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT }
