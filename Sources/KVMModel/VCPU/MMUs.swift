/// The three MMUs of a vCPU. Each stands on the heap and is shared by copies until one of them changes: what a vCPU was
/// before an operation then takes only those MMUs that the operation changes, and the others are seen to be equal at once.
struct MMUs: Sendable {
  // By place of the name. An array of one is such a place on the heap.
  private var places: InlineArray<3, [MMU]>

  init(root: MMU, guest: MMU, nested: MMU) {
    places = [[root], [guest], [nested]]
  }

  /// The MMU of a name, in place.
  subscript(name: MMUName) -> MMU {
    _read { yield places[name.place][0] }
    _modify { yield &places[name.place][0] }
  }

  /// The place of the MMU of a name.
  func place(_ name: MMUName) -> [MMU] { places[name.place] }
}

extension MMUs: Hashable {
  static func == (one: MMUs, other: MMUs) -> Bool {
    MMUName.allCases.allSatisfy { one.place($0) == other.place($0) }
  }

  func hash(into hasher: inout Hasher) {
    for name in MMUName.allCases { hasher.combine(self[name]) }
  }
}

extension MMUs: Codable {
  init(from decoder: any Decoder) throws {
    let mmus = try [MMU](from: decoder)
    guard mmus.count == 3 else { throw DecodingError.corrupt("A vCPU has three MMUs.") }
    self.init(root: mmus[0], guest: mmus[1], nested: mmus[2])
  }

  func encode(to encoder: any Encoder) throws {
    try MMUName.allCases.map { self[$0] }.encode(to: encoder)
  }
}

extension MMUName {
  fileprivate var place: Int {
    switch self {
    case .root: 0
    case .guest: 1
    case .nested: 2
    }
  }
}
