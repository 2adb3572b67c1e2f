import Metrics
import Testing

@Suite struct MetricsTextTests {
  private func text(_ format: MetricsText.Format, _ write: (inout MetricsText) -> Void) -> String {
    var text = MetricsText(format)
    write(&text)
    return String(decoding: text.finish(), as: UTF8.self)
  }

  @Test func countersAreNamedAsEachFormatWants() {
    let write = { (text: inout MetricsText) in
      text.begin(.counter, "cpu_seconds", unit: "seconds", "Time.")
      text.sample(["mode": "user"], 1.5)
      text.sample(["mode": "system"], 2)
    }
    let samples = "cpu_seconds_total{mode=\"user\"} 1.5\ncpu_seconds_total{mode=\"system\"} 2\n"
    #expect(
      text(.prometheus, write) == "# HELP cpu_seconds_total Time.\n# TYPE cpu_seconds_total counter\n"
        + samples)
    #expect(
      text(.openMetrics, write)
        == "# HELP cpu_seconds Time.\n# TYPE cpu_seconds counter\n# UNIT cpu_seconds seconds\n\(samples)# EOF\n"
    )
  }

  @Test func histogramsAddUpAndEndInInfinity() {
    let text = text(.prometheus) { text in
      text.begin(.histogram, "d_seconds", "D.")
      text.histogram(["class": "a"], bounds: [0.00005, 0.25, 1], counts: [1, 0, 2, 4], sum: 9.5)
    }
    #expect(
      text.split(separator: "\n").dropFirst(2) == [
        "d_seconds_bucket{class=\"a\",le=\"5e-05\"} 1", "d_seconds_bucket{class=\"a\",le=\"0.25\"} 1",
        "d_seconds_bucket{class=\"a\",le=\"1.0\"} 3", "d_seconds_bucket{class=\"a\",le=\"+Inf\"} 7",
        "d_seconds_sum{class=\"a\"} 9.5", "d_seconds_count{class=\"a\"} 7",
      ])
  }

  @Test func textIsEscaped() {
    let write = { (text: inout MetricsText) in
      text.begin(.gauge, "g", "a\\b\n\"c\"")
      text.sample(["l": "a\\b\n\"c\""], -1)
    }
    let sample = #"g{l="a\\b\n\"c\""} -1"#
    #expect(text(.prometheus, write) == "# HELP g a\\\\b\\n\"c\"\n# TYPE g gauge\n\(sample)\n")
    #expect(text(.openMetrics, write).hasPrefix("# HELP g a\\\\b\\n\\\"c\\\"\n"))
  }

  @Test func valuesThatAreNoNumbersHaveNames() {
    let text = text(.prometheus) { text in
      text.begin(.gauge, "g", "G.")
      for value in [Double.infinity, -.infinity, .nan] { text.sample(value) }
    }
    #expect(text.hasSuffix("\ng +Inf\ng -Inf\ng NaN\n"))
  }
}
