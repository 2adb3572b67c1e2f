/// The labs that are on offer.
public struct LabLibrary: Sendable {
  /// The labs by their ids, in order.
  public let labs: [LabFile]

  /// The labs of several lists; where two have the same id, the later takes its place.
  public init(_ lists: [LabFile]...) {
    var byID: [String: LabFile] = [:]
    for file in lists.joined() { byID[file.id] = file }
    labs = byID.values.sorted { $0.id < $1.id }
  }

  /// The lab of an id, if there is one.
  public subscript(id: String) -> LabFile? { labs.first { $0.id == id } }
}
