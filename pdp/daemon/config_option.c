#include "daemon/config_option.h"

#include <string.h>

#include "base/attr.h"
#include "base/span.h"

/* ---- options: one table per section ---- */

#define OPTION_ROW(struct_, name_, type_, fallback_, min_, max_, words_, applies_, text_)          \
    {.name = #name_,                                                                               \
     .type = SKM_CONFIG_OPTION_##type_,                                                            \
     .fallback = fallback_,                                                                        \
     .min = min_,                                                                                  \
     .max = max_,                                                                                  \
     .words = words_,                                                                              \
     .applies = SKM_CONFIG_OPTION_##applies_,                                                      \
     .text = text_,                                                                                \
     .offset = offsetof(struct struct_, name_)},

#define ROOT_ROW(...)         OPTION_ROW(skm_config, __VA_ARGS__)
#define LISTENER_ROW(...)     OPTION_ROW(skm_config_listener, __VA_ARGS__)
#define TLS_ROW(...)          OPTION_ROW(skm_config_tls, __VA_ARGS__)
#define ADMIN_ROW(...)        OPTION_ROW(skm_config_admin, __VA_ARGS__)
#define LIMITS_ROW(...)       OPTION_ROW(skm_config_limits, __VA_ARGS__)
#define LOG_ROW(...)          OPTION_ROW(skm_config_log, __VA_ARGS__)
#define AUTHZEN_ROW(...)      OPTION_ROW(skm_config_authzen, __VA_ARGS__)
#define METRICS_ROW(...)      OPTION_ROW(skm_config_metrics, __VA_ARGS__)
#define PEP_ROW(...)          OPTION_ROW(skm_config_pep, __VA_ARGS__)
#define FORWARD_AUTH_ROW(...) OPTION_ROW(skm_config_forward_auth, __VA_ARGS__)

#define OPTION_TABLE(id, struct_, path_, list, text_)                                              \
    static const struct skm_config_option id##_options[] = {list(id##_ROW)};
SKM_CONFIG_SECTIONS(OPTION_TABLE)

/* ---- sections: what lies in what ---- */

#define SECTION_ROW(id, struct_, path_, list, text_)                                               \
    static const struct skm_config_section id##_section = {.path = path_,                          \
                                                           .text = text_,                          \
                                                           .size_bytes = sizeof(struct struct_),   \
                                                           .options = id##_options,                \
                                                           .option_count =                         \
                                                               SKM_ARRAY_LEN(id##_options)};
SKM_CONFIG_SECTIONS(SECTION_ROW)

#define ROOT_STRUCT     struct skm_config
#define LISTENER_STRUCT struct skm_config_listener
#define PEP_STRUCT      struct skm_config_pep

static const struct skm_config_section_child children[] = {
#define CHILD_ROW(parent_, name_, form_, child_)                                                   \
    {.parent = &parent_##_section,                                                                 \
     .name = #name_,                                                                               \
     .form = SKM_CONFIG_SECTION_##form_,                                                           \
     .offset = offsetof(parent_##_STRUCT, name_),                                                  \
     .section = &child_##_section},
    SKM_CONFIG_CHILDREN(CHILD_ROW)};

const struct skm_config_section *skm_config_section_root(void)
{
    return &ROOT_section;
}

const struct skm_config_section_child *
skm_config_section_next(const struct skm_config_section *section,
                        const struct skm_config_section_child *previous)
{
    size_t from = previous == NULL ? 0 : (size_t)(previous - children) + 1;
    for (size_t i = from; i < SKM_ARRAY_LEN(children); i++) {
        if (children[i].parent == section) {
            return &children[i];
        }
    }
    return NULL;
}

skm_span skm_config_option_word(const char *words, size_t index)
{
    const char *at = words;
    for (; index > 0; index--) {
        at = strchr(at, '|');
        if (at == NULL) {
            return (skm_span){NULL, 0};
        }
        at++;
    }
    return (skm_span){at, strcspn(at, "|")};
}

const char *skm_config_option_expected(enum skm_config_option_type type)
{
    static const char *const texts[] = {
        [SKM_CONFIG_OPTION_BOOL] = "`true` or `false`",
        [SKM_CONFIG_OPTION_INT] = "a whole number",
        [SKM_CONFIG_OPTION_SIZE] = "a size such as `64KiB` or `1MiB`",
        [SKM_CONFIG_OPTION_DURATION] = "a duration such as `500ms`, `10s` or `5m`",
        [SKM_CONFIG_OPTION_WORD] = "one of the allowed words",
        [SKM_CONFIG_OPTION_WORDS] = "a list of the allowed words",
        [SKM_CONFIG_OPTION_MODE] = "permissions in octal such as `\"0660\"`",
        [SKM_CONFIG_OPTION_TEXT] = "text",
        [SKM_CONFIG_OPTION_DIR] = "the path of a folder",
        [SKM_CONFIG_OPTION_FILE] = "the path of a file",
        [SKM_CONFIG_OPTION_OUT] = "a path",
        [SKM_CONFIG_OPTION_ADDRESS] =
            "an address such as `127.0.0.1:8443` or `unix:/run/sekimori/http.sock`",
        [SKM_CONFIG_OPTION_URL] = "an https URL",
        [SKM_CONFIG_OPTION_HEX] = "hex digits",
        [SKM_CONFIG_OPTION_LIST] = "a list of texts, or the word `any`",
        [SKM_CONFIG_OPTION_MAP] = "a mapping of text to text",
    };
    return texts[type];
}
