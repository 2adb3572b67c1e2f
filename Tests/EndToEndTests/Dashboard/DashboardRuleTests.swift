import Testing

@Suite("The dashboard's rules against the service", .serialized)
struct DashboardRuleTests {
  let bench: DashboardBench

  init() throws { bench = try DashboardBench() }

  /// Makes sessions, does operations to them by random register values, and gathers what `check` finds.
  private func gather(_ body: String) throws -> JSONDocument {
    let page = try bench.start()
    let found = try page.evaluate(
      """
      (async () => {
        const { Session } = await import('/dashboard/session.js')
        const { hex } = await import('/dashboard/dom.js')
        const found = []
        let seed = 20221
        const random = (below) => { seed = (seed * 1103515245 + 12345) % 2147483648; return Math.floor(seed / 65536) % below }
        const pick = (values) => values[random(values.length)]
        let checked = 0
        \(body)
        return { found: found.slice(0, 10), checked }
      })()
      """)
    try bench.expectCalm(page)
    return found
  }

  @Test("each field's rule gives the value that the service's roles have")
  func causes() throws {
    let result = try gather(
      """
      const { origin, expected } = await import('/dashboard/causes.js')
      const roles = (vcpu, mmu) => [['vcpu_role', { ...vcpu[mmu].vcpu_role.base, ...vcpu[mmu].vcpu_role.ext }], ['mmu_role', vcpu[mmu].mmu_role]]
      const check = (session, told) => {
        for (const mmu of ['root_mmu', 'guest_mmu', 'nested_mmu']) {
          for (const [role, word] of roles(session.vcpus[0], mmu)) {
            const from = origin(session.machine, session.vcpus[0], mmu, role)
            if (from.leftover) continue
            for (const [field, value] of Object.entries(word)) {
              if (field === 'value') continue
              checked += 1
              if (expected(from, field) !== value) found.push(`${told} ${mmu}.${role}.${field}: ${expected(from, field)}, the service has ${value}`)
            }
          }
        }
      }
      const modes = [[0x11n, 0x0n, 0x0n, false], [0x80000011n, 0x0n, 0x0n, false], [0x80000011n, 0x20n, 0x0n, false], [0x80000011n, 0x20n, 0x500n, true]]
      for (const preset of ['intel-ept', 'intel-shadow', 'amd-npt', 'amd-shadow', 'intel-ept-5level', 'amd-npt-5level']) {
        const session = await Session.create({ preset })
        for (let round = 0; round < 40; round += 1) {
          const [cr0, cr4, efer, cs_l] = pick(modes)
          const more = random(2) ? 0x10000n : 0n
          const bits = BigInt(random(2)) << 20n | BigInt(random(2)) << 21n | BigInt(random(2)) << 4n
          await session.run({ op: 'set-sregs', vcpu: 0, cr0: hex(cr0 | more), cr4: hex(cr4 | bits), efer: hex(efer | BigInt(random(2)) << 11n), cs_l })
          check(session, `${preset} round ${round}`)
        }
        const isIntel = session.machine.vendor === 'intel'
        await session.run({ op: 'set-sregs', vcpu: 0, cr0: '0x80050033', cr3: '0x1000', cr4: '0x100020', efer: isIntel ? '0xd01' : '0x1d01', cs_l: true })
        const nested = [isIntel ? { ept: false } : { npt: false }]
        if (session.machine.tdp) nested.push(...(isIntel ? [{ ept: true, eptp: '0x10001e' }, { ept: true, eptp: '0x10005e' }] : [{ npt: true, ncr3: '0x100000' }]))
        for (const body of nested) {
          const { outcome } = await session.run({ op: 'nested-enter', vcpu: 0, ...body, l2: { cr0: '0x80040033', cr3: '0x2000' } })
          if (outcome.status !== 'ok' || !session.vcpus[0].guest_mode) found.push(`${preset}: no L2 by ${JSON.stringify(body)}: ${JSON.stringify(outcome)}`)
          check(session, `${preset} ${JSON.stringify(body)}`)
          await session.run({ op: 'nested-exit', vcpu: 0 })
          check(session, `${preset} after ${JSON.stringify(body)}`)
        }
        await session.run({ op: 'smm-enter', vcpu: 0 })
        check(session, `${preset} in SMM`)
      }
      """)
    #expect(result["found"] == .array([]))
    #expect(try #require(result["checked"]?.number) > 10_000)
  }

  @Test("a write is refused by the rule that the dashboard names beforehand, and no other")
  func refusals() throws {
    let result = try gather(
      """
      const { current, refusal, registers } = await import('/dashboard/registers.js')
      let refused = 0
      for (const [preset, boot] of [['intel-ept', 'long-mode'], ['intel-shadow', '32-bit'], ['amd-shadow', 'pae'], ['amd-npt', 'reset'], ['intel-ept-5level', 'long-mode-la57'], ['intel-shadow', 'protected']]) {
        const session = await Session.create({ preset, boot, machine: { cpuid: { smap: preset !== 'amd-npt', nx: boot !== 'pae' } } })
        for (let round = 0; round < 100; round += 1) {
          const old = current(session.vcpus[0])
          const register = pick(['cr0', 'cr3', 'cr4', 'efer'])
          let value = old[register]
          const bits = registers[register]?.bits.map(([index]) => index) ?? [12, 13, 0, 46, 63]
          for (let flips = 1 + random(2); flips > 0; flips -= 1) value ^= 1n << BigInt(random(12) ? pick(bits) : random(64))
          const expected = refusal({ register, value, old, machine: session.machine, smm: session.vcpus[0].smm })
          const { outcome } = await session.run({ op: register === 'efer' ? 'set-efer' : 'set-cr', vcpu: 0, ...(register !== 'efer' && { register }), value: hex(value) })
          checked += 1
          if (outcome.status === 'exception') refused += 1
          if (outcome.function === 'load_pdptrs') continue
          if ((outcome.status === 'exception' ? outcome.function : null) !== (expected?.function ?? null)) found.push(`${preset} ${register} ${hex(old[register])} to ${hex(value)}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(outcome)}`)
        }
      }
      if (refused < 100) found.push(`only ${refused} writes were refused`)
      """)
    #expect(result["found"] == .array([]))
    #expect(result["checked"] == .number(600))
  }
}
