import Testing

@Suite("Labs in the dashboard", .serialized)
struct DashboardLabTests {
  let bench: DashboardBench

  init() throws { bench = try DashboardBench() }

  @Test("a lab is begun from its card, and its steps are solved by clicking")
  func solved() throws {
    let page = try bench.start()
    try page.click("[data-lab=\"04-root-cache\"]")
    try page.wait("document.querySelector('lab-panel .current')")
    #expect(try page.text("document.querySelectorAll('lab-panel .lab-steps > li').length") != "0")
    #expect(try page.text("document.querySelector('lab-panel .current').textContent").contains("A miss"))
    #expect(try page.text("document.querySelector('lab-panel .bad').textContent").contains("CR3 is 0x1000"))

    // The task names the value to load, which is another one for every student.
    let wanted = try page.text(
      "document.querySelector('lab-panel .current').textContent.match(/Load CR3 with (0x[0-9a-f]+)/)[1]")
    try page.write("cr3", value: "0x9000")
    try page.wait("document.querySelector('lab-panel .bad').textContent.includes('CR3 is 0x9000')")
    try page.write("cr3", value: wanted)
    try page.wait("document.querySelector('lab-panel .current').textContent.includes('A hit')")
    #expect(
      try page.text("document.querySelector('lab-panel li details').textContent").contains("prev_roots[0]"))
    try page.write("cr3", value: "0x1000")
    try page.wait("!document.querySelector('lab-panel .current').textContent.includes('A hit')")
    #expect(try page.text("document.querySelector('lab-panel h2').textContent").contains("points"))
    try page.keepScreenshot("lab")
    try bench.expectCalm(page)
  }

  @Test("every lab can be begun, and its first task is shown")
  func everyLab() throws {
    let page = try bench.start()
    // The labs are read when they are first asked for.
    try page.wait("document.querySelector('[data-lab]')")
    let count = try #require(page.evaluate("document.querySelectorAll('[data-lab]').length").number)
    #expect(count >= 12)
    for index in 0..<Int(count) {
      try page.evaluate("document.querySelectorAll('[data-lab]')[\(index)].click()")
      try page.wait("document.querySelector('lab-panel .current p')")
      let task = try page.text("document.querySelector('lab-panel .current').textContent")
      #expect(task.count > 80 && !task.contains("undefined") && !task.contains("```"), "\(task)")
      try page.evaluate("location.hash = ''")
      try page.wait("document.querySelectorAll('[data-lab]').length == \(Int(count))")
    }
    try bench.expectCalm(page)
  }
}
