#include "daemon/config_check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/attr.h"
#include "base/map.h"
#include "base/span.h"
#include "cedar/parse.h"
#include "daemon/config_option.h"

struct checker {
    const struct skm_config *config;
    const struct skm_source *source;
    struct skm_diags *diags;
};

static struct skm_diag *complain(const struct checker *c, struct skm_range range,
                                 const char *format, ...) __attribute__((format(printf, 3, 4)));

static struct skm_diag *complain(const struct checker *c, struct skm_range range,
                                 const char *format, ...)
{
    char message[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return skm_diags_add(c->diags, SKM_SEVERITY_ERROR, c->source, range, "%s", message);
}

/* ---- uniqueness ---- */

static skm_err check_unique(const struct checker *c, struct skm_map *seen, const char *option,
                            const struct skm_config_text *value)
{
    /* Port 0 stands for one that is free: not the same one twice. */
    if (value->text.len == 0 || skm_span_ends(value->text, SKM_SPAN(":0"))) {
        return SKM_OK;
    }
    /* SAFETY: the map hands the pointer back as it came; it is read only. */
    skm_err err = skm_map_put(seen, value->text, (void *)(uintptr_t)value);
    if (!skm_is_err(err, SKM_E_EXISTS)) {
        return err;
    }
    const struct skm_config_text *first = skm_map_get(seen, value->text);
    uint32_t line = 0;
    uint32_t column = 0;
    skm_source_position(c->source, first->range.start, &line, &column);
    (void)complain(c, value->range, "`%s`: `%.*s` is used twice, first on line %u", option,
                   SKM_SPAN_ARG(value->text), (unsigned)line);
    return SKM_OK;
}

/* `field` lies at `offset` in each of `count` entries of `size_bytes`. */
static skm_err check_unique_in(const struct checker *c, const char *option, const void *entries,
                               size_t count, size_t size_bytes, size_t offset)
{
    struct skm_map seen;
    skm_map_init(&seen, count + 1);
    skm_err err = SKM_OK;
    for (size_t i = 0; i < count && skm_is_ok(err); i++) {
        const void *field = (const char *)entries + i * size_bytes + offset;
        err = check_unique(c, &seen, option, field);
    }
    skm_map_fini(&seen);
    return err;
}

/* ---- listeners ---- */

static void check_listener(const struct checker *c, const struct skm_config_listener *listener)
{
    bool is_unix = skm_span_starts(listener->address.text, SKM_SPAN("unix:"));
    if (is_unix && listener->address.text.len > 5 + 100) {
        complain(c, listener->address.range,
                 "`listeners[].address`: the path of the socket is longer than 100 bytes");
    }
    if (listener->serve == 0) {
        complain(c, listener->range, "`listeners[].serve`: this listener offers nothing");
    }
    if (listener->tls != NULL && listener->allow_plain_http) {
        complain(c, listener->range,
                 "`listeners[].allow_plain_http` has no meaning on a listener with `tls`");
    }
}

static skm_err check_listeners(const struct checker *c)
{
    const struct skm_config_listeners *listeners = &c->config->listeners;
    if (listeners->count == 0) {
        struct skm_diag *diag =
            complain(c, (struct skm_range){0, 0}, "`listeners` is missing: nobody could ask");
        skm_diag_help(c->diags, diag, "listeners:\n  - address: 127.0.0.1:8180");
    }
    for (size_t i = 0; i < listeners->count; i++) {
        check_listener(c, &listeners->items[i]);
    }
    SKM_TRY(check_unique_in(c, "listeners[].address", listeners->items, listeners->count,
                            sizeof *listeners->items,
                            offsetof(struct skm_config_listener, address)));
    return check_unique_in(c, "listeners[].name", listeners->items, listeners->count,
                           sizeof *listeners->items, offsetof(struct skm_config_listener, name));
}

/* ---- enforcement points ---- */

static void check_types(const struct checker *c, const char *option,
                        const struct skm_config_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!skm_parse_is_name(list->names[i])) {
            complain(c, list->range, "`peps[].%s`: `%.*s` is not the name of a Cedar type", option,
                     SKM_SPAN_ARG(list->names[i]));
        }
    }
}

/* A registration that allows nothing is a slip, and every answer to it would be 403. */
static void check_allows(const struct checker *c, const struct skm_config_pep *pep,
                         const char *option, const struct skm_config_list *list)
{
    if (!list->any && list->count == 0) {
        struct skm_diag *diag = complain(c, pep->range, "`peps[].%s` allows `%.*s` nothing", option,
                                         SKM_SPAN_ARG(pep->name.text));
        skm_diag_help(c->diags, diag, "write a list, or `any`");
    }
}

static void check_credentials(const struct checker *c, const struct skm_config_pep *pep)
{
    bool is_anonymous = c->config->anonymous_pep.text.len != 0 &&
                        skm_span_equal(pep->name.text, c->config->anonymous_pep.text);
    bool has_hash = pep->key_sha256.text.len != 0;
    bool has_file = pep->key_file.text.len != 0;
    if (has_hash && has_file) {
        complain(c, pep->key_file.range,
                 "`peps[].key_file`: `key_sha256` is given as well; one of them is enough");
    }
    bool is_bound = pep->uid.any || pep->uid.count > 0 || pep->certificate_sha256.any ||
                    pep->certificate_sha256.count > 0;
    if (!is_anonymous && !has_hash && !has_file && !is_bound) {
        struct skm_diag *diag = complain(c, pep->range, "`%.*s` has no way to show who it is",
                                         SKM_SPAN_ARG(pep->name.text));
        skm_diag_help(c->diags, diag,
                      "give it `key_sha256` (`sekimori pep-key` makes one), `key_file`, `uid` or "
                      "`certificate_sha256`");
    }
}

/* Either `url`, or `host` and `uri`; the preset leaves no room for others (pep.h). */
static void check_headers(const struct checker *c, const struct skm_config_pep *pep)
{
    const struct skm_config_forward_auth *from = pep->forward_auth;
    bool is_custom = from->headers == SKM_CONFIG_FORWARD_HEADERS_CUSTOM;
    bool has_url = from->url_header.text.len != 0;
    bool has_parts = from->host_header.text.len != 0 && from->uri_header.text.len != 0;
    bool has_any = has_url || from->host_header.text.len != 0 || from->uri_header.text.len != 0 ||
                   from->method_header.text.len != 0 || from->scheme_header.text.len != 0 ||
                   from->address_header.text.len != 0;
    if (!is_custom && has_any) {
        complain(c, pep->range, "`peps[].forward_auth`: single headers are for `headers: custom`");
    }
    if (is_custom && (has_url == has_parts || from->method_header.text.len == 0)) {
        struct skm_diag *diag = complain(
            c, pep->range, "`peps[].forward_auth`: these headers do not tell what is asked for");
        skm_diag_help(
            c->diags, diag,
            "custom headers are `method_header` and either `url_header` or `host_header` with `uri_header`");
    }
}

static void check_forward_auth(const struct checker *c, const struct skm_config_pep *pep)
{
    if (pep->forward_auth == NULL) {
        return;
    }
    check_headers(c, pep);
    if (!skm_parse_is_name(pep->forward_auth->subject_type.text)) {
        complain(c, pep->forward_auth->subject_type.range,
                 "`peps[].forward_auth.subject_type`: `%.*s` is not the name of a Cedar type",
                 SKM_SPAN_ARG(pep->forward_auth->subject_type.text));
    }
}

static void check_pep(const struct checker *c, const struct skm_config_pep *pep)
{
    check_credentials(c, pep);
    check_types(c, "principal_types", &pep->principal_types);
    check_types(c, "resource_types", &pep->resource_types);
    check_allows(c, pep, "principal_types", &pep->principal_types);
    check_allows(c, pep, "actions", &pep->actions);
    check_allows(c, pep, "resource_types", &pep->resource_types);
    check_forward_auth(c, pep);
}

static void check_anonymous(const struct checker *c)
{
    const struct skm_config_text *wanted = &c->config->anonymous_pep;
    const struct skm_config_peps *peps = &c->config->peps;
    bool found = wanted->text.len == 0;
    for (size_t i = 0; i < peps->count && !found; i++) {
        found = skm_span_equal(peps->items[i].name.text, wanted->text);
    }
    if (!found) {
        complain(c, wanted->range, "`anonymous_pep`: no entry of `peps` is called `%.*s`",
                 SKM_SPAN_ARG(wanted->text));
    }
}

static skm_err check_peps(const struct checker *c)
{
    const struct skm_config_peps *peps = &c->config->peps;
    static const struct {
        const char *option;
        size_t offset;
    } unique[] = {
        {"peps[].name", offsetof(struct skm_config_pep, name)},
        {"peps[].key_sha256", offsetof(struct skm_config_pep, key_sha256)},
    };
    check_anonymous(c);
    for (size_t i = 0; i < peps->count; i++) {
        check_pep(c, &peps->items[i]);
    }
    for (size_t i = 0; i < SKM_ARRAY_LEN(unique); i++) {
        SKM_TRY(check_unique_in(c, unique[i].option, peps->items, peps->count, sizeof *peps->items,
                                unique[i].offset));
    }
    return SKM_OK;
}

static void check_admin(const struct checker *c)
{
    const struct skm_config_admin *admin = &c->config->admin;
    if (admin->group.text.len != 0 && (admin->mode & 0060) != 0060) {
        struct skm_diag *diag =
            complain(c, admin->group.range,
                     "`admin.group` has no access to the socket: `admin.mode` is %04o",
                     (unsigned)admin->mode);
        skm_diag_help(c->diags, diag, "write `mode: 0660`");
    }
}

static void check_authzen(const struct checker *c)
{
    const struct skm_config_authzen *authzen = &c->config->authzen;
    if (!skm_parse_is_name(authzen->action_type.text)) {
        complain(c, authzen->action_type.range,
                 "`authzen.action_type`: `%.*s` is not the name of a Cedar type",
                 SKM_SPAN_ARG(authzen->action_type.text));
    }
    for (size_t i = 0; i < authzen->types.count; i++) {
        if (!skm_parse_is_name(authzen->types.pairs[i].value)) {
            complain(c, authzen->types.pairs[i].range,
                     "`authzen.types`: `%.*s` is not the name of a Cedar type",
                     SKM_SPAN_ARG(authzen->types.pairs[i].value));
        }
    }
}

skm_err skm_config_check(const struct skm_config *config, const struct skm_source *source,
                         struct skm_diags *diags)
{
    struct checker c = {config, source, diags};
    size_t errors_before = diags->errors;
    SKM_TRY(check_listeners(&c));
    SKM_TRY(check_peps(&c));
    check_admin(&c);
    check_authzen(&c);
    return diags->errors > errors_before ? SKM_ERR(INVALID) : SKM_OK;
}

/* ---- files ---- */

/* What a named path must be: an X of the given kind, perhaps kept from others' eyes. */
static void check_path(const struct checker *c, const char *option,
                       const struct skm_config_text *path, mode_t kind)
{
    struct stat info;
    if (path->text.len == 0) {
        return;
    }
    const char *what = kind == S_IFDIR ? "folder" : "file";
    if (stat(path->text.ptr, &info) != 0) {
        complain(c, path->range, "`%s` asks for the %s `%s`: %s", option, what, path->text.ptr,
                 strerror(errno));
    } else if ((info.st_mode & S_IFMT) != kind) {
        complain(c, path->range, "`%s` asks for a %s, `%s` is none", option, what, path->text.ptr);
    } else if ((info.st_mode & S_IWOTH) != 0) {
        complain(c, path->range, "`%s`: anybody may write the %s `%s`", option, what,
                 path->text.ptr);
    }
}

/* Folders that may be absent as long as nobody wrote them down. */
static void check_optional_folder(const struct checker *c, const char *option,
                                  const struct skm_config_text *path)
{
    struct stat info;
    if (path->given || stat(path->text.ptr, &info) == 0) {
        check_path(c, option, path, S_IFDIR);
    }
}

static void check_secret(const struct checker *c, const char *option,
                         const struct skm_config_text *path)
{
    struct stat info;
    check_path(c, option, path, S_IFREG);
    if (path->text.len != 0 && stat(path->text.ptr, &info) == 0 &&
        (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        struct skm_diag *diag =
            complain(c, path->range, "`%s`: others than its owner have access to `%s` (mode %04o)",
                     option, path->text.ptr, (unsigned)(info.st_mode & 07777));
        skm_diag_help(c->diags, diag, "chmod 600 %s", path->text.ptr);
    }
}

skm_err skm_config_check_files(const struct skm_config *config, const struct skm_source *source,
                               struct skm_diags *diags)
{
    struct checker c = {config, source, diags};
    size_t errors_before = diags->errors;
    check_path(&c, "policies", &config->policies, S_IFDIR);
    check_optional_folder(&c, "obligations", &config->obligations);
    check_optional_folder(&c, "entities", &config->entities);
    check_path(&c, "schema", &config->schema, S_IFREG);
    check_path(&c, "resources", &config->resources, S_IFREG);
    check_path(&c, "zones", &config->zones, S_IFREG);
    for (size_t i = 0; i < config->listeners.count; i++) {
        const struct skm_config_tls *tls = config->listeners.items[i].tls;
        if (tls != NULL) {
            check_path(&c, "listeners[].tls.certificate", &tls->certificate, S_IFREG);
            check_path(&c, "listeners[].tls.key", &tls->key, S_IFREG);
            check_path(&c, "listeners[].tls.client_ca", &tls->client_ca, S_IFREG);
        }
    }
    for (size_t i = 0; i < config->peps.count; i++) {
        check_secret(&c, "peps[].key_file", &config->peps.items[i].key_file);
    }
    return diags->errors > errors_before ? SKM_ERR(INVALID) : SKM_OK;
}
