import Foundation
import SessionStore

@testable import RolecallAPI

/// A service on a store, which can be started anew.
final class DurableService {
  let folder: URL
  private(set) var store: SessionStore
  private(set) var client: TestClient
  private let faults: StoreFaults
  private let residents: Int

  init(residents: Int = 4096, faults: StoreFaults = StoreFaults()) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "rolecall-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    self.faults = faults
    self.residents = residents
    store = try Self.open(folder, faults)
    client = TestClient(store: store) { $0.residents = residents }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private static func open(_ folder: URL, _ faults: StoreFaults) throws -> SessionStore {
    try SessionStore(
      path: folder.appending(path: "sessions.sqlite").path, options: StoreOptions(), faults: faults)
  }

  /// Ends the service and starts another on the same file.
  func restart() throws {
    try store.close()
    store = try Self.open(folder, faults)
    client = TestClient(store: store) { [residents] in $0.residents = residents }
  }
}
