#pragma once

#include <stddef.h>
#include <stdint.h>

/// The bytes of openapi.yaml; they live as long as the program.
const uint8_t *_Nonnull openapi_yaml_bytes(void);

/// How many bytes openapi.yaml has.
ptrdiff_t openapi_yaml_length(void);

/// A file of the dashboard; what it points to lives as long as the program.
struct dashboard_file {
  /// The file's name, such as `main.js`.
  const char *_Nonnull name;
  const uint8_t *_Nonnull bytes;
  /// How many bytes it has.
  ptrdiff_t length;
};

/// Every file of the dashboard.
const struct dashboard_file *_Nonnull dashboard_files(void);

/// How many files the dashboard has.
ptrdiff_t dashboard_files_count(void);
