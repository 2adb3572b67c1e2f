import Glibc
import KVMModel

// Operations a second on one core, and memory for a session at rest. CPU time of this process, not the clock's, is
// what counts, and each case runs several times: the median is printed.

func cpuSeconds() -> Double {
  var now = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}

/// Bytes of this process that are in memory.
func residentBytes() -> Int {
  guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
  defer { unsafe fclose(file) }
  var total = 0
  var resident = 0
  _ = unsafe withUnsafeMutablePointer(to: &total) { total in
    unsafe withUnsafeMutablePointer(to: &resident) { resident in
      unsafe withVaList([total, resident]) { unsafe vfscanf(file, "%ld %ld", $0) }
    }
  }
  return resident * sysconf(Int32(_SC_PAGESIZE))
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

func rate(_ count: Int, _ machine: VirtualMachine, _ operations: [Operation], _ detail: Detail) throws
  -> Double
{
  median(
    try (0..<7).map { _ in
      var machine = machine
      let start = cpuSeconds()
      for index in 0..<count {
        _ = try machine.apply(operations[index % operations.count], detail: detail)
      }
      return Double(count) / (cpuSeconds() - start)
    })
}

func preset(_ name: String) -> Machine { Preset.named(name)?.machine ?? Machine() }

func text(_ rate: Double) -> String { "\(Int(rate / 1000)) thousand/s" }

let toggleWP = [Operation]([
  .vcpu(0, .setCR(.cr0, .bits(set: 0, clear: CR0.wp.rawValue))),
  .vcpu(0, .setCR(.cr0, .bits(set: CR0.wp.rawValue, clear: 0))),
])
let toggleSMEP = [Operation]([
  .vcpu(0, .setCR(.cr4, .bits(set: CR4.smep.rawValue, clear: 0))),
  .vcpu(0, .setCR(.cr4, .bits(set: 0, clear: CR4.smep.rawValue))),
])
let switchCR3 = (1...3).map { Operation.vcpu(0, .setCR(.cr3, .value(UInt64($0) << 12))) }

let cases: [(name: String, preset: String, operations: [Operation])] = [
  ("set-cr cr4 SMEP (every root dropped and found again)", "intel-ept", toggleSMEP),
  ("set-cr cr4 SMEP (every root dropped and found again)", "intel-shadow", toggleSMEP),
  ("set-cr cr3 among three values (root cache hits)", "intel-shadow", switchCR3),
  ("set-cr cr0 WP (roles only)", "intel-ept", toggleWP),
]

/// A machine whose tables are in memory, after some operations.
func prepared(_ name: String, _ words: [(UInt64, UInt64)], _ operations: [VCPUOperation]) throws
  -> VirtualMachine
{
  var machine = preset(name)
  machine.memory.words = words.map { MemoryWord(address: GuestPhysicalAddress(rawValue: $0.0), value: $0.1) }
  var vm = VirtualMachine(machine: machine)
  for operation in operations {
    let outcome = try vm.apply(.vcpu(0, operation), detail: []).outcome
    guard outcome == .ok else { fatalError("\(operation): \(outcome)") }
  }
  return vm
}

/// Tables in frames 1 to 4 that map the first 2 MiB to themselves.
let guestTables: [(UInt64, UInt64)] =
  [(0x1000, 0x2067), (0x2000, 0x3067), (0x3000, 0x4067)]
  + (0..<512).map { (0x4000 + $0 * 8, $0 << 12 | 0x67) }
/// EPT in frames 0x10 to 0x13 that does the same.
let nestedTables: [(UInt64, UInt64)] =
  [(0x1_0000, 0x1_1107), (0x1_1000, 0x1_2107), (0x1_2000, 0x1_3107)]
  + (0..<512).map { (0x1_3000 + $0 * 8, $0 << 12 | 0x337) }
let walk = Operation.vcpu(0, .walk(WalkRequest(address: 0x9000, access: .read)))
let faults = (0..<512).map { Operation.vcpu(0, .pageFault(address: $0 << 12, errorCode: [.write, .user])) }
let enterL2 = VCPUOperation.nestedEnter(NestedEntry(nestedPaging: true, pgd: 0x1_005e))
let walkCases: [(name: String, vm: VirtualMachine, operations: [Operation])] = [
  ("walks of 4 levels", try prepared("intel-ept", guestTables, []), [walk]),
  (
    "walks of 4 levels through EPT of 4", try prepared("intel-ept", guestTables + nestedTables, [enterL2]),
    [walk]
  ),
  (
    "page faults of intel-shadow, each on the next of 512 pages",
    try prepared("intel-shadow", guestTables, []),
    faults + [.machine(.zapAll)]
  ),
  (
    "page faults of intel-ept, each on the next of 512 pages", try prepared("intel-ept", guestTables, []),
    faults + [.machine(.zapAll)]
  ),
]

// `ModelBenchmark once CASE bare|all COUNT` runs one case once, for a profiler.
if CommandLine.arguments.count == 5, CommandLine.arguments[1] == "once",
  let number = Int(CommandLine.arguments[2]), let count = Int(CommandLine.arguments[4])
{
  let row = cases[number]
  var machine = VirtualMachine(machine: preset(row.preset))
  let detail: Detail = CommandLine.arguments[3] == "all" ? .all : []
  for index in 0..<count {
    _ = try machine.apply(row.operations[index % row.operations.count], detail: detail)
  }
  exit(0)
}

for row in cases {
  let machine = VirtualMachine(machine: preset(row.preset))
  let bare = try rate(400_000, machine, row.operations, [])
  let full = try rate(60_000, machine, row.operations, .all)
  print("\(row.preset), \(row.name): \(text(bare)) bare, \(text(full)) with every detail")
}

for row in walkCases {
  print("\(row.name): \(text(try rate(200_000, row.vm, row.operations, []))) bare")
}

let shadowBefore = residentBytes()
let shadowSessions = try (0..<20).map { _ in
  let roots = (0..<250 as Range<UInt64>).map { 0x10_0000 + $0 << 14 }
  var words: [(UInt64, UInt64)] = []
  for root in roots {
    for table in 0..<3 as Range<UInt64> {
      words.append((root | table << 12, root | (table + 1) << 12 | 0x67))
    }
    words.append((root | 0x3000, 0x67))
  }
  let operations = roots.flatMap {
    [.setCR(.cr3, .value($0)), .pageFault(address: 0, errorCode: [])] as [VCPUOperation]
  }
  return try prepared("intel-shadow", words, operations)
}
print(
  "memory of a machine with \(shadowSessions[0].shadowPages.count) shadow pages: "
    + "\((residentBytes() - shadowBefore) / shadowSessions.count) bytes, \(shadowSessions[0].memory.touchedPages) touched pages of 4 KiB included"
)

let sessions = 10_000
let before = residentBytes()
var machines: [VirtualMachine] = []
machines.reserveCapacity(sessions)
for _ in 0..<sessions { machines.append(VirtualMachine(machine: preset("intel-ept"))) }
print("memory for a machine at rest: \((residentBytes() - before) / sessions) bytes")
withExtendedLifetime(machines) {}
