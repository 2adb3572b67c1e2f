import JSON
import KVMModel
import Metrics

/// What a session's operations have done in all.
struct Statistics: Sendable, Hashable, Codable {
  private(set) var operations = 0
  private(set) var hits = 0
  /// Searches of a root cache that found nothing, by the best that a candidate came to.
  private(set) var misses: [RootLookup.Verdict: Int] = [:]
  private(set) var rootsFreed = 0
  private(set) var shadowPagesCreated = 0
  private(set) var shadowPagesZapped = 0
  private(set) var faults: [FaultReturn: Int] = [:]

  /// The causes of a miss, the nearest to a hit first.
  private static let causes: [RootLookup.Verdict] = [.roleDiffers, .noShadowPage, .pgdDiffers, .invalid]

  /// Counts an operation.
  mutating func count(_ result: OperationResult) {
    operations += 1
    for lookup in result.lookups {
      if lookup.hit != nil {
        hits += 1
      } else {
        let verdicts = lookup.candidates.map(\.verdict)
        misses[Self.causes.first(where: verdicts.contains) ?? .invalid, default: 0] += 1
      }
    }
    rootsFreed += result.rootsFreed
    shadowPagesCreated += result.pagesCreated
    shadowPagesZapped += result.pagesZapped
    guard result.hasMemoryWork else { return }
    for fault in result.faults { faults[fault.result, default: 0] += 1 }
  }

  /// Counts the pages of a machine that was just made.
  mutating func countPages(of machine: borrowing VirtualMachine) {
    shadowPagesCreated += machine.shadowPages.count
  }

  /// Adds what others have counted.
  mutating func add(_ other: Statistics) {
    operations += other.operations
    hits += other.hits
    misses.merge(other.misses, uniquingKeysWith: +)
    rootsFreed += other.rootsFreed
    shadowPagesCreated += other.shadowPagesCreated
    shadowPagesZapped += other.shadowPagesZapped
    faults.merge(other.faults, uniquingKeysWith: +)
  }

  /// Adds the families but for operations.
  func write(to text: inout MetricsText) {
    text.begin(
      .counter, "rolecall_root_lookups",
      "Searches of a root cache: hits, and misses by the best that a candidate came to.")
    text.sample(["result": RootLookup.Verdict.hit.rawValue], hits)
    for cause in Self.causes { text.sample(["result": cause.rawValue], misses[cause, default: 0]) }
    text.begin(.counter, "rolecall_roots_freed", "Roots that were let go.")
    text.sample(rootsFreed)
    text.begin(.counter, "rolecall_shadow_pages_created", "Shadow pages that were made.")
    text.sample(shadowPagesCreated)
    text.begin(.counter, "rolecall_shadow_pages_zapped", "Shadow pages that were zapped.")
    text.sample(shadowPagesZapped)
    text.begin(.counter, "rolecall_page_faults", "Page faults that KVM handled, by how its handler ended.")
    for result in FaultReturn.allCases where result != .continue {
      text.sample(["result": result.rawValue], faults[result, default: 0])
    }
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
      json.member("shadow_pages_zapped", shadowPagesZapped)
      json.key("page_faults")
      json.object { json in
        for result in FaultReturn.allCases where result != .continue {
          json.key(named: result.rawValue)
          json.integer(faults[result, default: 0])
        }
      }
    }
  }
}
