import HTTPCore
import Testing

@testable import RolecallAPI

@Suite struct DashboardEndpointTests {
  private let client = TestClient()

  @Test func everyFileIsServedAsWhatItIs() throws {
    let types = [
      "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml",
      "js": "text/javascript; charset=utf-8",
    ]
    #expect(Assets.dashboard.count > 10)
    var tags: Set<String> = []
    for (name, file) in Assets.dashboard {
      let answer = try client.get("/dashboard/\(name)", fields: [("Accept", "*/*")])
      #expect(answer.status == 200 && answer.response.body == file.bytes, "\(name)")
      #expect(answer.field("Content-Type") == types[String(name.split(separator: ".").last ?? "")], "\(name)")
      #expect(answer.field("Cache-Control") == "no-cache")
      let tag = try #require(answer.field("ETag"))
      #expect(tag.hasPrefix("\"") && tags.insert(tag).inserted, "\(name)")
    }
    #expect(try client.get("/").response.body == Assets.dashboard["index.html"]?.bytes)
  }

  @Test func whatABrowserHasIsNotSentAgain() throws {
    let tag = try #require(client.get("/").field("ETag"))
    for list in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
      let answer = try client.get("/", fields: [("If-None-Match", list)])
      #expect(answer.status == 304 && answer.response.body.isEmpty && answer.field("ETag") == tag, "\(list)")
    }
    for list in ["\"other\"", String(tag.dropLast()) + "0\"", ""] {
      #expect(try client.get("/", fields: [("If-None-Match", list)]).status == 200, "\(list)")
    }
  }

  @Test func aFileThatIsNoLongerTheOneIsRefused() throws {
    for path in ["/", "/dashboard/main.js"] {
      let tag = try #require(client.get(path).field("ETag"))
      for list in [tag, "\"other\", \(tag)", "*"] {
        #expect(try client.get(path, fields: [("If-Match", list)]).status == 200, "\(list)")
      }
      for list in ["\"other\"", "W/\(tag)", ""] {
        let answer = try client.get(path, fields: [("If-Match", list), ("If-None-Match", tag)])
        client.expectProblem(answer, 412, "precondition-failed")
        #expect(answer.field("ETag") == tag, "\(list)")
      }
      let kept = try client.get(path, fields: [("If-Match", tag), ("If-None-Match", tag)])
      #expect(kept.status == 304)
    }
  }

  @Test func onlyTheTablesNamesAreServed() throws {
    for path in [
      "/dashboard/none.js", "/dashboard/..%2Fopenapi.yaml", "/dashboard/%2e%2e%2fCAssets.c",

      "/dashboard/MAIN.JS", "/dashboard/", "/dashboard", "/dashboard/x/main.js",
    ] {
      #expect(try client.get(path).status == 404, "\(path)")
    }
    #expect(try client.send(.post, "/dashboard/main.js").status == 405)
  }

  @Test func filesReferOnlyToFilesThatAreServed() throws {
    for (name, file) in Assets.dashboard {
      let text = String(decoding: file.bytes, as: UTF8.self)
      for match in text.matches(of: /(?:from|import) '\.\/([^']+)'|(?:src|href)="\/dashboard\/([^"]+)"/) {
        let target = String(match.1 ?? match.2 ?? "")
        #expect(Assets.dashboard[target] != nil, "\(name) refers to \(target)")
      }
      // The Content-Security-Policy forbids scripts and styles that stand in the page.
      #expect(!text.contains("style=\"") && !text.contains("innerHTML"), "\(name)")
      for match in text.matches(of: /<script([^>]*)>/) { #expect(match.1.contains("src="), "\(name)") }
    }
  }
}
