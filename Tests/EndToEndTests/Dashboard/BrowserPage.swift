import Foundation
import Testing

/// A page of a headless Chromium.
final class BrowserPage {
  private let browser: Chromium
  private let session: String

  /// - Parameters:
  ///   - width: of the window, in CSS pixels.
  ///   - isDark: the system prefers dark colours.
  init(
    _ browser: Chromium, width: Int = 1280, height: Int = 900, isDark: Bool = false, prefersCalm: Bool = true
  ) throws {
    self.browser = browser
    let target = try browser.send(
      "Target.createTarget", ["url": .string("about:blank"), "newWindow": .bool(true)])
    let attached = try browser.send(
      "Target.attachToTarget", ["targetId": target["targetId"] ?? .null, "flatten": .bool(true)])
    session = try #require(attached["sessionId"]?.string)
    for domain in ["Page", "Runtime", "Log", "Network", "Audits"] { try send("\(domain).enable") }
    // Other tests open windows meanwhile, which would take the focus.
    try send("Emulation.setFocusEmulationEnabled", ["enabled": .bool(true)])
    try send(
      "Emulation.setDeviceMetricsOverride",
      [
        "width": .number(Double(width)), "height": .number(Double(height)), "deviceScaleFactor": .number(1),
        "mobile": .bool(false),
      ])
    try send(
      "Emulation.setEmulatedMedia",
      [
        "features": .array([
          .object(["name": .string("prefers-color-scheme"), "value": .string(isDark ? "dark" : "light")]),
          .object([
            "name": .string("prefers-reduced-motion"),
            "value": .string(prefersCalm ? "reduce" : "no-preference"),
          ]),
        ])
      ])
  }

  @discardableResult
  private func send(_ method: String, _ parameters: [String: JSONDocument] = [:]) throws -> JSONDocument {
    try browser.send(method, parameters, session: session)
  }

  /// Goes to a URL and waits until it is loaded.
  func open(_ url: String) throws {
    try send("Page.navigate", ["url": .string(url)])
    try wait(
      "location.href.startsWith('\(url.split(separator: "#")[0])') && document.readyState == 'complete'")
  }

  /// The value of an expression of JavaScript, awaited if it is a promise.
  @discardableResult
  func evaluate(_ expression: String) throws -> JSONDocument {
    let answer = try send(
      "Runtime.evaluate",
      [
        "expression": .string(expression), "awaitPromise": .bool(true), "returnByValue": .bool(true),
        "userGesture": .bool(true),
      ])
    if let exception = answer["exceptionDetails"] {
      throw Chromium.Failure.script(expression, exception)
    }
    return answer["result"]?["value"] ?? .null
  }

  func text(_ expression: String) throws -> String { try evaluate("String(\(expression))").string ?? "" }

  /// Waits until a condition of JavaScript holds.
  func wait(_ condition: String) throws {
    let deadline = Date(timeIntervalSinceNow: Chromium.patience)
    while Date() < deadline {
      if try evaluate("Boolean(\(condition))") == .bool(true) { return }
      usleep(20_000)
    }
    throw Chromium.Failure.never(condition)
  }

  /// Presses what a selector finds, in its middle, as a person does.
  func click(_ selector: String) throws {
    try wait("document.querySelector(`\(selector)`)")
    let place = try evaluate(
      """
      (() => { const element = document.querySelector(`\(selector)`)
        element.scrollIntoView({ block: 'center', behavior: 'instant' })
        const { x, y, width, height } = element.getBoundingClientRect()
        return { x: x + width / 2, y: y + height / 2 } })()
      """)
    for type in ["mousePressed", "mouseReleased"] {
      try send(
        "Input.dispatchMouseEvent",
        [
          "type": .string(type), "x": place["x"] ?? .null, "y": place["y"] ?? .null,
          "button": .string("left"), "clickCount": .number(1),
        ])
    }
  }

  /// Presses a key that has no character, such as `Tab` or `ArrowRight`.
  ///
  /// - Parameter modifiers: 2 for Control, 8 for Shift.
  func press(_ key: String, code: Int, modifiers: Int = 0) throws {
    for type in ["rawKeyDown", "keyUp"] {
      try send(
        "Input.dispatchKeyEvent",
        [
          "type": .string(type), "key": .string(key), "code": .string(key),
          "windowsVirtualKeyCode": .number(Double(code)), "modifiers": .number(Double(modifiers)),
        ])
    }
  }

  /// Types text where the focus is.
  func type(_ text: String) throws { try send("Input.insertText", ["text": .string(text)]) }

  /// Attaches a picture of the whole page to the test, and keeps it in `.build/screenshots`.
  func keepScreenshot(_ name: String) throws {
    try evaluate("scrollTo(0, 0)")
    let size = try send("Page.getLayoutMetrics")["cssContentSize"]
    let answer = try send(
      "Page.captureScreenshot",
      [
        "format": .string("png"), "captureBeyondViewport": .bool(true),
        "clip": .object([
          "x": .number(0), "y": .number(0), "width": size?["width"] ?? .null,
          "height": .number(min(size?["height"]?.number ?? 900, 6000)), "scale": .number(1),
        ]),
      ])
    let picture = try #require(Data(base64Encoded: answer["data"]?.string ?? ""))
    let folder = repository.appending(path: ".build/screenshots")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try picture.write(to: folder.appending(path: "\(name).png"))
    Attachment.record([UInt8](picture), named: "\(name).png")
  }

  /// The addresses that were asked for, and bytes of the answers' contents as they came.
  var requests: [String] {
    browser.events(of: session, "Network.requestWillBeSent").compactMap {
      $0["request"]?["url"]?.string
    }
  }

  /// What went wrong: errors in the console, exceptions, blocked content, requests to another origin than `origin`.
  func faults(origin: String) -> [String] {
    var faults = browser.events(of: session, "Runtime.exceptionThrown").map(\.text)
    faults += browser.events(of: session, "Runtime.consoleAPICalled").filter {
      ["error", "warning", "assert"].contains($0["type"]?.string)
    }.map(\.text)
    faults += browser.events(of: session, "Log.entryAdded").compactMap { $0["entry"] }.filter {
      ["error", "warning"].contains($0["level"]?.string)
    }.map(\.text)
    faults += browser.events(of: session, "Audits.issueAdded").compactMap { $0["issue"] }.filter {
      $0["code"]?.string == "ContentSecurityPolicyIssue"
    }.map(\.text)
    faults += requests.filter {
      !$0.hasPrefix(origin) && !$0.hasPrefix("about:") && !$0.hasPrefix("blob:\(origin)")
    }
    return faults
  }
}
