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

/// How many labs there are.
ptrdiff_t lab_count(void);

/// The file name of a lab, from 0 to below `lab_count`; like its bytes, it lives as long as the program.
const char *_Nonnull lab_name(ptrdiff_t index);

/// The bytes of a lab's file.
const uint8_t *_Nonnull lab_bytes(ptrdiff_t index);

/// How many bytes a lab's file has.
ptrdiff_t lab_length(ptrdiff_t index);

/// The bytes of a small lab to begin with; they live as long as the program.
const uint8_t *_Nonnull lab_template_bytes(void);

/// How many bytes it has.
ptrdiff_t lab_template_length(void);
