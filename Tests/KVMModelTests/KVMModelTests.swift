// KVMModelTests
