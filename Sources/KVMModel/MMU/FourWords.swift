/// Four words. A vector takes several times as long to compare, and what holds one must lie at a multiple of 32, for which
/// memory takes several times as long to get.
public struct FourWords: Sendable, Hashable {
  private var one: UInt64 = 0
  private var two: UInt64 = 0
  private var three: UInt64 = 0
  private var four: UInt64 = 0

  /// Four zeros.
  init() {}

  init(_ vector: SIMD4<UInt64>) {
    (one, two, three, four) = (vector[0], vector[1], vector[2], vector[3])
  }

  /// The words as a vector.
  public var vector: SIMD4<UInt64> { SIMD4(one, two, three, four) }
}

extension FourWords: Codable {
  /// Reads them as a vector's.
  public init(from decoder: any Decoder) throws { self.init(try SIMD4(from: decoder)) }

  /// Writes them as a vector's.
  public func encode(to encoder: any Encoder) throws { try vector.encode(to: encoder) }
}
