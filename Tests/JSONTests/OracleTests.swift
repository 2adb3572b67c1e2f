import Foundation
import JSON
import Testing

/// Foundation's JSON beside ours: each must understand what the other writes.
@Suite struct OracleTests {
  /// A JSON value as Foundation's coders see it.
  private enum Tree: Codable, Equatable {
    case null
    case bool(Bool)
    case double(Double)
    case string(String)
    case array([Tree])
    case object([String: Tree])

    init(_ value: JSONValue) throws {
      self =
        switch value {
        case .null: .null
        case .bool(let bool): .bool(bool)
        case .number(let number): .double(try #require(number.double))
        case .string(let string): .string(string)
        case .array(let elements): .array(try elements.map(Tree.init))
        case .object(let object):
          .object(try Dictionary(uniqueKeysWithValues: object.members.map { ($0.key, try Tree($0.value)) }))
        }
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        self = .null
      } else if let bool = try? container.decode(Bool.self) {
        self = .bool(bool)
      } else if let double = try? container.decode(Double.self) {
        self = .double(double)
      } else if let string = try? container.decode(String.self) {
        self = .string(string)
      } else if let elements = try? container.decode([Tree].self) {
        self = .array(elements)
      } else {
        self = .object(try container.decode([String: Tree].self))
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .null: try container.encodeNil()
      case .bool(let bool): try container.encode(bool)
      case .double(let double): try container.encode(double)
      case .string(let string): try container.encode(string)
      case .array(let elements): try container.encode(elements)
      case .object(let members): try container.encode(members)
      }
    }
  }

  private static func parsedByFoundation(_ bytes: [UInt8]) throws -> Tree {
    try JSONDecoder().decode(Tree.self, from: Data(bytes))
  }

  @Test func bothReadWhatTheWriterWrites() throws {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<2000 {
      let bytes = generator.document(depth: 5)
      let text = String(decoding: bytes, as: UTF8.self)
      let value = try JSONValue(parsing: bytes)
      #expect(try Tree(value) == Self.parsedByFoundation(bytes), "\(text)")

      var writer = JSONWriter()
      writer.value(value)
      #expect(writer.finish() == bytes, "\(text)")
    }
  }

  @Test func theReaderReadsWhatFoundationWrites() throws {
    var generator = SeededGenerator(seed: 2)
    let encoder = JSONEncoder()
    for round in 0..<1000 {
      let tree = try Tree(JSONValue(parsing: generator.document(depth: 5)))
      encoder.outputFormatting = round.isMultiple(of: 2) ? [] : [.prettyPrinted]
      let data = try encoder.encode(tree)
      #expect(try Tree(JSONValue(parsing: Array(data))) == tree, "\(String(decoding: data, as: UTF8.self))")
      #expect(try ValueDecoder().decode(Tree.self, from: Array(data)) == tree)
    }
  }

  private struct Machine: Codable, Equatable {
    enum Vendor: String, Codable { case intel, amd }
    struct Host: Codable, Equatable {
      var maxphyaddr: UInt8
      var la57: Bool?
    }
    var vendor: Vendor
    var hosts: [Host]
    var scale: Double
    var ratio: Float
    var names: [String: Int16]
    var rows: [[Int?]]
    var nothing: String?
  }

  @Test func codableTypesGoBothWays() throws {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<300 {
      let machine = Machine(
        vendor: Bool.random(using: &generator) ? .intel : .amd,
        hosts: (0..<Int.random(in: 0...3, using: &generator)).map { _ in
          .init(
            maxphyaddr: UInt8.random(in: 32...52, using: &generator),
            la57: [true, false, nil].randomElement(using: &generator) ?? nil)
        },
        scale: Double(generator.integer()) / 3, ratio: Float(generator.integer()) / 7,
        names: [generator.text(): .min, "other" + generator.text(): .max],
        rows: [[], [generator.integer(), nil]],
        nothing: Bool.random(using: &generator) ? generator.text() : nil)
      let ours = try StreamingEncoder().encode(machine)
      #expect(try ValueDecoder().decode(Machine.self, from: ours) == machine)
      #expect(try JSONDecoder().decode(Machine.self, from: Data(ours)) == machine)
      #expect(try ValueDecoder().decode(Machine.self, from: Array(JSONEncoder().encode(machine))) == machine)
    }
  }
}
