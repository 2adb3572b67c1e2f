import KVMModel
import Testing

struct KnownKernelsTests {
  @Test func mainlineRangesFollowEachOtherWithoutGap() throws {
    let ranges = KnownKernels.all.filter { $0.kind == .mainline }
    let shown = ranges.map { "\($0.since)-\($0.until?.description ?? "")" }
    #expect(
      shown == [
        "3.1-4.0", "4.1-4.1", "4.2-4.12", "4.13-4.17", "4.18-4.19", "4.20-4.20", "5.0-5.0", "5.1-5.1",
        "5.2-5.6",
        "5.7-5.13", "5.14-5.16", "5.17-5.18", "5.19-6.13", "6.14-7.1", "7.2-",
      ])
    for range in ranges {
      guard let until = range.until else { continue }
      let last = try RoleLayouts(of: until)
      #expect(
        last.pageRole == range.layouts.pageRole && last.extendedRole == range.layouts.extendedRole, "\(until)"
      )
      #expect(last.vcpuRole == range.layouts.vcpuRole, "\(until)")
    }
  }

  @Test func listsEveryLayout() {
    var used: Set<String> = []
    for range in KnownKernels.all {
      let layouts = range.layouts
      used.formUnion([layouts.pageRole, layouts.extendedRole, layouts.vcpuRole].compactMap { $0?.id })
    }
    #expect(used == Set(RoleLayout.all.map(\.id)))
  }

  @Test func onlyOneReleaseIsSimulated() {
    let simulated = KnownKernels.all.flatMap(\.simulated).map(\.description)
    #expect(simulated == ["6.1"])
    #expect(KernelRelease.simulated.map(\.description) == ["6.1"])
  }

  @Test func otherKernelsHaveTheirRanges() {
    let others = KnownKernels.all.filter { $0.kind != .mainline }.map { "\($0.kind) \($0.since)" }
    #expect(
      others == [
        "stable 5.10.48", "stable 5.12.15", "stable 5.13.1", "distro 7.0.14-pve", "series feb2022-v1",
        "series feb2022-v2",
      ])
  }
}
