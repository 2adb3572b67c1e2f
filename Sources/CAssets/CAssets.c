#include "CAssets.h"

static const uint8_t openapi_yaml[] = {
#embed "../../openapi.yaml"
};

const uint8_t *openapi_yaml_bytes(void) { return openapi_yaml; }

ptrdiff_t openapi_yaml_length(void) { return sizeof openapi_yaml; }

static const uint8_t action_panel_js[] = {
#embed "dashboard/action-panel.js"
};
static const uint8_t api_js[] = {
#embed "dashboard/api.js"
};
static const uint8_t call_tree_js[] = {
#embed "dashboard/call-tree.js"
};
static const uint8_t causes_js[] = {
#embed "dashboard/causes.js"
};
static const uint8_t dom_js[] = {
#embed "dashboard/dom.js"
};
static const uint8_t examples_js[] = {
#embed "dashboard/examples.js"
};
static const uint8_t guest_tables_js[] = {
#embed "dashboard/guest-tables.js"
};
static const uint8_t icon_svg[] = {
#embed "dashboard/icon.svg"
};
static const uint8_t index_html[] = {
#embed "dashboard/index.html"
};
static const uint8_t lab_panel_js[] = {
#embed "dashboard/lab-panel.js"
};
static const uint8_t layout_js[] = {
#embed "dashboard/layout.js"
};
static const uint8_t machine_css[] = {
#embed "dashboard/machine.css"
};
static const uint8_t main_js[] = {
#embed "dashboard/main.js"
};
static const uint8_t mmu_card_js[] = {
#embed "dashboard/mmu-card.js"
};
static const uint8_t operations_js[] = {
#embed "dashboard/operations.js"
};
static const uint8_t register_panel_js[] = {
#embed "dashboard/register-panel.js"
};
static const uint8_t registers_js[] = {
#embed "dashboard/registers.js"
};
static const uint8_t result_view_js[] = {
#embed "dashboard/result-view.js"
};
static const uint8_t role_strip_js[] = {
#embed "dashboard/role-strip.js"
};
static const uint8_t root_cache_js[] = {
#embed "dashboard/root-cache.js"
};
static const uint8_t scripts_js[] = {
#embed "dashboard/scripts.js"
};
static const uint8_t session_js[] = {
#embed "dashboard/session.js"
};
static const uint8_t start_screen_js[] = {
#embed "dashboard/start-screen.js"
};
static const uint8_t styles_css[] = {
#embed "dashboard/styles.css"
};
static const uint8_t tables_panel_js[] = {
#embed "dashboard/tables-panel.js"
};
static const uint8_t tabs_js[] = {
#embed "dashboard/tabs.js"
};
static const uint8_t theme_js[] = {
#embed "dashboard/theme.js"
};
static const uint8_t time_line_js[] = {
#embed "dashboard/time-line.js"
};
static const uint8_t tip_js[] = {
#embed "dashboard/tip.js"
};
static const uint8_t virtual_tree_js[] = {
#embed "dashboard/virtual-tree.js"
};

#define FILE(name, bytes) {name, bytes, sizeof bytes}

static const struct dashboard_file files[] = {
    FILE("action-panel.js", action_panel_js),
    FILE("api.js", api_js),
    FILE("call-tree.js", call_tree_js),
    FILE("causes.js", causes_js),
    FILE("dom.js", dom_js),
    FILE("examples.js", examples_js),
    FILE("guest-tables.js", guest_tables_js),
    FILE("icon.svg", icon_svg),
    FILE("index.html", index_html),
    FILE("lab-panel.js", lab_panel_js),
    FILE("layout.js", layout_js),
    FILE("machine.css", machine_css),
    FILE("main.js", main_js),
    FILE("mmu-card.js", mmu_card_js),
    FILE("operations.js", operations_js),
    FILE("register-panel.js", register_panel_js),
    FILE("registers.js", registers_js),
    FILE("result-view.js", result_view_js),
    FILE("role-strip.js", role_strip_js),
    FILE("root-cache.js", root_cache_js),
    FILE("scripts.js", scripts_js),
    FILE("session.js", session_js),
    FILE("start-screen.js", start_screen_js),
    FILE("styles.css", styles_css),
    FILE("tables-panel.js", tables_panel_js),
    FILE("tabs.js", tabs_js),
    FILE("theme.js", theme_js),
    FILE("time-line.js", time_line_js),
    FILE("tip.js", tip_js),
    FILE("virtual-tree.js", virtual_tree_js),
};

const struct dashboard_file *dashboard_files(void) { return files; }

ptrdiff_t dashboard_files_count(void) { return sizeof files / sizeof files[0]; }
