import FuzzSupport
@testable import HTTPCore

/// What the reader makes of pieces: the content, and where it ended or why it did not.
func read(_ pieces: [[UInt8]], _ limits: Limits) -> (result: String, body: [UInt8]) {
  var reader = ChunkedReader()
  var body: [UInt8] = []
  var before = 0
  do {
    for piece in pieces {
      // The range begins within the bytes, as it does behind a header section.
      let padded = [0] + piece + [0]
      if let end = try reader.read(padded, 1..<piece.count + 1, into: &body, limits: limits) {
        require((2...piece.count + 1).contains(end), "the end \(end) is not in the input")
        return ("ends at \(before + end - 1)", body)
      }
      before += piece.count
    }
    return ("unfinished", body)
  } catch {
    return ("\(error)", [])
  }
}

// The first byte chooses limits; the rest is a chunked body.
runFuzzer { input in
  guard let choice = input.first else { return }
  let bytes = Array(input.dropFirst())
  var limits = Limits()
  if choice & 1 != 0 {
    limits.body = 32
    limits.chunkOverhead = 16
  }
  let whole = read([bytes], limits)
  require(whole.body.count <= limits.body, "the body has \(whole.body.count) bytes")
  func compare(_ pieces: [[UInt8]], _ how: @autoclosure () -> String) {
    let other = read(pieces, limits)
    require(other == whole, "\(how()): \(other) instead of \(whole)")
  }
  compare(bytes.map { [$0] }, "byte by byte")
  for cut in stride(from: 0, through: bytes.count, by: max(1, bytes.count / 64)) {
    compare([Array(bytes[..<cut]), Array(bytes[cut...])], "split at \(cut)")
  }
  // What was read can be written as one chunk, and is then read again.
  guard whole.result.hasPrefix("ends"), !whole.body.isEmpty else { return }
  let one =
    Array("\(String(whole.body.count, radix: 16))\r\n".utf8) + whole.body + Array("\r\n0\r\n\r\n".utf8)
  require(
    read([one], limits) == ("ends at \(one.count)", whole.body), "written again: \(read([one], limits))")
}
