#pragma once

#include <stddef.h>
#include <stdint.h>

/// The bytes of openapi.yaml; they live as long as the program.
const uint8_t *_Nonnull openapi_yaml_bytes(void);

/// How many bytes openapi.yaml has.
ptrdiff_t openapi_yaml_length(void);
