import HTTPCore
import JSON
import KVMModel
import Labs

/// `GET /v1/labs`
func answerLabs(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  let labs = exchange.service.labs.labs
  return exchange.json(capacity: 256 * (labs.count + 1)) { json in
    json.object { json in
      json.key("labs")
      json.array { json in
        for file in labs {
          json.object { json in
            file.standard.writeHead(to: &json)
            json.member("steps", file.standard.steps.count)
          }
        }
      }
    }
  }
}

/// `GET /v1/labs/{lab}`: what a student may know before beginning.
func answerLab(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  let lab = try exchange.lab().variant(for: exchange.parameter("student"))
  return exchange.json(capacity: 4 * 1024) { json in
    json.object { json in
      lab.writeHead(to: &json)
      json.member("learn", strings: lab.learn)
      json.member("student", lab.student)
      json.key("start")
      json.value(lab.start)
      json.key("steps")
      json.array { json in
        for step in lab.steps {
          json.object { json in
            json.member("id", step.id)
            json.member("title", step.title)
            json.member("points", step.points)
          }
        }
      }
    }
  }
}

/// `GET /v1/sessions/{id}/lab`
func answerLabProgress(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  try answerReport(exchange) { report, headers in
    guard exchange.media == .json else { return exchange.text(report.progressText, fields: headers) }
    return exchange.json(fields: headers, capacity: 8 * 1024) { report.writeProgress(to: &$0) }
  }
}

/// `GET /v1/sessions/{id}/lab/results`
func answerLabResults(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  let format = try exchange.enumeration("format", of: ResultsFormat.self) ?? .results
  return try answerReport(exchange) { report, headers in
    guard exchange.media == .json else {
      var all: ResponseFields = [("Content-Type", exchange.media.rawValue)]
      all.append(contentsOf: headers)
      return Response(200, fields: all, body: Array(report.junit.utf8))
    }
    return exchange.json(fields: headers, capacity: 4 * 1024) { json in
      switch format {
      case .results: report.write(to: &json)
      case .gradescope: report.writeGradescope(to: &json, showsHidden: exchange.showsOperator)
      }
    }
  }
}

/// The forms of results in JSON.
private enum ResultsFormat: String, CaseIterable {
  case results, gradescope
}

/// `GET /v1/labs/{lab}/results`: the results of a class, for the operator.
func answerClassResults(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  try exchange.admitOperator()
  let file = try exchange.lab()
  let page = try exchange.sessionPage()
  var table = ClassTable(file.standard)
  for listed in page.sessions where listed.enrolment?.lab == file.id {
    do throws(ProblemDetails) {
      try exchange.withSession(listed.id) { session, state throws(ProblemDetails) in
        let kept = try state.pastState(session.keptRevision)
        var note = ""
        var report: LabReport?
        do throws(ProblemDetails) { report = try session.report(kept, exchange.service.labs) } catch {
          note = error.summary
        }
        table.add(
          student: listed.enrolment?.student, session: session.id.text, created: session.created.text,
          updated: kept.updated.text, report, note: note)
      }
    } catch {
      // It was deleted meanwhile.
      guard error.type == .unknownSession else { throw error }
    }
  }
  var headers: ResponseFields = [("Content-Type", MediaType.csv.rawValue), ("Cache-Control", "no-store")]
  if let link = page.link("/v1/labs/\(file.id)/results") { headers.append("Link", link) }
  return Response(200, fields: headers, body: Array(table.csv.utf8))
}

private func answerReport(
  _ exchange: borrowing Exchange, _ write: (LabReport, ResponseFields) -> Response
) throws(ProblemDetails) -> Response {
  try exchange.look { session, state throws(ProblemDetails) in
    let report = try session.report(state, exchange.service.labs)
    if let answer = try exchange.precondition(revision: state.revision) { return answer }
    return write(report, exchange.fields(revision: state.revision))
  }
}

extension Session {
  /// How the student stands whose session it is.
  fileprivate func report(_ state: borrowing State, _ labs: LabLibrary) throws(ProblemDetails) -> LabReport {
    guard let enrolment else { throw ProblemDetails(.unknownLab, "the session belongs to no lab") }
    guard let file = labs[enrolment.lab] else {
      throw ProblemDetails(.unknownLab, "the session's lab, \(enrolment.lab), is no longer on offer")
    }
    let run = try state.run(file.variant(for: enrolment.student))
    return LabReport(run.grader, at: state.revision)
  }
}

extension Lab {
  fileprivate func writeHead(to json: inout JSONWriter) {
    json.member("id", id)
    json.member("title", title)
    json.member("summary", summary)
    json.member("minutes", minutes)
    json.member("points", points)
  }
}

extension Exchange {
  /// The lab that the path names.
  fileprivate func lab() throws(ProblemDetails) -> LabFile {
    guard let file = service.labs[pathParameter("lab") ?? ""] else {
      throw ProblemDetails(.unknownLab, "GET /v1/labs lists those there are")
    }
    return file
  }

  /// Whether the request shows the operator's token.
  fileprivate var showsOperator: Bool { service.operatorToken?.isShown(by: request) ?? false }
}
