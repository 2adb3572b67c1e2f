#include "CAssets.h"

static const uint8_t openapi_yaml[] = {
#embed "../../openapi.yaml"
};

const uint8_t *openapi_yaml_bytes(void) { return openapi_yaml; }

ptrdiff_t openapi_yaml_length(void) { return sizeof openapi_yaml; }
