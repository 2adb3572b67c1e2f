import Testing

@Suite("The dashboard's tables and walks in a browser", .serialized)
struct DashboardTableTests {
  let bench: DashboardBench

  init() throws { bench = try DashboardBench() }

  @Test("a walk in two dimensions is drawn step by step, with the references counted")
  func walk() throws {
    let maps = ["0x2000", "0x3000", "0x4000", "0x5000", "0x8000"].map {
      #"{"op":"map","format":"ept","root":"0x10005e","address":"\#($0)","target":"\#($0)","tables":"0x110000"}"#
    }
    let operations =
      [
        #"{"op":"map","format":"4-level","root":"0x2000","address":"0x7000","target":"0x8000","tables":"0x3000"}"#
      ] + maps
      + [#"{"op":"nested-enter","ept":true,"eptp":"0x10005e","l2":{"cr3":"0x2000"}}"#]
    let page = try bench.session(#"{"operations":[\#(operations.joined(separator: ","))]}"#)
    #expect(
      try page.text("document.querySelector('mmu-card[name=guest_mmu] .pointer').textContent").contains("mmu")
    )
    #expect(
      try page.text("document.querySelector('mmu-card[name=nested_mmu] .pointer').textContent").contains(
        "walk_mmu"))
    try page.openTables(2)
    try page.click("#tables-2 button[type=submit]")
    try page.wait("document.querySelectorAll('#tables-2 svg [data-step]').length == 24")
    #expect(
      try page.text("document.querySelector('#tables-2 [role=status]').textContent").contains(
        "24 memory references; it leads to 0x8000"))
    let next =
      "[...document.querySelectorAll('#tables-2 button')].find((each) => each.textContent == '%').click()"
    try page.evaluate(next.replacing("%", with: "First"))
    for _ in 0..<5 { try page.evaluate(next.replacing("%", with: "Next")) }
    #expect(
      try page.text("document.querySelector('#tables-2 [role=status]').textContent").hasPrefix(
        "Step 6 of 24, reference 6: ept level 4"))
    #expect(try page.evaluate("document.querySelectorAll('#tables-2 .later').length") == .number(18))
    try page.keepScreenshot("walk-two-dimensions")
    try page.openTables(1)
    try page.wait("document.querySelector('#guest-tree').textContent.includes('table 0x3000')")
    try bench.expectCalm(page)
  }

  @Test("shadow pages are a tree, walked by keys, of which only what is in sight exists")
  func shadowPages() throws {
    // Each page of 2 MiB lies below a table of its own, so that a fault at it makes a shadow page.
    let count = 1_000
    let operations = (0..<count).flatMap { index -> [String] in
      let address = "0x" + String(index << 21 + 0x4000_0000, radix: 16)
      return [
        #"{"op":"map","format":"4-level","root":"0x1000","address":"\#(address)","target":"0x5000","tables":"0x1000000"}"#,
        #"{"op":"access","address":"\#(address)","cpl":3}"#,
      ]
    }
    let page = try bench.session(
      #"{"preset":"intel-shadow","operations":[\#(operations.joined(separator: ","))]}"#)
    try page.openTables(0)
    try page.wait("/^1,?0\\d\\d shadow pages/.test(document.querySelector('#tables-0 .hint').textContent)")
    try page.evaluate("document.querySelector('#shadow-tree').focus()")
    for _ in 0..<3 {
      for (key, code) in [("ArrowRight", 39), ("ArrowDown", 40)] {
        try page.press(key, code: code)
        try page.evaluate("new Promise((done) => setTimeout(done, 200))")
      }
    }
    let rows = try #require(
      page.evaluate("document.querySelectorAll('#shadow-tree .tree-row').length").number)
    #expect(rows > 5 && rows < 60)
    #expect(try #require(page.evaluate("document.querySelector('#shadow-tree').rows.length").number) > 100)
    try page.press("End", code: 35)
    try page.wait("document.querySelector('#shadow-tree').scrollTop > 1000")
    #expect(try page.text("document.querySelector('#shadow-tree .active').ariaLevel") != "null")
    try page.write("cr4", toggling: ["SMEP"])
    let drawn = try #require(
      page.evaluate("performance.getEntriesByName('state drawn').at(-1).duration").number)
    Attachment.record("a state drawn in \(drawn) ms with \(count) shadow pages", named: "state-drawn.txt")
    try page.keepScreenshot("shadow-pages")
    try bench.expectCalm(page)
  }
}
