import HTTPCore
import KVMModel

extension ResultDocument {
  /// The searches of root caches and the walk, of what the client chose; nil if there was neither.
  var drawing: String? {
    let chosen = Fields(chosen: fields.chosen == ["drawing"] ? nil : fields.chosen)
    let lookups = chosen.contains("lookups") ? result.lookups : []
    let hasWalk = chosen.contains("walk") && result.walk != nil
    guard !lookups.isEmpty || hasWalk else { return nil }
    var drawing = Drawing()
    for lookup in lookups {
      drawing.add(lookup)
      drawing.skip(16)
    }
    if hasWalk { result.add(to: &drawing) }
    return drawing.svg(
      [lookups.isEmpty ? nil : "searches of the root cache", hasWalk ? "a walk of page tables" : nil]
        .compactMap(\.self).joined(separator: " and "))
  }
}

extension OperationResult {
  /// The walk; nil if the operation was none.
  var walkDrawing: String? {
    guard walk != nil else { return nil }
    var drawing = Drawing()
    add(to: &drawing)
    return drawing.svg("a walk of page tables")
  }

  fileprivate func add(to drawing: inout Drawing) {
    guard let walk else { return }
    let references = walkSteps.last?.references ?? 0
    drawing.add(
      walk: walkSteps,
      end:
        "\(walk.line(isAccess: access != nil)), \(references) \(references == 1 ? "reference" : "references")"
    )
  }
}

extension Drawing {
  /// What stands for a result in which there is nothing to draw.
  static let nothing: String = {
    var drawing = Drawing()
    drawing.text(margin, margin, "no root was looked for, and no table was walked", .muted)
    return drawing.svg("nothing to draw")
  }()
}

extension Exchange {
  /// An answer that draws vCPUs, one below the other.
  func drawing(
    of vcpus: [VCPU], in machine: borrowing VirtualMachine, fields: ResponseFields
  ) -> Response {
    var drawing = Drawing()
    for vcpu in vcpus {
      drawing.add(vcpu, in: machine)
      drawing.skip(24)
    }
    let label = vcpus.count == 1 ? "vCPU \(vcpus[0].id) and its three MMUs" : "\(vcpus.count) vCPUs"
    return text(drawing.svg(label), as: .svg, fields: fields)
  }
}
