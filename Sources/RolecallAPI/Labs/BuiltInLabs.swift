public import Labs

extension LabLibrary {
  /// The labs that come with the program, and those added. The program's are read when they are first needed, which takes
  /// a tenth of a second.
  public static func complete(_ added: [LabFile] = []) -> LabLibrary {
    LabLibrary(added) { builtInLabs }
  }

  /// The labs that come with the program.
  ///
  /// - Throws: what is wrong with one, which a test rules out.
  public static func builtIn(isProven: Bool = false) throws(LabProblems) -> [LabFile] {
    var files: [LabFile] = []
    for (file, text) in Assets.labs {
      files.append(try LabFile(file: file, text: text, isProven: isProven))
    }
    return files
  }

  /// A small lab for authors to begin with, as YAML.
  public static var template: String { String(decoding: Assets.labTemplate, as: UTF8.self) }
}

private let builtInLabs: [LabFile] = (try? LabLibrary.builtIn(isProven: true)) ?? []
