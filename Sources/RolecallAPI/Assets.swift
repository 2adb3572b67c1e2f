import CAssets

/// Files that are part of the program.
enum Assets {
  /// The API's description, `openapi.yaml`.
  static let openAPI = unsafe bytes(openapi_yaml_bytes(), openapi_yaml_length())

  /// The page at `/`.
  static let startPage = unsafe bytes(index_html_bytes(), index_html_length())

  /// A copy of a C array, which lives as long as the program.
  private static func bytes(_ start: UnsafePointer<UInt8>, _ count: Int) -> [UInt8] {
    unsafe Array(UnsafeBufferPointer(start: start, count: count))
  }
}
