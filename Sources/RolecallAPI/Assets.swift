import CAssets

/// Files that are part of the program.
enum Assets {
  /// The API's description, `openapi.yaml`.
  static let openAPI = unsafe bytes(openapi_yaml_bytes(), openapi_yaml_length())

  /// The files of the dashboard by name; what is not here is not served.
  static let dashboard: [String: DashboardFile] = Dictionary(
    uniqueKeysWithValues: (0..<dashboard_files_count()).map { index in
      let file = unsafe dashboard_files()[index]
      let name = unsafe String(cString: file.name)
      return (name, DashboardFile(name: name, bytes: unsafe bytes(file.bytes, file.length)))
    })

  /// The files of the labs that come with the program, each with its text.
  static var labs: [(file: String, text: String)] {
    (0..<lab_count()).map { index in
      let text = unsafe bytes(lab_bytes(index), lab_length(index))
      return (unsafe String(cString: lab_name(index)), String(decoding: text, as: UTF8.self))
    }
  }

  /// A small lab to begin with.
  static let labTemplate = unsafe bytes(lab_template_bytes(), lab_template_length())

  /// A copy of a C array, which lives as long as the program.
  private static func bytes(_ start: UnsafePointer<UInt8>, _ count: Int) -> [UInt8] {
    unsafe Array(UnsafeBufferPointer(start: start, count: count))
  }
}
