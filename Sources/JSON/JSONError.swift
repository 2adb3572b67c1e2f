/// Why a document could not be read, and where.
public struct JSONError: Error, Hashable, Sendable {
  /// What was wrong. Sections are those of RFC 8259 unless another document is named.
  public enum Kind: Hashable, Sendable {
    /// The document ended too early.
    case unexpectedEnd
    /// A byte order mark stood before the document (section 8.1).
    case byteOrderMark
    /// No value began where one had to (section 3).
    case expectedValue
    /// No key, in quotation marks, stood where one had to (section 4).
    case expectedKey
    /// No colon followed a key (section 4).
    case expectedColon
    /// Neither a comma nor the closing bracket followed a value (sections 4 and 5).
    case expectedCommaOrEnd
    /// Something followed the document (section 2).
    case trailingBytes
    /// A number was not of the grammar's form (section 6).
    case invalidNumber
    /// An integer lay beyond ±(2^53 - 1), where readers round (RFC 7493, section 2.2).
    case integerOutOfRange
    /// A bare control character stood in a string (section 7).
    case controlCharacter
    /// A backslash was not followed by an escape (section 7).
    case invalidEscape
    /// A `\u` escape named one half of a surrogate pair (section 8.2).
    case loneSurrogate
    /// Bytes in a string were not UTF-8 (section 8.1, RFC 3629, section 3).
    case invalidUTF8
    /// A key stood twice in an object (section 4).
    case duplicateKey
    /// Arrays and objects were nested deeper than the parser's limit (section 9).
    case tooDeep
  }

  /// What was wrong.
  public let kind: Kind
  /// The byte at which it was found, from 0; the document's length if the document ended too early.
  public let offset: Int
  /// The innermost value that had begun, as a JSON pointer (RFC 6901); `""` is the whole document.
  public let pointer: String

  /// An error of this kind at this place.
  public init(kind: Kind, offset: Int, pointer: String) {
    self.kind = kind
    self.offset = offset
    self.pointer = pointer
  }

  /// A sentence for people, without the place.
  public var detail: String {
    switch kind {
    case .unexpectedEnd: "the document ends too early"
    case .byteOrderMark: "the document begins with a byte order mark"
    case .expectedValue: "a value was expected"
    case .expectedKey: "a key in quotation marks was expected"
    case .expectedColon: "a colon was expected after the key"
    case .expectedCommaOrEnd: "a comma or the closing bracket was expected"
    case .trailingBytes: "something follows the document"
    case .invalidNumber: "the number is malformed"
    case .integerOutOfRange: "the integer is beyond ±(2^53 - 1); write it as a string"
    case .controlCharacter: "a control character in a string must be escaped"
    case .invalidEscape: "the backslash does not begin an escape"
    case .loneSurrogate: "the escape is one half of a surrogate pair"
    case .invalidUTF8: "the string is not UTF-8"
    case .duplicateKey: "the key stands twice in the object"
    case .tooDeep: "the document is nested too deep"
    }
  }
}

/// The types of JSON values (RFC 8259, section 3).
public enum JSONType: Hashable, Sendable {
  /// `null`
  case null
  /// `true` or `false`
  case bool
  /// a number
  case number
  /// a string
  case string
  /// an array
  case array
  /// an object
  case object

  /// The type with its article, for messages.
  public var phrase: String {
    switch self {
    case .null: "null"
    case .bool: "a Boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
