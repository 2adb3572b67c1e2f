import HTTPCore
import Testing

@testable import HTTPServer

@Suite struct LoopCountsTests {
  private let layout = CountLayout(classOf: [0, 1, 1])

  @Test func answersAreCountedByRouteAndStatus() {
    var counts = LoopCounts(layout)
    counts.count(route: 1, status: 200, nanoseconds: 1)
    counts.count(route: 2, status: 404, nanoseconds: 1)
    counts.count(route: 2, status: 404, nanoseconds: 1)
    counts.count(route: 2, status: 418, nanoseconds: 1)
    counts.count(route: 99, status: 200, nanoseconds: 1)
    let column = { (status: UInt16) in CountLayout.statuses.firstIndex(of: status) ?? -1 }
    #expect(
      Array(counts.answers(of: 1)).enumerated().filter { $0.element > 0 }.map(\.offset) == [column(200)])
    #expect(Array(counts.answers(of: 2))[column(404)] == 2)
    #expect(Array(counts.answers(of: 2))[column(599)] == 1)
    #expect(Array(counts.answers(of: 0))[column(200)] == 1)
  }

  @Test func aBoundBelongsToItsBucket() {
    for (nanoseconds, bucket) in [
      (0, 0), (50_000, 0), (50_001, 1), (1_000_000, 4), (1_000_001, 5), (1_000_000_000, 13),
      (1_000_000_001, 14),
    ] {
      var counts = LoopCounts(layout)
      counts.count(route: 2, status: 200, nanoseconds: nanoseconds)
      let (buckets, sum) = counts.latencies(of: 1)
      #expect(buckets.enumerated().filter { $0.element == 1 }.map(\.offset) == [bucket], "\(nanoseconds)")
      #expect(sum == nanoseconds && counts.latencies(of: 0).buckets.allSatisfy { $0 == 0 })
    }
  }

  @Test func loopsAddUp() {
    var (one, other) = (LoopCounts(layout), LoopCounts(layout))
    one.count(route: 1, status: 200, nanoseconds: 7)
    other.count(route: 1, status: 200, nanoseconds: 5)
    other.count(.hostMissing, isAnswered: true)
    other.count(.silence)
    other.move(from: nil, to: .reading)
    other.move(from: .reading, to: .closing)
    one.add(other)
    #expect(one.answers(of: 1).first == 2 && one.latencies(of: 1).sum == 12)
    #expect(one.refused == [.hostMissing: 1] && one.ended == [.silence: 1])
    #expect(one.connections == [0, 0, 0, 0, 0, 1])
    #expect(one.answers(of: 0).reduce(0, +) == 1)
  }

  @Test func everyStatusOfARefusalHasAColumn() {
    for error in HTTPError.allCases {
      #expect(CountLayout.statuses.contains(error.status.rawValue), "\(error)")
      #expect(error.name.wholeMatch(of: /[a-z0-9]+(-[a-z0-9]+)*/) != nil, "\(error.name)")
    }
    #expect(Set(HTTPError.allCases.map(\.name)).count == HTTPError.allCases.count)
  }
}
