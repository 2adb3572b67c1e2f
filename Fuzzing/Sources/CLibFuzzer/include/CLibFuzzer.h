#pragma once

#include <stddef.h>
#include <stdint.h>

/// libFuzzer's loop, for programs with a main function of their own
/// (https://llvm.org/docs/LibFuzzer.html#using-libfuzzer-as-a-library).
int LLVMFuzzerRunDriver(int *count, char ***arguments, int (*target)(const uint8_t *bytes, size_t count));
