import FuzzSupport
import HTTPCore

// The first byte chooses limits, allowed hosts and the way of ending; the rest is what a client sends.
runFuzzer { input in
  guard let choice = input.first else { return }
  let bytes = input.dropFirst()
  var limits = Limits()
  if choice & 1 != 0 {
    limits.requestLine = 64
    limits.headerSection = 256
    limits.fields = 4
    limits.body = 32
    limits.chunkOverhead = 16
  }
  let authorities: AllowedAuthorities =
    choice & 2 != 0 ? AllowedAuthorities(["localhost", "a:8080"], takesAddresses: true) : .any

  func observe(_ pieces: [ArraySlice<UInt8>], keepsRest: Bool = false) -> Observer {
    var observer = Observer(limits: limits, authorities: authorities, keepsRest: keepsRest)
    for piece in pieces { observer.receive(piece) }
    observer.finish(late: choice & 4 != 0)
    return observer
  }

  let whole = observe([bytes])
  func compare(_ other: Observer, _ how: @autoclosure () -> String) {
    require(
      other.actions == whole.actions && other.output == whole.output,
      "\(how()): \(other.actions) instead of \(whole.actions)")
  }
  compare(observe([bytes], keepsRest: true), "with the buffer overwritten")
  compare(observe(bytes.indices.map { bytes[$0...$0] }), "byte by byte")
  // Every position in short inputs, 64 of them in long ones.
  for cut in stride(from: bytes.startIndex + 1, to: bytes.endIndex, by: max(1, bytes.count / 64)) {
    compare(observe([bytes[..<cut], bytes[cut...]]), "split at \(cut - 1)")
  }
}
