/// Encodes ordinary `Encodable` types as JSON, straight into the bytes.
///
/// Nested containers and `super` encoders must be used one after the other, as synthesised code does: what is written to
/// one that was already left is an error. Integers beyond ±(2^53 - 1) and non-finite numbers are errors too. The members
/// of a dictionary come in no fixed order.
public struct StreamingEncoder: Sendable {
  /// An encoder.
  public init() {}

  /// The value as a JSON document.
  public func encode(_ value: some Encodable) throws -> [UInt8] {
    let stream = EncodingStream()
    let slot = stream.openRoot()
    try stream.fill(
      slot, with: value, in: EncodingNode(stream: stream, slot: slot, depth: 0, parent: nil, key: nil))
    stream.leave(downTo: 0)
    if let failure = stream.failure { throw failure }
    return stream.take()
  }
}

/// The document being written. A slot is a place for one value: the root, a member or an element. At most one waits.
final class EncodingStream {
  private var writer = JSONWriter()
  private var containers: [(slot: Int, isObject: Bool)] = []
  private var slots = 0
  private var waiting: Int?
  /// The first misuse found where the protocol lets nothing be thrown.
  private(set) var failure: EncodingError?

  var depth: Int { containers.count }

  func take() -> [UInt8] {
    var result = JSONWriter()
    swap(&result, &writer)
    return result.finish()
  }

  func openRoot() -> Int {
    wait()
  }

  /// Opens a slot in the container that fills the slot `container` and has `depth` containers up to itself.
  func openSlot(in container: Int, depth: Int, key: String? = nil, path: @autoclosure () -> [any CodingKey])
    throws -> Int
  {
    guard waiting == nil, containers.count >= depth, containers[depth - 1].slot == container else {
      throw misuse(path())
    }
    leave(downTo: depth)
    if let key { writer.key(named: key) }
    return wait()
  }

  /// Writes a value without members or elements.
  func fill(_ slot: Int, path: @autoclosure () -> [any CodingKey], _ write: (inout JSONWriter) -> Void) throws
  {
    guard waiting == slot else { throw misuse(path()) }
    waiting = nil
    write(&writer)
  }

  /// Lets a value encode itself.
  func fill(_ slot: Int, with value: some Encodable, in node: EncodingNode) throws {
    try value.encode(to: node)
    guard waiting == nil else {
      throw EncodingError.invalidValue(
        value, .init(codingPath: node.codingPath, debugDescription: "The value encoded nothing."))
    }
  }

  /// Begins the container that fills a slot; false if it cannot.
  func begin(_ slot: Int, isObject: Bool, path: @autoclosure () -> [any CodingKey]) -> Bool {
    guard waiting == slot else {
      fail(misuse(path()))
      return false
    }
    waiting = nil
    containers.append((slot, isObject))
    if isObject { writer.beginObject() } else { writer.beginArray() }
    return true
  }

  func leave(downTo depth: Int) {
    while containers.count > depth {
      if containers.removeLast().isObject { writer.endObject() } else { writer.endArray() }
    }
  }

  func fail(_ error: EncodingError) {
    failure = failure ?? error
  }

  func misuse(_ path: [any CodingKey]) -> EncodingError {
    .invalidValue(
      path, .init(codingPath: path, debugDescription: "Containers must be used one after the other."))
  }

  private func wait() -> Int {
    slots += 1
    waiting = slots
    return slots
  }
}

/// What a value encodes itself to: one slot.
final class EncodingNode: Encoder {
  let stream: EncodingStream
  let slot: Int
  /// The number of containers around the slot.
  let depth: Int
  private let parent: EncodingNode?
  private let key: (any CodingKey)?
  /// Whether the slot holds an object, rather than an array; nil before either has begun.
  private(set) var isObject: Bool?

  init(stream: EncodingStream, slot: Int, depth: Int, parent: EncodingNode?, key: (any CodingKey)?) {
    self.stream = stream
    self.slot = slot
    self.depth = depth
    self.parent = parent
    self.key = key
  }

  var codingPath: [any CodingKey] {
    (parent?.codingPath ?? []) + (key.map { [$0] } ?? [])
  }

  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    begin(isObject: true)
    return KeyedEncodingContainer(EncodingObject<Key>(node: self))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    begin(isObject: false)
    return EncodingArray(node: self)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer {
    EncodingScalar(node: self)
  }

  /// Begins the slot's container; asked again, it goes on with the same one.
  private func begin(isObject: Bool) {
    if let begun = self.isObject {
      if begun != isObject { stream.fail(stream.misuse(codingPath)) }
    } else if stream.begin(slot, isObject: isObject, path: codingPath) {
      self.isObject = isObject
    }
  }
}
