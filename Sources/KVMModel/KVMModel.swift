// KVMModel
