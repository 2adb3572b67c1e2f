#include "CAssets.h"

// A lab is a text file in the folder labs; its three lines here and its row below make it part of the program.

static const uint8_t lab_01[] = {
#embed "../../labs/01-reading-a-role-word.yaml"
};

static const uint8_t template_yaml[] = {
#embed "../../labs/template.yaml"
};

const uint8_t *lab_template_bytes(void) { return template_yaml; }

ptrdiff_t lab_template_length(void) { return sizeof template_yaml; }

static const struct {
  const char *name;
  const uint8_t *bytes;
  ptrdiff_t length;
} labs[] = {
    {"01-reading-a-role-word.yaml", lab_01, sizeof lab_01},
};

ptrdiff_t lab_count(void) { return sizeof labs / sizeof labs[0]; }

const char *lab_name(ptrdiff_t index) { return labs[index].name; }

const uint8_t *lab_bytes(ptrdiff_t index) { return labs[index].bytes; }

ptrdiff_t lab_length(ptrdiff_t index) { return labs[index].length; }
