import Hummingbird
import KVMModel

/// What a set-cr did.
struct ResultDocument: ResponseEncodable {
  var names = NamesDocument()
  var revision: Int
  var operation: OperationDocument
  var outcome: OutcomeDocument
  var narration: [NarrationDocument]?
  var changes: [ChangeDocument]
  var lookups: [LookupDocument]
  var tlb: [TLBDocument]
  var trace: [String]
  var vcpu: VCPUDocument?

  init(
    _ result: OperationResult, of operation: OperationDocument, revision: Int,
    in machine: borrowing VirtualMachine, isMinimal: Bool
  ) {
    self.revision = revision
    self.operation = operation
    outcome = OutcomeDocument(result.outcome)
    changes = result.changes.map {
      ChangeDocument(
        path: $0.path.description, from: ValueDocument(value: $0.from), to: ValueDocument(value: $0.to))
    }
    lookups = result.lookups.map(LookupDocument.init)
    tlb = result.tlb.map(TLBDocument.init)
    trace = result.trace.map(\.text)
    if !isMinimal {
      narration = result.narration.map(NarrationDocument.init)
      vcpu = VCPUDocument(machine.vcpus[operation.vcpu], in: machine)
    }
  }
}

/// The operation, as a client sends it and as results tell it.
struct OperationDocument: Codable {
  var op = "set-cr"
  var vcpu = 0
  var register: String
  var value: String?
  var set: [String]?
  var clear: [String]?

  enum CodingKeys: String, CodingKey { case op, vcpu, register, value, set, clear }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    register = try container.decode(String.self, forKey: .register)
    value = try container.decodeIfPresent(String.self, forKey: .value)
    set = try container.decodeIfPresent([String].self, forKey: .set)
    clear = try container.decodeIfPresent([String].self, forKey: .clear)
    if value == nil {
      set = set ?? []
      clear = clear ?? []
    }
  }

  /// What the model is to do.
  func operation() throws -> Operation {
    guard let register = ControlRegister(rawValue: register) else {
      throw HTTPError(.unprocessableContent, message: "no such register")
    }
    let names: [(name: String, bit: UInt64)] =
      switch register {
      case .cr0: CR0.names.map { ($0.name.description, $0.bit.rawValue) }
      case .cr3: []
      case .cr4: CR4.names.map { ($0.name.description, $0.bit.rawValue) }
      }
    func bits(_ list: [String]?) throws -> UInt64 {
      try (list ?? []).reduce(0) { bits, name in
        guard let found = names.first(where: { $0.name == name }) else {
          throw HTTPError(.unprocessableContent, message: "no such bit")
        }
        return bits | found.bit
      }
    }
    if let value {
      guard value.hasPrefix("0x"), let word = UInt64(value.dropFirst(2), radix: 16) else {
        throw HTTPError(.unprocessableContent, message: "the value must be 0x and digits")
      }
      return .vcpu(vcpu, .setCR(register, .value(word)))
    }
    return .vcpu(vcpu, .setCR(register, .bits(set: try bits(set), clear: try bits(clear))))
  }
}

/// How it ended; what set-cr cannot come to is not told further.
struct OutcomeDocument: Encodable {
  var status: String
  var vector: String?
  var errorCode: String?
  var reason: String?
  var function: String?

  enum CodingKeys: String, CodingKey {
    case status, vector, reason, function
    case errorCode = "error_code"
  }

  init(_ outcome: Outcome) {
    status = outcome.status
    reason = outcome.refusal?.reason
    function = outcome.refusal?.function
    if case .exception(let vector, let errorCode, _, _) = outcome {
      self.vector = vector.rawValue
      self.errorCode = hex(errorCode)
    }
  }
}

struct NarrationDocument: Encodable {
  var function: String
  var depth: Int
  var text: String
  @OrNull var effect: EffectDocument?

  init(_ step: NarrationStep) {
    function = step.function
    depth = step.depth
    text = step.text
    effect = step.effect.map(EffectDocument.init)
  }
}

struct ChangeDocument: Encodable {
  var path: String
  var from: ValueDocument
  var to: ValueDocument
}

struct ValueDocument: Encodable {
  var value: Change.Value

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch value {
    case .null: try container.encodeNil()
    case .flag(let flag): try container.encode(flag)
    case .number(let number): try container.encode(number)
    case .word(let word): try container.encode(hex(word))
    case .pagingMode, .mmu, .pageFault, .walkFormat, .access: try container.encode(value.name)
    case .requests(let requests): try container.encode(requests.names)
    case .words(let words): try container.encode((0..<4).map { hex(words.vector[$0]) })
    case .permissions(let permissions): try container.encode(permissions.text)
    }
  }
}

struct LookupDocument: Encodable {
  struct Wanted: Encodable {
    @OrNull var pgd: String?
    var role: PageRoleDocument
  }
  struct Candidate: Encodable {
    var slot: String
    @OrNull var pgd: String?
    var verdict: String
    @OrNull var role: PageRoleDocument?
    var differs: [String]
  }
  struct Slot: Encodable {
    var slot: String
    var valid: Bool
    @OrNull var hpa: String?
    @OrNull var pgd: String?
  }

  var mmu: String
  var wanted: Wanted
  var candidates: [Candidate]
  var result: String
  @OrNull var slot: String?
  var before: [Slot]
  var after: [Slot]

  init(_ lookup: RootLookup) {
    mmu = lookup.mmu.rawValue
    wanted = Wanted(pgd: pgdText(lookup.pgd), role: PageRoleDocument(lookup.role))
    candidates = lookup.candidates.map { candidate in
      Candidate(
        slot: candidate.slot.name, pgd: pgdText(candidate.pgd), verdict: candidate.verdict.rawValue,
        role: candidate.role.map(PageRoleDocument.init),
        differs: candidate.role.map { $0.differences(from: lookup.role) } ?? [])
    }
    result = lookup.hit == nil ? "miss" : "hit"
    before = Self.slots(lookup.before)
    after = Self.slots(lookup.after)
    slot = lookup.hit?.name
  }

  private static func slots(_ roots: [Root]) -> [Slot] {
    roots.enumerated().map { index, root in
      Slot(
        slot: (index == 0 ? RootSlot.current : .previous(index - 1)).name, valid: root.hpa != nil,
        hpa: root.hpa.map { hex($0.rawValue) }, pgd: pgdText(root.pgd))
    }
  }
}
