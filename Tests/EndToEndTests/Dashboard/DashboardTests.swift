import Foundation
import Testing

@Suite("The dashboard in a browser", .serialized)
struct DashboardTests {
  let bench: DashboardBench

  init() throws { bench = try DashboardBench() }

  @Test("bits that are set show in the strips, with what changed, why, and what KVM did")
  func strips() throws {
    let page = try bench.machine("intel-shadow")
    try page.write("cr4", toggling: ["SMEP"])
    #expect(try page.label("root_mmu", "vcpu_role", "cr4_smep") == "cr4_smep: 1, just changed from 0")
    #expect(try page.label("root_mmu", "mmu_role", "smep_andnot_wp") == "smep_andnot_wp: 0")
    try page.write("cr0", toggling: ["WP"])
    #expect(
      try page.label("root_mmu", "mmu_role", "smep_andnot_wp") == "smep_andnot_wp: 1, just changed from 0")
    #expect(
      try page.text("document.querySelector('.narration').textContent").contains("kvm_mmu_reset_context"))
    #expect(try page.evaluate("document.querySelectorAll('.narration ul ul').length > 0") == .bool(true))
    #expect(
      try page.text("document.querySelector('result-view').textContent").contains("root_mmu.mmu_role.cr0_wp"))

    try page.click(BrowserPage.cell("root_mmu", "mmu_role", "smep_andnot_wp"))
    try page.wait("document.querySelector('.tick.lit')")
    let lit = try page.evaluate(
      "[...document.querySelectorAll('.tick.lit')].map((tick) => tick.dataset.source)")
    #expect(lit == .array(["cr0.WP", "cr0.PG", "cr4.SMEP"].map(JSONDocument.string)))
    #expect(
      try page.text("document.querySelector('.why:not([hidden])').textContent").contains(
        "kvm_init_shadow_mmu"))
    #expect(try page.text("location.hash").contains("pick=root_mmu.mmu_role.smep_andnot_wp"))
    try page.keepScreenshot("machine-light")
    try bench.expectCalm(page)
  }

  @Test("what KVM will refuse is said before it is sent, and the machine refuses it by the same rule")
  func refusal() throws {
    let page = try bench.machine("intel-ept")
    try page.click("[data-source=\"cr4.PAE\"] input")
    let warning =
      "[...document.querySelectorAll('.register .warning')].map((each) => each.textContent).join('')"
    #expect(try page.text(warning).contains("CR4.PAE can’t be cleared in long mode (kvm_set_cr4)"))
    #expect(try page.text("document.querySelector('#value-cr4').value") == "0x0")
    try page.click("[data-write=cr4]")
    try page.wait("document.querySelector('time-line .outcome.bad')")
    #expect(try page.text("document.querySelector('time-line .outcome').textContent").contains("#GP"))
    #expect(try page.text("document.querySelector('#value-cr4').value") == "0x20")
    try bench.expectCalm(page)
  }

  @Test("roots turn in the cache: a miss moves them on, a hit brings one back, and each slot says why")
  func rootCache() throws {
    let page = try bench.machine("intel-shadow")
    let first = try page.roots("root_mmu")
    try page.write("cr3", value: "0x2000")
    let second = try page.roots("root_mmu")
    #expect(second[1] == first[0] && second[0] != first[0] && second.count == 4)
    #expect(
      try page.text("document.querySelector('.slot:nth-child(2) .moved').textContent") == "⇄ from current")
    try page.write("cr3", value: "0x1000")
    #expect(try page.roots("root_mmu") == [first[0], second[0], "", ""])
    let verdicts = try page.text(
      "[...document.querySelectorAll('.verdict')].map((each) => each.textContent).join('|')")
    #expect(verdicts == "✓ last search: hit|≠ last search: pgd differs")
    #expect(
      try page.text("document.querySelector('result-view svg').getAttribute('aria-label')").contains(
        "root cache"))
    for cr3 in ["0x3000", "0x4000", "0x5000", "0x6000"] { try page.write("cr3", value: cr3) }
    #expect(try page.text("document.querySelector('.evicted').textContent").contains(first[0]))
    try page.keepScreenshot("root-cache")
    try bench.expectCalm(page)
  }

  @Test("roots glide to their new slots, unless the system prefers less motion", arguments: [true, false])
  func motion(prefersCalm: Bool) throws {
    let path = try bench.service.session(#"{"preset":"intel-shadow"}"#)
    let page = try BrowserPage(bench.browser, prefersCalm: prefersCalm)
    try page.open("\(bench.url)/#session=\(path.split(separator: "/").last ?? "")")
    try page.wait("document.querySelector('mmu-card .slot')")
    try page.evaluate(
      "(() => { window.moved = new Set(); const animate = Element.prototype.animate; Element.prototype.animate = function (...all) { window.moved.add(this.dataset.hpa); return animate.apply(this, all) } })()"
    )
    try page.write("cr3", value: "0x2000")
    // The old root moves to the slot beside, the new one appears. Whoever draws again meanwhile has them glide on.
    let roots = try page.roots("root_mmu").prefix(2)
    #expect(
      try page.text("[...window.moved].sort().join(' ')")
        == (prefersCalm ? "" : roots.sorted().joined(separator: " ")))
    try bench.expectCalm(page)
  }

  @Test("each of several vCPUs is shown and changed by itself")
  func severalVCPUs() throws {
    let page = try bench.session(#"{"preset":"intel-shadow","machine":{"vcpus":3}}"#)
    try page.evaluate(
      "(() => { const select = document.querySelector('.session-head select'); select.value = '2'; select.dispatchEvent(new Event('change')) })()"
    )
    try page.wait("location.hash.includes('vcpu=2')")
    try page.write("cr4", toggling: ["SMAP"])
    #expect(try page.label("root_mmu", "vcpu_role", "cr4_smap") == "cr4_smap: 1, just changed from 0")
    #expect(
      try page.text("document.querySelector('action-panel .curl').textContent").contains("/vcpus/2/set-cr"))
    try page.evaluate(
      "(() => { const select = document.querySelector('.session-head select'); select.value = '0'; select.dispatchEvent(new Event('change')) })()"
    )
    try page.wait("!location.hash.includes('vcpu=')")
    #expect(try page.label("root_mmu", "vcpu_role", "cr4_smap") == "cr4_smap: 0")
    try bench.expectCalm(page)
  }

  @Test("the curl line does what the button would")
  func curlLine() throws {
    let page = try bench.machine("intel-shadow")
    try page.click("[data-source=\"cr4.SMAP\"] input")
    let line = try page.text("document.querySelector('action-panel .curl').textContent")
    let (status, output) = try runCommand(["-c", line], of: URL(filePath: "/bin/sh"))
    #expect(status == 0 && output.contains("registers.cr4: 0x20 -> 0x200020"), "\(line)")
    try page.wait("document.querySelector('time-line').state.session.revision == 2")
    #expect(try page.label("root_mmu", "vcpu_role", "cr4_smap") == "cr4_smap: 1, just changed from 0")
    try bench.expectCalm(page)
  }

  @Test("the slider shows the machine as it was, and nothing can be done to the past")
  func slider() throws {
    let page = try bench.machine("intel-shadow")
    try page.write("cr4", toggling: ["SMEP"])
    try page.write("cr0", toggling: ["WP"])
    try page.evaluate(
      "(() => { const slider = document.querySelector('time-line input'); slider.value = 2; slider.dispatchEvent(new Event('input')) })()"
    )
    try page.wait("location.hash.includes('at=2')")
    try page.wait("document.querySelector('[data-write=cr0]').disabled")
    #expect(try page.label("root_mmu", "mmu_role", "cr0_wp") == "cr0_wp: 1")
    #expect(try page.text("document.querySelector('time-line').textContent").contains("revision 2 of 3"))
    #expect(
      try page.text("document.querySelector('action-panel .warning').textContent").contains("revision 2"))
    try page.evaluate("document.querySelector('.compare').open = true")
    try page.wait("document.querySelector('.compare tbody tr')")
    #expect(
      try page.text("document.querySelector('.compare').textContent").contains(
        "root_mmu.mmu_role.smep_andnot_wp"))
    try page.evaluate(
      "[...document.querySelectorAll('time-line button')].find((each) => each.textContent == 'Back to now').click()"
    )
    try page.wait("!document.querySelector('[data-write=cr0]').disabled")
    #expect(try page.label("root_mmu", "mmu_role", "cr0_wp").hasPrefix("cr0_wp: 0"))
    try bench.expectCalm(page)
  }

  @Test("what was done can be undone, redone and forked, also by keys and in a session that was opened")
  func travel() throws {
    let page = try bench.session(
      #"{"preset":"intel-shadow","operations":[{"op":"set-cr","register":"cr4","set":["SMEP"]},{"op":"set-cr","register":"cr0","clear":["WP"]}]}"#
    )
    #expect(
      try page.text("document.querySelector('.time-label').textContent")
        == "revision 3 of 3: set-cr CR0, clear WP")
    #expect(
      try page.label("root_mmu", "mmu_role", "smep_andnot_wp") == "smep_andnot_wp: 1, just changed from 0")
    try page.press("z", code: 90, modifiers: 2)
    try page.wait(
      "document.querySelector('.time-label').textContent == 'revision 4 of 4: undo 1: the state of revision 2'"
    )
    #expect(
      try page.label("root_mmu", "mmu_role", "smep_andnot_wp") == "smep_andnot_wp: 0, just changed from 1")
    try page.press("z", code: 90, modifiers: 10)
    try page.wait("document.querySelector('.time-label').textContent.startsWith('revision 5 of 5: redo 1')")
    let session = try page.text("location.hash")
    try page.evaluate(
      "(() => { const slider = document.querySelector('time-line input'); slider.value = 2; slider.dispatchEvent(new Event('input')) })()"
    )
    try page.wait("location.hash.includes('at=2')")
    try page.evaluate(
      "[...document.querySelectorAll('time-line button')].find((each) => each.textContent == 'Fork here').click()"
    )
    try page.wait(
      "location.hash.split('&')[0] != '\(session.split(separator: "&")[0])' && document.querySelector('[data-write=cr0]')"
    )
    try page.wait("!document.querySelector('[data-write=cr0]').disabled")
    #expect(try page.label("root_mmu", "vcpu_role", "cr4_smep").hasPrefix("cr4_smep: 1"))
    #expect(try page.label("root_mmu", "mmu_role", "cr0_wp").hasPrefix("cr0_wp: 1"))
    try bench.expectCalm(page)
  }

  @Test("a second page follows what is done on the first")
  func following() throws {
    let first = try bench.machine("intel-shadow")
    try first.write("cr4", toggling: ["SMEP"])
    let second = try BrowserPage(bench.browser)
    try second.open(bench.url + "/" + first.text("location.hash"))
    try second.wait("document.querySelector('mmu-card .bit')")
    try first.write("cr0", toggling: ["WP"])
    try second.wait("document.querySelector('time-line').state?.session.revision == 3")
    #expect(
      try second.label("root_mmu", "mmu_role", "smep_andnot_wp") == "smep_andnot_wp: 1, just changed from 0")
    try bench.expectCalm(first)
    try bench.expectCalm(second)
  }

  @Test("a script in the fragment is shown before it runs, and an export makes an equal session")
  func scripts() throws {
    let page = try BrowserPage(bench.browser)
    let script =
      #"{"name":"From a link","preset":"amd-shadow","operations":[{"op":"set-cr","register":"cr3","value":"0x7000"}]}"#
    try page.open("\(bench.url)/#script=\(Data(script.utf8).base64EncodedString())")
    try page.wait("document.querySelector('dialog[open]')")
    let shown = try page.text("document.querySelector('dialog').textContent")
    #expect(shown.contains("amd-shadow") && shown.contains("set-cr CR3, value 0x7000"))
    #expect(!page.requests.contains { $0.hasSuffix("/v1/sessions") })
    try page.click("dialog button[value=run]")
    try page.wait("document.querySelector('mmu-card .slot')")
    #expect(try page.text("document.querySelector('h1').textContent").hasPrefix("From a link"))

    let path = try page.text("document.querySelector('time-line').state.session.link('export')")
    let again = try JSONDocument(
      bench.service.send("POST", "/v1/sessions", bench.service.send("GET", path).text).body)
    let vcpus = try page.text("JSON.stringify(document.querySelector('time-line').state.session.vcpus)")
    #expect(try again["vcpus"] == JSONDocument(vcpus.utf8))
    try bench.expectCalm(page)
  }

  @Test(
    "what was done to the dashboard's own files: every one is served, none from elsewhere, light and quick to ask again"
  )
  func files() throws {
    let page = try bench.machine("intel-ept")
    let sizes = try page.evaluate(
      "performance.getEntries().filter((entry) => entry.name.includes('/dashboard/') || entry.entryType == 'navigation').map((entry) => entry.decodedBodySize)"
    )
    let weight = sizes.array?.compactMap(\.number).reduce(0, +) ?? 0
    #expect(weight > 50_000 && weight < 150_000, "\(weight) bytes")
    let answer = try bench.service.send("GET", "/dashboard/main.js")
    let tag = try #require(answer.header("ETag"))
    #expect(
      try bench.service.send("GET", "/dashboard/main.js", headers: ["If-None-Match: \(tag)"]).status == 304)
    try bench.expectCalm(page)
  }
}
