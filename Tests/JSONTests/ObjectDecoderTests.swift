import JSON
import Testing

@Suite struct ObjectDecoderTests {
  /// The problems found in a document, as `pointer: detail`.
  private func problems(in document: String, _ decode: (inout ObjectDecoder) -> Void) throws -> [String] {
    var decoder = ObjectDecoder(try JSONDocument(parsing: Array(document.utf8)))
    decode(&decoder)
    do {
      try decoder.finish()
      return []
    } catch {
      return error.problems.map { "\($0.pointer): \($0.detail)" }
    }
  }

  private enum Vendor: String, CaseIterable { case intel, amd }

  @Test func membersAreDecoded() throws {
    let document = """
      {"register": "cr4", "value": "0x1000A0", "vcpu": 3, "tdp": true, "name": "é", "vendor": "amd", "access": "fetch",
       "words": [["0x1000", 5], ["7", "0xf"]], "host": {"la57": false}, "any": [null], "absent": null}
      """
    var body = ObjectDecoder(try JSONDocument(parsing: Array(document.utf8)))
    #expect(body.enumeration("register", of: ["cr0", "cr3", "cr4"]) == "cr4")
    #expect(body.word("value") == 0x1000a0)
    #expect(body.integer("vcpu", in: 0...15) == 3)
    #expect(body.bool("tdp") == true)
    #expect(body.string("name") == "é")
    #expect(body.enumeration("vendor", of: Vendor.self) == .amd)
    #expect(body.enumeration("access", of: ["read": 1, "fetch": 3]) == 3)
    #expect(body.array("words", of: { $0.array(count: 2...2) { $0.word() } }) == [[0x1000, 5], [7, 15]])
    #expect(body.object("host") { host in host.optionalBool("la57") } == false)
    #expect(body.value("any") == .array([.null]))
    #expect(body.optionalString("absent") == nil)
    #expect(body.optionalInteger("missing") == nil)
    try body.finish()
  }

  @Test func wordsAreTakenInThreeFormsAndNeverRounded() throws {
    let taken: [(String, UInt64)] = [
      (#""0x0""#, 0), (#""0xDeadBEEF""#, 0xdead_beef), (#""0X1f""#, 0x1f), (#""0xffffffffffffffff""#, .max),
      (#""0x00000000000000000001""#, 1), (#""18446744073709551615""#, .max), (#""0""#, 0), (#""017""#, 17),
      ("0", 0),
      ("9007199254740991", 1 << 53 - 1),
    ]
    for (text, word) in taken {
      var body = ObjectDecoder(try JSONDocument(parsing: Array("{\"cr0\":\(text)}".utf8)))
      #expect(body.word("cr0") == word, "\(text)")
      try body.finish()
    }
    let refused = [
      #""0x10000000000000000""#, #""18446744073709551616""#, #""99999999999999999999""#, #""0x""#, #""""#,
      #""-1""#,
      #""+1""#, #"" 1""#, #""1 ""#, #""1.0""#, #""0xg""#, #""x1""#, #""1f""#, #""0b1""#, #""٣""#, "-1", "1.0",
      "1e3", "true",
      "null", "[]", "{}",
    ]
    for text in refused {
      let found = try problems(in: "{\"cr0\":\(text)}") { _ = $0.word("cr0") }
      #expect(found.count == 1, "\(text)")
      #expect(found.first?.hasPrefix("/cr0: must be a word of up to 64 bits") == true, "\(text)")
    }
    #expect(try problems(in: #"{"a":"0x1ffffffff"}"#) { _ = $0.word("a", bits: 32) }.count == 1)
    #expect(try problems(in: #"{"a":"0xffffffff"}"#) { _ = $0.word("a", bits: 32) }.isEmpty)
  }

  @Test func allProblemsAreFoundInTheOrderOfTheDocument() throws {
    let document = """
      {"tpd": true, "vendor": "Intl", "vcpus": 17, "host": {"la57": 1, "gbpagse": true}, "ops": [1, {"op": "x"}, {}],
       "name": 5, "a/b": 0}
      """
    let found = try problems(in: document) { body in
      _ = body.word("value")
      _ = body.string("name")
      _ = body.optionalBool("tdp")
      _ = body.enumeration("vendor", of: Vendor.self)
      _ = body.integer("vcpus", in: 1...16)
      _ = body.object("host") { host in
        _ = host.bool("gbpages")
        _ = host.bool("la57")
      }
      _ = body.array("ops") { $0.object { $0.enumeration("op", of: ["invlpg"]) } }
    }
    let known = #""value", "name", "tdp", "vendor", "vcpus", "host", "ops""#
    #expect(
      found == [
        #"/tpd: unknown key (did you mean "tdp"?); known are \#(known)"#,
        #"/vendor: must be one of "intel", "amd", not "Intl" (did you mean "intel"?)"#,
        "/vcpus: must be an integer from 1 to 16, not 17",
        "/host/la57: must be a Boolean, not a number",
        #"/host/gbpagse: unknown key (did you mean "gbpages"?); known are "gbpages", "la57""#,
        "/host/gbpages: is missing",
        "/ops/0: must be an object, not a number",
        #"/ops/1/op: must be one of "invlpg", not "x""#,
        "/ops/2/op: is missing",
        "/name: must be a string, not a number",
        "/a~1b: unknown key; known are \(known)",
        "/value: is missing",
      ])
  }

  @Test func documentsThatAreNoObjectsAreOneProblem() throws {
    #expect(try problems(in: "[1]") { _ = $0.word("value") } == [": must be an object, not an array"])
    #expect(try problems(in: "{}") { _ in } == [])
    #expect(try problems(in: #"{"a":1}"#) { _ in } == ["/a: unknown key; none is known here"])
  }

  @Test func whatIsNoObjectLacksNothing() throws {
    let found = try problems(in: "[]") { body in
      _ = body.word("value")
      body.refuse("operations", "is missing")
    }
    #expect(found == [": must be an object, not an array"])
  }

  @Test func knownKeysAreNamedOnce() throws {
    let found = try problems(in: #"{"sett":[]}"#) { body in
      for key in ["set", "value", "set"] as [StaticString] { _ = body.optionalValue(key) }
    }
    #expect(found == [#"/sett: unknown key (did you mean "set"?); known are "set", "value""#])
  }

  @Test func swappedLettersAreTheLikeliestSlip() throws {
    let names = ["PSE", "SMXE", "SMEP", "SMAP"]
    for (text, meant) in [
      ("SMPE", "SMEP"), ("smxe", "SMXE"), ("SMAPP", "SMAP"), ("PES", "PSE"), ("SXME", "SMXE"),
    ] {
      let found = try problems(in: "{\"set\":\"\(text)\"}") { _ = $0.enumeration("set", of: names) }
      #expect(found.first?.hasSuffix("(did you mean \"\(meant)\"?)") == true, "\(found)")
    }
    let far = try problems(in: #"{"set":"WP"}"#) { _ = $0.enumeration("set", of: names) }
    #expect(far == [#"/set: must be one of "PSE", "SMXE", "SMEP", "SMAP", not "WP""#])
  }

  @Test func aCountIsSaidAsItIsWanted() throws {
    for (range, words) in [(4...4, "4"), (1...3, "from 1 to 3"), (3...Int.max, "at least 3")] {
      let length = range.contains(2) ? 0 : 2
      let document = "{\"a\":\(Array(repeating: 0, count: length))}"
      let found = try problems(in: document) { _ = $0.array("a", count: range) { $0.word() } }
      #expect(found == ["/a: must have \(words) elements, not \(length)"])
    }
  }

  @Test func problemsFoundElsewhereAreSortedIn() throws {
    let document = #"{"before":0,"machine":{"a":{"x":0,"y/z":1},"list":[0,{"k":1},2],"b":0}}"#
    var body = ObjectDecoder(try JSONDocument(parsing: Array(document.utf8)))
    let pointers = [
      "", "/a", "/a/x", "/a/x/deeper", "/a/y~1z", "/a/missing", "/list/1/k", "/list/2", "/list/9", "/list/-1",
      "/b",
      "/missing",
    ].map { JSONProblem(pointer: "/machine" + $0, detail: "is wrong") }
    // Those that are equal by place keep their order; /a/x/deeper goes no deeper than /a/x.
    let shuffled = [11, 2, 6, 0, 10, 5, 8, 9, 3, 7, 1, 4].map { pointers[$0] }
    let sorted = body.object("machine") { machine in
      for key in ["a", "list", "b"] as [StaticString] { _ = machine.contains(key) }
      return machine.inDocumentOrder(shuffled)
    }
    #expect(sorted == pointers)
  }

  @Test func callersAddTheirOwnProblems() throws {
    let found = try problems(in: #"{"set":[],"value":"0x1"}"#) { body in
      if body.contains("set"), body.contains("value") { body.refuse("value", "excludes set") }
      body.refuse("register", "is missing")
      _ = body.optionalArray("set") { $0.string() }
    }
    #expect(found == ["/value: excludes set", "/register: is missing"])
  }

  @Test func nothingIsRefusedInSilence() throws {
    let found = try problems(in: #"{"a":[1],"b":2,"c":3}"#) { body in
      _ = body.array("a") { _ in nil as Int? }
      _ = body.required("b") { _ in nil as Int? }
      _ = body.optional("c") { element -> Int? in
        element.refuse("must be even")
        return nil
      }
    }
    #expect(found == ["/a/0: is refused", "/b: is refused", "/c: must be even"])
  }

  @Test func readingErrorsAreProblemsToo() {
    let error = #expect(throws: JSONError.self) { try JSONValue(parsing: Array(#"{"a":[nul]}"#.utf8)) }
    #expect(
      error.map { JSONProblem($0) } == JSONProblem(pointer: "/a/0", detail: "a value was expected (byte 9)"))
  }

  @Test func theNumberOfProblemsIsLimited() throws {
    let members = (0..<5000).map { "\"key\($0)\":0" }.joined(separator: ",")
    let unknown = try problems(in: "{\(members)}") { _ = $0.optionalBool("tdp") }
    #expect(unknown.count == JSONProblems.limit)
    #expect(unknown.last == ": there are more problems")

    let elements = Array(repeating: "{\"a\":0,\"b\":0}", count: 5000).joined(separator: ",")
    let nested = try problems(in: "{\"ops\":[\(elements)]}") { body in
      _ = body.array("ops") { $0.object { $0.optionalBool("tdp") } }
    }
    #expect(nested.count == JSONProblems.limit)
  }

  @Test func longTextsAreNotRepeated() throws {
    let text = String(repeating: "e\u{301}", count: 10_000)
    let found = try problems(in: "{\"op\":\"\(text)\",\"value\":\"\(text)\"}") { body in
      _ = body.enumeration("op", of: ["walk"])
      _ = body.word("value")
    }
    #expect(found.count == 2)
    for problem in found { #expect(problem.utf8.count < 300) }
  }

  @Test func longKeysAreToldInShortAtTheirObject() throws {
    for (count, isWhole) in [(256, true), (257, false), (100_000, false)] {
      let key = String(repeating: "k", count: count)
      let found = try problems(in: "{\"host\":{\"\(key)\":0,\"x\":0}}") { body in
        _ = body.object("host") { host in host.bool("la57") }
      }
      let long =
        isWhole
        ? "/host/\(key): unknown key; known are \"la57\""
        : "/host: unknown key \"\(key.prefix(40))…\"; known are \"la57\""
      #expect(
        found == [long, "/host/x: unknown key; known are \"la57\"", "/host/la57: is missing"], "\(count)")
    }
    let key = String(repeating: "e\u{301}", count: 10_000)
    let found = try problems(in: "{\"\(key)\":0}") { _ in }
    #expect(found.count == 1 && found[0].utf8.count < 300 && found[0].hasPrefix(": unknown key \"e\u{301}"))
  }
}
