#include "CAssets.h"

static const uint8_t openapi_yaml[] = {
#embed "../../openapi.yaml"
};

const uint8_t *openapi_yaml_bytes(void) { return openapi_yaml; }

ptrdiff_t openapi_yaml_length(void) { return sizeof openapi_yaml; }

static const uint8_t index_html[] = {
#embed "index.html"
};

const uint8_t *index_html_bytes(void) { return index_html; }

ptrdiff_t index_html_length(void) { return sizeof index_html; }
