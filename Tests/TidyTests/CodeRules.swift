/// Where a construct that gives up a check of the compiler may stand: a file, or a folder with a slash at its end.
struct Exception {
  let place: String
  let reason: String
}

let uncheckedSendablePlaces = [
  Exception(
    place: "Sources/HTTPServer/Pollers/",
    reason: "a poller's state belongs to its loop, which the compiler cannot see")
]

let unsafePlaces = [
  Exception(
    place: "Sources/HTTPCore/Parsing/Words.swift",
    reason: "eight bytes are read at once, within checked bounds"),
  Exception(place: "Sources/HTTPServer/", reason: "system calls take pointers"),
  Exception(
    place: "Sources/JSON/ByteBuffer.swift",
    reason:
      "documents are most of what an answer costs, and an array checks owner, room and bounds for each byte"),
  Exception(
    place: "Sources/JSON/Literal.swift", reason: "a literal's bytes lie in one piece only in an unsafe view"),
  Exception(
    place: "Sources/KVMModel/Text/Text.swift",
    reason: "short texts are put together in place, and bytes are copied in one piece only through a pointer"),
  Exception(place: "Sources/RolecallAPI/Assets.swift", reason: "embedded assets are C arrays"),
  Exception(place: "Sources/rolecall/", reason: "system calls take pointers"),
]

/// Finds what may stand only in certain places, and what may stand nowhere in the product.
func forbiddenConstructs(in file: SourceFile) -> [Finding] {
  func allowed(_ exceptions: [Exception]) -> Bool {
    exceptions.contains { $0.place.hasSuffix("/") ? file.path.hasPrefix($0.place) : file.path == $0.place }
  }

  var findings = file.findings(of: /\b(?:try!|as!|fatalError\b)/, in: file.code) {
    "\($0) traps; return or throw an error instead"
  }
  if !allowed(uncheckedSendablePlaces) {
    findings += file.findings(of: /@unchecked\s+Sendable\b/, in: file.code) {
      "\($0) stands outside the event loop; use a value type or a Mutex, or give the file a row with its reason"
    }
  }
  if !allowed(unsafePlaces) {
    findings += file.findings(of: /\bunsafe\b|\bnonisolated\(unsafe\)|@safe\b/, in: file.code) {
      "\($0) stands in a file that unsafePlaces does not name; use safe code, or give the file a row with its reason"
    }
  }
  return findings
}
