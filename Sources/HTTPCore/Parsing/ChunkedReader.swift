/// Decodes the chunked transfer coding (RFC 9112 §7.1), going on where the last bytes ended. Extensions are checked
/// and ignored, trailer fields checked and dropped.
struct ChunkedReader: Sendable {
  private enum State {
    case sizeStart, size, sizeLF
    case beforeExtension, nameStart, name, afterName, valueStart, value, quoted, quotedPair, afterQuoted
    case data, dataCR, dataLF
    case trailerStart, trailerName, trailerValue, trailerLF, finalLF
    case done
  }

  private var state = State.sizeStart
  private var size = 0
  private var extensionBytes = 0
  private var trailerBytes = 0

  /// Reads on in `bytes[range]` and appends content to `body`. Returns the index after the body's last byte, or nil
  /// when all of `range` was read and more must come.
  mutating func read(
    _ bytes: [UInt8], _ range: Range<Int>, into body: inout [UInt8], limits: borrowing Limits
  ) throws(HTTPError) -> Int? {
    var index = range.lowerBound
    while index < range.upperBound {
      if state == .data {
        let end = index + min(size, range.upperBound - index)
        body.append(contentsOf: bytes[index..<end])
        size -= end - index
        index = end
        if size == 0 { state = .dataCR }
        continue
      }
      let byte = bytes[index]
      index += 1
      state = try step(byte, room: limits.body - body.count)
      if extensionBytes > limits.chunkOverhead { throw .chunkExtensionsTooLong }
      if trailerBytes > limits.chunkOverhead { throw .trailersTooLong }
      if state == .done { return index }
    }
    return nil
  }

  private mutating func step(_ byte: UInt8, room: Int) throws(HTTPError) -> State {
    switch state {
    case .sizeStart, .size, .sizeLF: return try stepSize(byte, room: room)
    case .data, .dataCR:
      guard byte == .cr else { throw .chunkDataMalformed }
      return .dataLF
    case .dataLF:
      guard byte == .lf else { throw .chunkDataMalformed }
      size = 0
      return .sizeStart
    case .trailerStart, .trailerName, .trailerValue, .trailerLF, .finalLF, .done:
      trailerBytes += 1
      return try stepTrailer(byte)
    default:
      extensionBytes += 1
      return try stepExtension(byte)
    }
  }

  private mutating func stepSize(_ byte: UInt8, room: Int) throws(HTTPError) -> State {
    if state == .sizeLF {
      guard byte == .lf else { throw .bareCarriageReturn }
      return size == 0 ? .trailerStart : .data
    }
    if let digit = byte.hexadecimalValue {
      if size == 0, digit == 0 { extensionBytes += 1 }  // bounds the leading zeros
      guard size <= room / 16 + 1 else { throw .contentTooLarge }  // no overflow below
      size = size * 16 + Int(digit)
      guard size <= room else { throw .contentTooLarge }
      return .size
    }
    guard state == .size else { throw .chunkSizeMalformed }
    switch byte {
    case .cr: return .sizeLF
    case .space, .tab: return .beforeExtension
    case UInt8(ascii: ";"): return .nameStart
    default: throw .chunkSizeMalformed
    }
  }

  /// *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ) (§7.1.1).
  private func stepExtension(_ byte: UInt8) throws(HTTPError) -> State {
    let isWhitespace = byte == .space || byte == .tab
    let isToken = ByteSet.tokens.contains(byte)
    switch (state, byte) {
    case (.quoted, UInt8(ascii: "\"")): return .afterQuoted
    case (.quoted, UInt8(ascii: "\\")): return .quotedPair
    case (.quoted, _) where byte.isFieldContent, (.quotedPair, _) where byte.isFieldContent: return .quoted
    case (.nameStart, _) where isWhitespace: return .nameStart
    case (.nameStart, _) where isToken, (.name, _) where isToken: return .name
    case (.name, UInt8(ascii: "=")), (.afterName, UInt8(ascii: "=")): return .valueStart
    case (.name, _) where isWhitespace, (.afterName, _) where isWhitespace: return .afterName
    case (.valueStart, _) where isWhitespace: return .valueStart
    case (.valueStart, UInt8(ascii: "\"")): return .quoted
    case (.valueStart, _) where isToken, (.value, _) where isToken: return .value
    case (.value, _) where isWhitespace, (.afterQuoted, _) where isWhitespace: return .beforeExtension
    case (.beforeExtension, _) where isWhitespace: return .beforeExtension
    case (.beforeExtension, UInt8(ascii: ";")), (.name, UInt8(ascii: ";")), (.afterName, UInt8(ascii: ";")),
      (.value, UInt8(ascii: ";")), (.afterQuoted, UInt8(ascii: ";")):
      return .nameStart
    case (.name, .cr), (.value, .cr), (.afterQuoted, .cr): return .sizeLF
    default: throw .chunkExtensionMalformed
    }
  }

  /// trailer-section CRLF (§7.1.2).
  private func stepTrailer(_ byte: UInt8) throws(HTTPError) -> State {
    switch (state, byte) {
    case (.trailerStart, .cr): return .finalLF
    case (.trailerName, UInt8(ascii: ":")): return .trailerValue
    case (.trailerStart, _) where ByteSet.tokens.contains(byte): return .trailerName
    case (.trailerName, _) where ByteSet.tokens.contains(byte): return .trailerName
    case (.trailerValue, .cr): return .trailerLF
    case (.trailerValue, _) where byte.isFieldContent: return .trailerValue
    case (.trailerLF, .lf): return .trailerStart
    case (.finalLF, .lf): return .done
    default: throw .trailerMalformed
    }
  }
}
