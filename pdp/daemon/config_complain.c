#include "daemon/config_complain.h"

#include <stdio.h>

#include "base/span.h"

#define MESSAGE_BYTES 1024u

/* "`limits.batch`: " and the message. */
static struct skm_diag *add(struct skm_config_reader *reader,
                            const struct skm_config_option *option, struct skm_range range,
                            const char *message)
{
    const char *dot = reader->section[0] == '\0' ? "" : ".";
    return skm_diags_add(reader->diags, SKM_SEVERITY_ERROR, reader->source, range, "`%s%s%s`: %s",
                         reader->section, dot, option->name, message);
}

skm_err skm_config_complain_type(struct skm_config_reader *reader,
                                 const struct skm_config_option *option,
                                 const struct skm_yaml_node *node)
{
    char message[MESSAGE_BYTES];
    const char *expected = skm_config_option_expected(option->type);
    if (node->kind != SKM_YAML_SCALAR) {
        (void)snprintf(message, sizeof message, "expected %s, came %s", expected,
                       skm_yaml_kind_name(node->kind));
    } else if (node->text.len == 0) {
        (void)snprintf(message, sizeof message, "expected %s, came nothing", expected);
    } else {
        (void)snprintf(message, sizeof message, "expected %s, came `%.*s`%s", expected,
                       SKM_SPAN_ARG(skm_span_sub(node->text, 0, 200)),
                       node->plain ? "" : " in quotes");
    }
    (void)add(reader, option, node->range, message);
    return SKM_ERR(INVALID);
}

skm_err skm_config_complain(struct skm_config_reader *reader,
                            const struct skm_config_option *option,
                            const struct skm_yaml_node *node, const char *message, const char *help)
{
    struct skm_diag *diag = add(reader, option, node->range, message);
    if (help != NULL) {
        skm_diag_help(reader->diags, diag, "%s", help);
    }
    return SKM_ERR(INVALID);
}
