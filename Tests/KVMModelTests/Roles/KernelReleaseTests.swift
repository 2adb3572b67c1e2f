import KVMModel
import Testing

struct KernelReleaseTests {
  @Test func parsesWhatUsersWrite() throws {
    let expected: [(String, Int, Int, Int?, String)] = [
      ("6.1", 6, 1, nil, ""), ("6.1.192", 6, 1, 192, ""), ("v5.10.48", 5, 10, 48, ""),
      ("7.0.14-pve", 7, 0, 14, "-pve"), ("6.1.0-18-amd64", 6, 1, 0, "-18-amd64"),
      ("6.2-rc3", 6, 2, nil, "-rc3"),
      ("5.15.153.1-microsoft-standard-WSL2", 5, 15, 153, ".1-microsoft-standard-WSL2"),
      ("99.0", 99, 0, nil, ""),
    ]
    for (text, major, minor, patch, suffix) in expected {
      let release = try KernelRelease(text)
      #expect(release.major == major && release.minor == minor, "\(text)")
      #expect(release.patch == patch && release.suffix == suffix && release.series == nil, "\(text)")
      #expect(try KernelRelease(release.description) == release)
    }
  }

  @Test func knowsSeriesByName() throws {
    for name in ["feb2022-v1", "feb2022-v2", "Feb2022-V1"] {
      #expect(try KernelRelease(name).series == name.lowercased())
    }
  }

  @Test func refusesOtherText() {
    let malformed = [
      "", "6", "6.", ".1", "v", "six.one", "6.1.", "6.1x", "6.1 ", " 6.1", "-6.1", "6.-1", "6.1-é", "6.1-a/b",
      "6.1000", "99999999999999999999.1", "feb2022", "6.1-" + String(repeating: "a", count: 64), "٦.١",
    ]
    for text in malformed {
      #expect(throws: KernelReleaseError.malformed, "\(text)") { try KernelRelease(text) }
    }
    #expect(KernelReleaseError.malformed.description.contains("6.1"))
  }

  @Test func refusesMinorsThatNeverWere() {
    for (major, last) in [(3, 19), (4, 20), (5, 19), (6, 19)] {
      #expect(throws: Never.self) { try KernelRelease("\(major).\(last)") }
      #expect(throws: KernelReleaseError.noSuchRelease(major: major, lastMinor: last)) {
        try KernelRelease("\(major).\(last + 1)")
      }
    }
  }

  @Test func ordersByNumbers() throws {
    let ascending = [
      "3.1", "3.10", "4.9", "4.19.300", "4.20", "5.0", "5.10", "5.10.0", "5.10.47", "5.10.48", "5.10.48-pve",
      "5.11",
      "6.1", "7.0.14",
    ]
    let releases = try ascending.map { try KernelRelease($0) }
    for (one, other) in zip(releases, releases.dropFirst()) {
      #expect(one < other)
      #expect(!(other < one))
    }
  }
}
