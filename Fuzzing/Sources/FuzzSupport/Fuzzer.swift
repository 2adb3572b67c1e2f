import CLibFuzzer

nonisolated(unsafe) private var check: ([UInt8]) -> Void = { _ in }

/// Runs libFuzzer, which takes the program's arguments and gives one input after another to `body`. An input that
/// traps there, or that `body` gives to ``require(_:_:)`` in vain, is kept as a finding.
public func runFuzzer(_ body: @escaping ([UInt8]) -> Void) {
  check = body
  var count = CommandLine.argc
  var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
  _ = LLVMFuzzerRunDriver(&count, &arguments, fuzzOneInput)
}

/// Stops the fuzzer with a message unless the condition holds.
public func require(_ condition: Bool, _ message: @autoclosure () -> String) {
  if !condition { fatalError(message()) }
}

/// What libFuzzer's own `main` would call; the linker asks for it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  check(Array(UnsafeBufferPointer(start: bytes, count: count)))
  return 0
}
