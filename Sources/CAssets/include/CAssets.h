#pragma once

#include <stddef.h>
#include <stdint.h>

/// The bytes of openapi.yaml; they live as long as the program.
const uint8_t *_Nonnull openapi_yaml_bytes(void);

/// How many bytes openapi.yaml has.
ptrdiff_t openapi_yaml_length(void);

/// The bytes of index.html, the page at `/`; they live as long as the program.
const uint8_t *_Nonnull index_html_bytes(void);

/// How many bytes index.html has.
ptrdiff_t index_html_length(void);
