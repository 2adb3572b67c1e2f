/// Entries that map one frame or lead to one page: mostly none or one (`struct kvm_rmap_head`).
enum SPTEPlaces: Sendable, Hashable {
  case none
  case one(SPTEPlace)
  case many(Set<SPTEPlace>)

  /// The entries by page and place in it.
  var inOrder: [SPTEPlace] {
    switch self {
    case .none: []
    case .one(let place): [place]
    case .many(let places): places.sorted { ($0.page.rawValue, $0.index) < ($1.page.rawValue, $1.index) }
    }
  }

  var isEmpty: Bool { self == .none }

  mutating func insert(_ place: SPTEPlace) {
    switch self {
    case .none: self = .one(place)
    case .one(let first): self = first == place ? self : .many([first, place])
    case .many(var places):
      self = .none
      places.insert(place)
      self = .many(places)
    }
  }

  mutating func remove(_ place: SPTEPlace) {
    switch self {
    case .none: break
    case .one(let only): if only == place { self = .none }
    case .many(var places):
      self = .none
      places.remove(place)
      self = places.count == 1 ? places.first.map(Self.one) ?? .none : .many(places)
    }
  }
}
