import Testing

@Suite("The reader of metrics")
struct ExpositionTests {
  private let good = "# HELP a_total A.\n# TYPE a_total counter\na_total{x=\"1,\\\"}\"} 2\na_total 3.5\n"

  @Test("well-formed text is taken")
  func wellFormed() throws {
    let exposition = try Exposition(good, isOpenMetrics: false)
    #expect(exposition.value("a_total") == 3.5)
    #expect(exposition.value("a_total", ["x": "1,\\\"}"]) == 2)
    let open =
      "# HELP a_seconds A.\n# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total 1\n# EOF\n"
    #expect(try Exposition(open, isOpenMetrics: true).value("a_seconds_total") == 1)
  }

  @Test("text with a fault is not")
  func faulty() {
    let head = "# HELP h H.\n# TYPE h histogram\n"
    for (text, isOpenMetrics) in [
      (good, true), (good + "# EOF\n", true), (String(good.dropLast()), false), (good + "\n", false),
      (good + "a_total 4\n", false), (good + "b 4\n", false), (good + good, false), ("a 1\n", false),
      (good + "a_total{x=\"\"\"} 4\n", false), (good + "a_total{x=1} 4\n", false),
      (good + "a_total four\n", false),
      (good + "a_total{y=\"\\t\"} 4\n", false), ("# TYPE g gauge\ng 1\n", false),
      ("# HELP a A.\n# TYPE a counter\na 1\n", false),
      (head + "h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n", false),
      (head + "h_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n", false),
      (head + "h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 1\n", false),
    ] {
      #expect(throws: Exposition.Fault.self, "\(text)") { try Exposition(text, isOpenMetrics: isOpenMetrics) }
    }
  }
}
