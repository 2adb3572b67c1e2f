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

func map(_ format: Mapping.Format, root: UInt64, _ address: UInt64, to target: UInt64, tables: UInt64)
  -> Operation
{
  .machine(.map(Mapping(format: format, root: root, address: address, target: target, tables: tables)))
}

/// A guest with one page mapped by 4-level tables.
let oneDimension = [map(.fourLevel, root: 0x1000, 0x40_0000, to: 0x5_0000, tables: 0x2000)]
/// The same as L2: its four tables and its page are mapped by L1's 4-level EPT.
let twoDimensions: [Operation] =
  [0x1000, 0x2000, 0x3000, 0x4000, 0x5_0000].map {
    map(.ept, root: 0x10_0000, $0, to: $0, tables: 0x10_1000)
  } + oneDimension + [
    .vcpu(0, .nestedEnter(NestedEntry(nestedPaging: true, pgd: 0x10_005e, l2: RegisterValues(cr3: 0x1000))))
  ]
let walk = [Operation.vcpu(0, .walk(WalkRequest(address: 0x40_0000, access: .read)), enterGuest: false)]
let access = [Operation.vcpu(0, .access(AccessRequest(address: 0x40_0000, kind: .read)), enterGuest: false)]
let build = access + [Operation.machine(.zapAll)]

let cases: [(name: String, preset: String, setup: [Operation], operations: [Operation])] = [
  ("set-cr cr4 SMEP (every root dropped and found again)", "intel-ept", [], toggleSMEP),
  ("set-cr cr4 SMEP (every root dropped and found again)", "intel-shadow", [], toggleSMEP),
  ("set-cr cr3 among three values (root cache hits)", "intel-shadow", [], switchCR3),
  ("set-cr cr0 WP (roles only)", "intel-ept", [], toggleWP),
  ("walk of 4-level tables", "intel-shadow", oneDimension, walk),
  ("walk in two dimensions, 4-level each (24 references)", "intel-ept", twoDimensions, walk),
  ("access that the loaded tables allow", "intel-shadow", oneDimension, access),
  ("access that builds three shadow pages, and zap-all, in turn", "intel-shadow", oneDimension, build),
]

func prepared(_ row: (name: String, preset: String, setup: [Operation], operations: [Operation])) throws
  -> VirtualMachine
{
  var machine = VirtualMachine(machine: preset(row.preset))
  for operation in row.setup { _ = try machine.apply(operation, detail: []) }
  return machine
}

// `ModelBenchmark once CASE bare|minimal|all COUNT` runs one case once, for a profiler.
if CommandLine.arguments.count == 5, CommandLine.arguments[1] == "once",
  let number = Int(CommandLine.arguments[2]), let count = Int(CommandLine.arguments[4])
{
  let row = cases[number]
  var machine = try prepared(row)
  let details: [String: Detail] = ["all": .all, "minimal": .all.subtracting(.narration)]
  let detail = details[CommandLine.arguments[3]] ?? []
  for index in 0..<count {
    _ = try machine.apply(row.operations[index % row.operations.count], detail: detail)
  }
  exit(0)
}

for row in cases {
  let machine = try prepared(row)
  let bare = try rate(400_000, machine, row.operations, [])
  let full = try rate(60_000, machine, row.operations, .all)
  print("\(row.preset), \(row.name): \(text(bare)) bare, \(text(full)) with every detail")
}

let sessions = 10_000
let before = residentBytes()
var machines: [VirtualMachine] = []
machines.reserveCapacity(sessions)
for _ in 0..<sessions { machines.append(VirtualMachine(machine: preset("intel-ept"))) }
print("memory for a machine at rest: \((residentBytes() - before) / sessions) bytes")
withExtendedLifetime(machines) {}

/// A session in which accesses built shadow pages: one of level 1 for each 2 MiB.
var busy = VirtualMachine(machine: preset("intel-shadow"))
for region in 0..<1000 {
  let address = UInt64(region) << 21
  _ = try busy.apply(
    map(.fourLevel, root: 0x1000, address, to: 0x3000_0000 + UInt64(region) << 12, tables: 0x10_0000),
    detail: [])
  _ = try busy.apply(.vcpu(0, .access(AccessRequest(address: address, kind: .read))), detail: [])
}
let pages = busy.shadowPages.count
let copies = 200
let start = residentBytes()
var busyMachines: [VirtualMachine] = []
for _ in 0..<copies {
  var copy = busy
  // Each copy writes once to everything that it could share with the others.
  _ = try copy.apply(.vcpu(0, .access(AccessRequest(address: 0, kind: .write, value: 1))), detail: [])
  busyMachines.append(copy)
}
print(
  "memory for a machine with \(pages) shadow pages, guest memory aside: \((residentBytes() - start) / copies) bytes"
)
withExtendedLifetime(busyMachines) {}

/// What a snapshot takes, and what it takes to make and to read one.
func printSnapshot(_ name: String, _ machine: VirtualMachine) throws {
  let bytes = try machine.snapshot()
  func microseconds(_ body: () throws -> Void) rethrows -> Int {
    let times = try (0..<7).map { _ in
      let start = cpuSeconds()
      for _ in 0..<20 { try body() }
      return (cpuSeconds() - start) / 20
    }
    return Int(median(times) * 1e6)
  }
  let write = try microseconds { _ = try machine.snapshot() }
  let read = try microseconds { _ = try VirtualMachine(snapshot: bytes) }
  print("snapshot of \(name): \(bytes.count) bytes, written in \(write) us, read in \(read) us")
}
try printSnapshot("a machine at rest", VirtualMachine(machine: preset("intel-ept")))
try printSnapshot("a machine with \(pages) shadow pages", busy)
