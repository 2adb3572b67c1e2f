import HTTPCore
import JSON
import KVMModel

/// `GET /v1/presets`
func answerPresets(_ exchange: borrowing Exchange) throws(ProblemDetails) -> Response {
  exchange.json(capacity: 8 * 1024) { json in
    json.object { json in
      json.key("presets")
      json.array { json in
        for (index, preset) in Preset.all.enumerated() {
          json.object { json in
            json.member("id", preset.id)
            json.member("default", index == 0)
            json.member("summary", preset.summary)
            json.key("machine")
            preset.machine.write(to: &json)
          }
        }
      }
      json.key("boots")
      json.array { json in
        for boot in Boot.allCases {
          json.object { json in
            json.member("id", boot.rawValue)
            json.member("default", boot == .longMode)
            json.key("registers")
            json.object { json in boot.completeRegisters.writeMembers(to: &json) }
          }
        }
      }
    }
  }
}

extension Boot {
  /// The registers after it, those that are as after a reset too.
  fileprivate var completeRegisters: RegisterValues {
    let values = registers ?? RegisterValues()
    return RegisterValues(
      cr0: values.cr0 ?? CR0.reset.rawValue, cr3: values.cr3 ?? 0, cr4: values.cr4 ?? 0,
      efer: values.efer ?? 0,
      codeSegmentLong: values.codeSegmentLong ?? false)
  }
}
