import ArgumentParser
import JSON
import Labs
import RolecallAPI

/// `rolecall lab`
struct LabCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab", abstract: "Labs: read them, write them, and grade what students hand in.",
    subcommands: [List.self, Show.self, Solution.self, CheckScript.self, CheckFile.self, New.self])
}

/// Which labs there are.
struct LabOptions: ParsableArguments {
  @Option(name: .customLong("labs"), help: "A folder with labs of your own.")
  var folder: String?

  func library() throws -> LabLibrary {
    LabLibrary.complete(try folder.map(readLabs(in:)) ?? [])
  }
}

/// Whose variant of which lab.
struct VariantOptions: ParsableArguments {
  @OptionGroup var labs: LabOptions
  @Option(help: "Whose variant; by default the standard one.")
  var student: String?

  func lab(_ id: String) throws -> Lab {
    let library = try labs.library()
    guard let file = library[id] else {
      let known = library.labs.map(\.id).joined(separator: ", ")
      throw ValidationError("There is no lab \(id). There are \(known).")
    }
    return try file.lab(for: student)
  }
}

extension LabCommand {
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The labs, a line each.")
    @OptionGroup var labs: LabOptions

    func run() throws {
      let files = try labs.library().labs
      let width = files.map(\.id.count).max() ?? 0
      for file in files {
        let id = file.id + String(repeating: " ", count: width - file.id.count)
        print("\(id)  \(file.standard.title) (\(file.standard.minutes) min)")
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "A lab as Markdown: all tasks; with --all hints, explanations and solutions too.")
    @Argument(help: "The lab.") var id: String
    @OptionGroup var variant: VariantOptions
    @Flag(help: "For teachers: hints, explanations and solutions.") var all = false

    func run() throws { print(try variant.lab(id).markdown(withAnswers: all), terminator: "") }
  }

  struct Solution: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The reference solution as a script.")
    @Argument(help: "The lab.") var id: String
    @OptionGroup var variant: VariantOptions

    func run() throws {
      let lab = try variant.lab(id)
      var json = JSONWriter()
      json.value(.object([("format", .string("rolecall-script/1")), ("operations", .array(lab.solution))]))
      print(String(decoding: json.finish(), as: UTF8.self))
    }
  }

  struct CheckScript: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check",
      abstract: "Grade a script: a session's export, or {\"operations\": […]}.",
      discussion:
        "The exit status is 0 if every step is solved, 1 if not, and 64 if there is nothing to grade.")

    @Argument(help: "The script, JSON; - reads standard input.") var script: String
    @Option(name: .customLong("lab"), help: "The lab.") var id: String
    @OptionGroup var variant: VariantOptions
    @Option(help: "The form of the results.") var format = Format.text

    enum Format: String, CaseIterable, ExpressibleByArgument { case text, json, gradescope, junit }

    func run() throws {
      let lab = try variant.lab(id)
      let report: LabReport
      do {
        report = LabReport(try Grader.grade(script: try InputFile(script).bytes, lab))
      } catch {
        throw ValidationError("\(script) cannot be graded: \(error)")
      }
      print(report.text(in: format), terminator: "")
      if !report.isSolved { throw ExitCode(1) }
    }
  }

  struct CheckFile: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check-file",
      abstract: "Try labs that you write: their form, their solutions and their wrong attempts.")
    @Argument(help: "The labs' files.") var files: [String]

    func run() throws {
      var problems: [LabProblem] = []
      for file in files {
        do throws(LabProblems) {
          let lab = try checked(file)
          try lab.trial()
          print(
            "\(file): \(lab.standard.steps.count) steps, \(lab.standard.points) points, solved by its solution"
          )
        } catch {
          problems += error.problems
        }
      }
      for problem in problems { print(problem) }
      if !problems.isEmpty { throw ExitCode(1) }
    }

    private func checked(_ file: String) throws(LabProblems) -> LabFile {
      do { return try readLab(file) } catch let error as LabProblems { throw error } catch {
        throw LabProblems([LabProblem(file: file, detail: "\(error)")])
      }
    }
  }

  struct New: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "A small lab to begin with, as YAML.")

    func run() { print(LabLibrary.template, terminator: "") }
  }
}

extension LabReport {
  fileprivate func text(in format: LabCommand.CheckScript.Format) -> String {
    var json = JSONWriter()
    switch format {
    case .text: return text
    case .junit: return junit
    case .json: write(to: &json)
    case .gradescope: writeGradescope(to: &json, showsHidden: true)
    }
    return String(decoding: json.finish(), as: UTF8.self) + "\n"
  }
}
