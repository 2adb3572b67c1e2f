import Testing

@testable import HTTPServer

private func v4(_ word: UInt64) -> ClientAddress { ClientAddress(high: 0, low: 0xffff_0000_0000 | word) }

@Suite struct ClientAddressTests {
  @Test func loopbackIsThisMachine() {
    for address in [v4(0x7f00_0001), v4(0x7fff_ffff), ClientAddress(high: 0, low: 1)] {
      #expect(address.isLoopback)
    }
    for address in [v4(0x8000_0001), v4(0x0a00_007f), ClientAddress(high: 0, low: 0x7f00_0001)] {
      #expect(!address.isLoopback)
    }
  }

  @Test func aNetworkIsAnIPv4AddressOrAnIPv6Prefix() {
    #expect(v4(0x0a00_0001).network != v4(0x0a00_0002).network)
    let prefix: UInt64 = 0x2001_0db8_0000_0001
    #expect(ClientAddress(high: prefix, low: 1).network == ClientAddress(high: prefix, low: .max).network)
    #expect(ClientAddress(high: prefix, low: 1).network != ClientAddress(high: prefix + 1, low: 1).network)
  }

  @Test func bytesAreInNetworkOrder() {
    let bytes = ClientAddress.Bytes(high: 0, low: UInt64(0xffff_7f00_0001).bigEndian)
    #expect(ClientAddress(bytes) == v4(0x7f00_0001))
  }
}
