import JSON
import KVMModel

/// An operation as a client asks for it.
enum OperationRequest: Sendable {
  /// It says all by itself.
  case operation(Operation)
  /// What it writes can depend on what lies there.
  case write(MemoryWrite)

  /// The operation, if it is the same on every machine.
  var complete: Operation? {
    switch self {
    case .operation(let operation): operation
    case .write(.words(let words, _)): .machine(.writeMemory(words))
    case .write(.halves): nil
    }
  }

  /// The operation that it comes to on a machine.
  func resolved(on machine: borrowing VirtualMachine) -> Operation {
    switch self {
    case .operation(let operation): operation
    case .write(let write): .machine(.writeMemory(write.words(over: machine.memory)))
    }
  }

  /// Why the model refused it; its body stands at `pointer`.
  func problem(_ error: OperationError, at pointer: String = "") -> ProblemDetails {
    guard case .invalid(var problem) = error, case .write(let write) = self else {
      return ProblemDetails(error, at: pointer)
    }
    switch write {
    case .words(_, let key): problem.pointer.replace("/words/", with: "/\(key)/", maxReplacements: 1)
    case .halves: problem.pointer = "/words"
    }
    return ProblemDetails(.invalid(problem), at: pointer)
  }
}

/// A write to guest memory.
enum MemoryWrite: Sendable {
  /// 64-bit words, which stand in the body under this key.
  case words([MemoryWord], key: String)
  /// 32-bit words from an address on, so that a 64-bit word can change by half.
  case halves(UInt64, [UInt32])

  /// Reads `gpa`, `words` and `word_bytes`, or `at`.
  init(_ body: inout Body) {
    if let words = body.members.optionalArray("at", of: decodeWord) {
      self = .words(words, key: "at")
      for key in ["gpa", "words", "word_bytes"] as [StaticString] where body.members.hasValue(key) {
        body.refuse(key.description, "at names each word's own address, and excludes \(key)")
      }
      return
    }
    let gpa = body.members.word("gpa")
    let bytes = body.members.optionalInteger("word_bytes", in: 4...8) ?? 8
    if bytes != 4 && bytes != 8 { body.refuse("word_bytes", "must be 4 or 8") }
    let words = body.members.array("words") { $0.word(bits: bytes == 4 ? 32 : 64) }
    if gpa % UInt64(bytes) != 0 { body.refuse("gpa", "must be a multiple of word_bytes, \(bytes)") }
    let (_, overflow) = gpa.addingReportingOverflow(UInt64(words.count) * UInt64(bytes))
    if overflow { body.refuse("words", "reach past the last address") }
    if bytes == 4 {
      self = .halves(gpa, words.map { UInt32(truncatingIfNeeded: $0) })
    } else {
      self = .words(
        zip(0..., words).map { index, word in
          MemoryWord(address: GuestPhysicalAddress(rawValue: gpa &+ 8 &* UInt64(index)), value: word)
        }, key: "words")
    }
  }

  /// The 64-bit words that are to lie in memory.
  func words(over memory: borrowing GuestMemory) -> [MemoryWord] {
    guard case .halves(let gpa, let halves) = self else {
      if case .words(let words, _) = self { return words }
      return []
    }
    var words: [MemoryWord] = []
    for (index, half) in zip(0..., halves) {
      let position = gpa &+ 4 &* UInt64(index)
      let address = GuestPhysicalAddress(rawValue: position & ~7)
      if words.last?.address != address {
        words.append(MemoryWord(address: address, value: memory.word(at: address) ?? 0))
      }
      let shift = position & 4 == 0 ? UInt64(0) : 32
      let last = words.count - 1
      words[last].value = words[last].value & ~(0xffff_ffff << shift) | UInt64(half) << shift
    }
    return words
  }
}
