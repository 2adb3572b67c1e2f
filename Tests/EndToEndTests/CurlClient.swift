import CCurl

/// An HTTP client over libcurl, so that the server is judged by a peer that shares no code with it.
///
/// One client is one libcurl handle: it keeps its connections from request to request. It is for one thread.
@safe
final class CurlClient {
  /// A transfer that libcurl gave up, by its own code.
  struct Failure: Error, CustomStringConvertible {
    let code: CURLcode

    var description: String {
      unsafe "libcurl \(code.rawValue): \(String(cString: curl_easy_strerror(code)))"
    }
  }

  struct Response {
    fileprivate(set) var status = 0
    /// The fields of the final response, in order of arrival, duplicates included.
    fileprivate(set) var headers: [(name: String, value: String)] = []
    fileprivate(set) var body: [UInt8] = []
    /// How many connections were opened for this request: 0 when one was kept from an earlier request.
    fileprivate(set) var newConnections = 0

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The value of the first field of that name, in any case.
    func header(_ name: String) -> String? {
      headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
  }

  private static let initialized = curl_global_init(Int(CURL_GLOBAL_SSL))

  private let handle: UnsafeMutableRawPointer

  init() throws {
    guard Self.initialized == CURLE_OK, let handle = unsafe curl_easy_init() else {
      throw Failure(code: CURLE_FAILED_INIT)
    }
    unsafe self.handle = handle
  }

  deinit { unsafe curl_easy_cleanup(handle) }

  /// Sends one request and waits for its whole answer.
  ///
  /// - Parameters:
  ///   - headers: lines such as `"If-Match: \"3\""`; `"Expect:"` takes a field of libcurl's own away.
  ///   - timeout: of the whole exchange, in milliseconds.
  /// - Throws: ``Failure`` where there is no whole answer. An HTTP error status is an answer.
  func request(
    _ method: String, _ url: String, headers: [String] = [], body: [UInt8]? = nil, timeout: Int = 10_000
  ) throws -> Response {
    unsafe curl_easy_reset(handle)
    var list: UnsafeMutablePointer<curl_slist>?
    defer { unsafe curl_slist_free_all(list) }
    for header in headers { unsafe list = curl_slist_append(list, header) }
    try unsafe check(ccurl_set_list(handle, CURLOPT_HTTPHEADER, list))

    try set(CURLOPT_URL, url)
    try set(CURLOPT_PROXY, "")
    try set(CURLOPT_NOSIGNAL, 1)
    try set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
    try set(CURLOPT_TIMEOUT_MS, timeout)
    if let body { try setBody(body) }
    if method == "HEAD" { try set(CURLOPT_NOBODY, 1) }
    try set(CURLOPT_CUSTOMREQUEST, method)
    return try perform()
  }

  private func setBody(_ body: [UInt8]) throws {
    try set(CURLOPT_POSTFIELDSIZE, body.count)
    var copy = body
    try unsafe copy.withUnsafeMutableBytes { bytes in
      // No address means no body to libcurl, and an empty array has none; COPYPOSTFIELDS keeps a copy.
      guard let address = bytes.baseAddress else { return try set(CURLOPT_COPYPOSTFIELDS, "") }
      try unsafe check(ccurl_set_pointer(handle, CURLOPT_COPYPOSTFIELDS, address))
    }
  }

  private func perform() throws -> Response {
    let sink = Sink()
    let context = unsafe Unmanaged.passUnretained(sink).toOpaque()
    try unsafe check(ccurl_set_pointer(handle, CURLOPT_WRITEDATA, context))
    try unsafe check(ccurl_set_pointer(handle, CURLOPT_HEADERDATA, context))
    try unsafe check(
      ccurl_set_receiver(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
        unsafe Sink.receive(bytes, size * count, context) { unsafe $0.response.body += $1 }
      })
    try unsafe check(
      ccurl_set_receiver(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
        unsafe Sink.receive(bytes, size * count, context) { unsafe $0.takeHeaderLine($1) }
      })
    try withExtendedLifetime(sink) { try unsafe check(curl_easy_perform(handle)) }
    sink.response.status = try getLong(CURLINFO_RESPONSE_CODE)
    sink.response.newConnections = try getLong(CURLINFO_NUM_CONNECTS)
    return sink.response
  }

  private func check(_ code: CURLcode) throws {
    guard code == CURLE_OK else { throw Failure(code: code) }
  }

  private func set(_ option: CURLoption, _ value: Int) throws {
    try unsafe check(ccurl_set_long(handle, option, value))
  }

  private func set(_ option: CURLoption, _ value: String) throws {
    try unsafe check(ccurl_set_string(handle, option, value))
  }

  private func getLong(_ info: CURLINFO) throws -> Int {
    var value = 0
    try unsafe check(ccurl_get_long(handle, info, &value))
    return value
  }
}

/// What libcurl's callbacks write to while a transfer runs.
private final class Sink {
  var response = CurlClient.Response()

  static func receive(
    _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int, _ context: UnsafeMutableRawPointer?,
    _ take: (Sink, UnsafeRawBufferPointer) -> Void
  ) -> Int {
    guard let context = unsafe context else { return 0 }
    let sink = unsafe Unmanaged<Sink>.fromOpaque(context).takeUnretainedValue()
    unsafe take(sink, UnsafeRawBufferPointer(start: bytes, count: count))
    return count
  }

  func takeHeaderLine(_ bytes: UnsafeRawBufferPointer) {
    let line = unsafe String(decoding: bytes, as: UTF8.self)
    if line.hasPrefix("HTTP/") {
      // A status line: what came before belonged to an interim response.
      response.headers = []
    } else if let colon = line.firstIndex(of: ":") {
      let value = line[line.index(after: colon)...]
      response.headers.append((String(line[..<colon]), String(value.trimming(while: \.isWhitespace))))
    }
  }
}

extension Substring {
  fileprivate func trimming(while isTrimmed: (Character) -> Bool) -> Substring {
    var rest = drop(while: isTrimmed)
    while let last = rest.last, isTrimmed(last) { rest.removeLast() }
    return rest
  }
}
