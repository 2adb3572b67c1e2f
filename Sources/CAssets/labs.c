#include "CAssets.h"

// A lab is a text file in the folder labs; its three lines here and its row below make it part of the program.

static const uint8_t lab_01[] = {
#embed "../../labs/01-reading-a-role-word.yaml"
};

static const uint8_t lab_02[] = {
#embed "../../labs/02-from-reset-to-long-mode.yaml"
};

static const uint8_t lab_03[] = {
#embed "../../labs/03-wp-smep-smap.yaml"
};

static const uint8_t lab_04[] = {
#embed "../../labs/04-root-cache.yaml"
};

static const uint8_t lab_05[] = {
#embed "../../labs/05-pcid.yaml"
};

static const uint8_t lab_06[] = {
#embed "../../labs/06-quadrants.yaml"
};

static const uint8_t lab_07[] = {
#embed "../../labs/07-which-mmu.yaml"
};

static const uint8_t lab_08[] = {
#embed "../../labs/08-nested-ept-roles.yaml"
};

static const uint8_t lab_09[] = {
#embed "../../labs/09-nested-npt.yaml"
};

static const uint8_t lab_10[] = {
#embed "../../labs/10-eptp-switching.yaml"
};

static const uint8_t lab_11[] = {
#embed "../../labs/11-two-dimensions.yaml"
};

static const uint8_t lab_12[] = {
#embed "../../labs/12-shadow-pages.yaml"
};

static const struct {
  const char *name;
  const uint8_t *bytes;
  ptrdiff_t length;
} labs[] = {
    {"01-reading-a-role-word.yaml", lab_01, sizeof lab_01},
    {"02-from-reset-to-long-mode.yaml", lab_02, sizeof lab_02},
    {"03-wp-smep-smap.yaml", lab_03, sizeof lab_03},
    {"04-root-cache.yaml", lab_04, sizeof lab_04},
    {"05-pcid.yaml", lab_05, sizeof lab_05},
    {"06-quadrants.yaml", lab_06, sizeof lab_06},
    {"07-which-mmu.yaml", lab_07, sizeof lab_07},
    {"08-nested-ept-roles.yaml", lab_08, sizeof lab_08},
    {"09-nested-npt.yaml", lab_09, sizeof lab_09},
    {"10-eptp-switching.yaml", lab_10, sizeof lab_10},
    {"11-two-dimensions.yaml", lab_11, sizeof lab_11},
    {"12-shadow-pages.yaml", lab_12, sizeof lab_12},
};

ptrdiff_t lab_count(void) { return sizeof labs / sizeof labs[0]; }

const char *lab_name(ptrdiff_t index) { return labs[index].name; }

const uint8_t *lab_bytes(ptrdiff_t index) { return labs[index].bytes; }

ptrdiff_t lab_length(ptrdiff_t index) { return labs[index].length; }

static const uint8_t template_yaml[] = {
#embed "../../labs/template.yaml"
};

const uint8_t *lab_template_bytes(void) { return template_yaml; }

ptrdiff_t lab_template_length(void) { return sizeof template_yaml; }
