import JSON
import KVMModel

/// What a session's operations have done in all.
struct Statistics: Sendable {
  private(set) var operations = 0
  private(set) var hits = 0
  /// Searches of a root cache that found nothing, by the best that a candidate came to.
  private(set) var misses: [RootLookup.Verdict: Int] = [:]
  private(set) var rootsFreed = 0
  private(set) var shadowPagesCreated = 0
  private var newestPage: HostPhysicalAddress?

  /// The causes of a miss, the nearest to a hit first.
  private static let causes: [RootLookup.Verdict] = [.roleDiffers, .noShadowPage, .pgdDiffers, .invalid]

  /// Counts an operation: its result, the roots before it, and the machine after it.
  mutating func count(
    _ result: OperationResult, from before: [[HostPhysicalAddress]], to after: borrowing VirtualMachine
  ) {
    operations += 1
    for lookup in result.lookups {
      if lookup.hit != nil {
        hits += 1
      } else {
        let verdicts = lookup.candidates.map(\.verdict)
        misses[Self.causes.first(where: verdicts.contains) ?? .invalid, default: 0] += 1
      }
    }
    let roots = after.roots
    guard roots != before else { return }
    rootsFreed += zip(before, roots).reduce(0) { sum, pair in sum + pair.0.count { !pair.1.contains($0) } }
    countPages(of: after)
  }

  /// Counts the pages that were made since the last time.
  mutating func countPages(of machine: borrowing VirtualMachine) {
    let pages = machine.shadowPages
    guard let newest = pages.last?.hpa else { return }
    if let known = newestPage {
      shadowPagesCreated += pages.reversed().prefix { $0.hpa > known }.count
    } else {
      shadowPagesCreated += pages.count
    }
    newestPage = max(newest, newestPage ?? newest)
  }

  func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("operations", operations)
      json.key("root_lookups")
      json.object { json in
        json.member("hit", hits)
        json.key("missed")
        json.object { json in
          for cause in Self.causes {
            json.key(named: cause.rawValue)
            json.integer(misses[cause, default: 0])
          }
        }
      }
      json.member("roots_freed", rootsFreed)
      json.member("shadow_pages_created", shadowPagesCreated)
    }
  }
}

extension VirtualMachine {
  /// The roots that each MMU of each vCPU holds.
  var roots: [[HostPhysicalAddress]] {
    vcpus.flatMap { vcpu in
      MMUName.allCases.map { name in
        let mmu = vcpu[name]
        return ([mmu.root] + mmu.previousRoots).compactMap(\.hpa)
      }
    }
  }
}
