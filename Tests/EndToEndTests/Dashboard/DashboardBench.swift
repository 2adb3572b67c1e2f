import Testing

/// A service, a browser and pages of its dashboard.
struct DashboardBench {
  /// One browser serves every test; each test has pages of its own.
  private static let browser = Result { try Chromium() }

  let service: Service
  let browser: Chromium

  init() throws {
    service = try Service()
    browser = try Self.browser.get()
  }

  var url: String { service.server.url }

  /// The start of the dashboard.
  func start(width: Int = 1280, isDark: Bool = false) throws -> BrowserPage {
    let page = try BrowserPage(browser, width: width, isDark: isDark)
    try page.open(url + "/")
    try page.wait("document.querySelector('[data-preset]')")
    return page
  }

  /// A machine of a preset, made by pressing its card.
  func machine(_ preset: String, width: Int = 1280, isDark: Bool = false) throws -> BrowserPage {
    let page = try start(width: width, isDark: isDark)
    try page.click("[data-preset=\(preset)]")
    try page.wait("document.querySelector('mmu-card .bit')")
    return page
  }

  /// A page that shows the session of a start script made elsewhere.
  func session(_ script: String, width: Int = 1280, isDark: Bool = false) throws -> BrowserPage {
    let path = try service.session(script)
    let page = try BrowserPage(browser, width: width, isDark: isDark)
    try page.open("\(url)/#session=\(path.split(separator: "/").last ?? "")")
    try page.wait("document.querySelector('mmu-card .bit')")
    return page
  }

  /// Nothing went wrong on a page.
  func expectCalm(_ page: BrowserPage, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let faults = page.faults(origin: url)
    #expect(faults.isEmpty, sourceLocation: sourceLocation)
  }
}

extension BrowserPage {
  /// Ticks bits of a register and writes it.
  func write(_ register: String, toggling names: [String]) throws {
    let revision = try text("document.querySelector('time-line').state.session.revision")
    for name in names { try click("[data-source=\"\(register).\(name)\"] input") }
    try click("[data-write=\(register)]")
    try wait("document.querySelector('time-line').state.session.revision > \(revision)")
  }

  /// Types a register's value and writes it.
  func write(_ register: String, value: String) throws {
    let revision = try text("document.querySelector('time-line').state.session.revision")
    try click("#value-\(register)")
    try evaluate("document.querySelector('#value-\(register)').select()")
    try type(value)
    try click("[data-write=\(register)]")
    try wait("document.querySelector('time-line').state.session.revision > \(revision)")
  }

  /// A field's cell in a strip of an MMU.
  static func cell(_ mmu: String, _ role: String, _ field: String) -> String {
    "mmu-card[name=\(mmu)] role-strip[name=\(role)] [data-field=\(field)]"
  }

  /// What is read out for a field.
  func label(_ mmu: String, _ role: String, _ field: String) throws -> String {
    try text("document.querySelector('\(Self.cell(mmu, role, field))').ariaLabel")
  }

  /// The addresses of an MMU's cached roots, the current one first; empty text for an empty slot.
  func roots(_ mmu: String) throws -> [String] {
    try evaluate(
      "[...document.querySelectorAll('mmu-card[name=\(mmu)] .slot')].map((slot) => slot.dataset.hpa)"
    )
    .array?.compactMap(\.string) ?? []
  }

  /// Opens the panel of tables and one of its parts.
  func openTables(_ part: Int) throws {
    try evaluate("document.querySelector('tables-panel details').open = true")
    try click("#tables-tab-\(part)")
  }
}
