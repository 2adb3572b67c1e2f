import Testing

@Suite("The dashboard for everyone: keys, narrow windows, contrast", .serialized)
struct DashboardAccessTests {
  let bench: DashboardBench

  init() throws { bench = try DashboardBench() }

  private static let script =
    #"{"preset":"intel-ept","operations":[{"op":"nested-enter","ept":true,"eptp":"0x10005e","l2":{"cr3":"0x2000"}}]}"#

  @Test("it is used by keys alone: to a bit of a role, along the strip, to its explanation and out of it")
  func keys() throws {
    let page = try bench.machine("intel-shadow")
    for _ in 0..<60 where try page.text("document.activeElement.className") != "bit set" {
      try page.press("Tab", code: 9)
    }
    #expect(try page.text("document.activeElement.dataset.field") == "level")
    #expect(try page.evaluate("document.activeElement.matches(':focus-visible')") == .bool(true))
    for _ in 0..<3 { try page.press("ArrowRight", code: 39) }
    #expect(try page.text("document.activeElement.dataset.field") == "direct")
    try page.wait(
      "!document.getElementById('tip').hidden && document.getElementById('tip').textContent.includes('tables')"
    )
    try page.press("Escape", code: 27)
    #expect(try page.evaluate("document.getElementById('tip').hidden") == .bool(true))
    try page.press("End", code: 35)
    #expect(try page.text("document.activeElement.dataset.field") == "efer_lma")
    try page.evaluate("document.activeElement.click()")
    try page.wait("document.querySelector('.why:not([hidden])')")
    try bench.expectCalm(page)
  }

  @Test("everything that can be worked has a name, and what happened is read out")
  func names() throws {
    let page = try bench.session(Self.script)
    try page.openTables(0)
    for tab in [1, 2, 3, 4, 0] {
      try page.click("#do-tab-\(tab)")
      let nameless = try page.evaluate(
        """
        [...document.querySelectorAll('button, input, select, a, [role=tree], [role=toolbar], [role=tablist], summary')]
          .filter((element) => element.checkVisibility())
          .filter((element) => !(element.ariaLabel || element.textContent.trim() || element.labels?.length || element.title))
          .map((element) => element.outerHTML.slice(0, 200))
        """)
      #expect(nameless == .array([]), "\(tab)")
    }
    try page.write("cr4", toggling: ["PGE"])
    try page.wait("document.getElementById('announcer').textContent.startsWith('Done.')")
    try bench.expectCalm(page)
  }

  @Test("text has a contrast of at least 4.5 in both themes (WCAG 2.2, 1.4.3)", arguments: [false, true])
  func contrast(isDark: Bool) throws {
    let page = try bench.session(Self.script, isDark: isDark)
    try page.write("cr0", toggling: ["WP"])
    try page.click(BrowserPage.cell("guest_mmu", "mmu_role", "guest_mode"))
    try page.click("[data-source=\"cr4.PAE\"] input")
    try page.openTables(2)
    try page.click("#tables-2 button[type=submit]")
    try page.wait("document.querySelector('#tables-2 svg, #tables-2 [role=status]:not(:empty)')")
    let faint = try page.evaluate(
      """
      (() => {
        const rgb = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return { r, g, b, a } }
        const light = ({ r, g, b }) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
          .reduce((sum, c, index) => sum + c * [0.2126, 0.7152, 0.0722][index], 0)
        const behind = (element) => { for (let at = element; at; at = at.parentElement) { const colour = rgb(getComputedStyle(at).backgroundColor); if (colour.a === 1) return colour } return { r: 255, g: 255, b: 255 } }
        const found = []
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
          const element = node.parentElement
          if (!node.data.trim() || !element.checkVisibility() || element.closest('.offscreen, .skip, noscript, desc, title, :disabled, [aria-disabled=true], .later, option')) continue
          const isDrawn = element.namespaceURI.endsWith('svg')
          let ground = behind(element)
          if (isDrawn) { const box = element.previousElementSibling?.closest('.box') ?? [...element.parentElement.querySelectorAll('.box')].at(-1); const fill = box && getComputedStyle(box).fill; if (fill?.startsWith('rgb')) ground = rgb(fill) }
          const ink = rgb(isDrawn ? getComputedStyle(element).fill : getComputedStyle(element).color)
          const [high, low] = [light(ink), light(ground)].sort((a, b) => b - a)
          const ratio = (high + 0.05) / (low + 0.05)
          if (ratio < 4.5) found.push(`${node.data.trim().slice(0, 40)} (${element.className?.baseVal ?? element.className}): ${ratio.toFixed(2)}`)
        }
        return [...new Set(found)]
      })()
      """)
    #expect(faint == .array([]))
    try page.keepScreenshot(isDark ? "nested-dark" : "nested-light")
    try bench.expectCalm(page)
  }

  @Test(
    "nothing is cut off or scrolls sideways on a phone, or at 200 % on a small screen",
    arguments: [(380, true), (380, false), (640, false)])
  func narrow(width: Int, isDark: Bool) throws {
    for isStart in [true, false] {
      let page =
        try isStart
        ? bench.start(width: width, isDark: isDark) : bench.session(Self.script, width: width, isDark: isDark)
      if !isStart { try page.openTables(0) }
      #expect(try page.evaluate("document.documentElement.scrollWidth <= innerWidth") == .bool(true))
      let wide = try page.evaluate(
        """
        [...document.querySelectorAll('body *')].filter((element) => element.checkVisibility() && !element.closest('.scroll, .offscreen, .skip, virtual-tree, pre, #tip'))
          .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5).map((element) => element.outerHTML.slice(0, 120))
        """)
      #expect(wide == .array([]))
      try page.keepScreenshot("\(isStart ? "start" : "session")-\(width)-\(isDark ? "dark" : "light")")
      try bench.expectCalm(page)
    }
  }

  @Test("the theme that is chosen stays, against the system's wish")
  func theme() throws {
    let page = try bench.start(isDark: true)
    let ground = "getComputedStyle(document.body).backgroundColor"
    let dark = try page.text(ground)
    try page.evaluate(
      "(() => { const theme = document.getElementById('theme'); theme.value = 'light'; theme.dispatchEvent(new Event('change')) })()"
    )
    #expect(try page.text(ground) != dark)
    try page.open(bench.url + "/")
    #expect(try page.text("document.documentElement.dataset.theme") == "light")
    try bench.expectCalm(page)
  }
}
