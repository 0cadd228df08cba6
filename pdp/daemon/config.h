/* The configuration, sekimori.yaml, as structs. Options, types and defaults are in config.def.
 *
 * Reading yields everything that is wrong at once, each message with file, line and column, what was expected, what came, and the
 * nearest known key. A configuration that was read is complete and consistent: every option has its value or default,
 * every named file exists. Paths are absolute, or relative to the folder of the file.
 *
 * Memory: one arena per configuration; immutable once read, counted references. Threads: any. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "daemon/config.def"

struct skm_buf;
struct skm_config_option;

/* Default of an option that must be written. */
#define SKM_CONFIG_REQUIRED NULL

/* TEXT DIR FILE OUT ADDRESS URL HEX. A path is NUL-terminated behind its length. */
struct skm_config_text {
    skm_span text;          /* empty: none */
    struct skm_range range; /* where it was written */
    bool given;             /* false: the default */
};

/* LIST: names, or the word `any`. */
struct skm_config_list {
    const skm_span *names;
    size_t count;
    bool any;
    struct skm_range range;
};

struct skm_config_pair {
    skm_span key;
    skm_span value;
    struct skm_range range; /* of the value */
};

/* MAP: text to text, in file order. */
struct skm_config_map {
    const struct skm_config_pair *pairs;
    size_t count;
};

#define SKM_CONFIG_CTYPE_BOOL     bool
#define SKM_CONFIG_CTYPE_INT      int64_t
#define SKM_CONFIG_CTYPE_SIZE     int64_t  /* bytes */
#define SKM_CONFIG_CTYPE_DURATION int64_t  /* milliseconds */
#define SKM_CONFIG_CTYPE_WORD     uint32_t /* index of the word */
#define SKM_CONFIG_CTYPE_WORDS    uint32_t /* bit per word */
#define SKM_CONFIG_CTYPE_MODE     uint32_t
#define SKM_CONFIG_CTYPE_TEXT     struct skm_config_text
#define SKM_CONFIG_CTYPE_DIR      struct skm_config_text
#define SKM_CONFIG_CTYPE_FILE     struct skm_config_text
#define SKM_CONFIG_CTYPE_OUT      struct skm_config_text /* a path that need not exist */
#define SKM_CONFIG_CTYPE_ADDRESS  struct skm_config_text
#define SKM_CONFIG_CTYPE_URL      struct skm_config_text
#define SKM_CONFIG_CTYPE_HEX      struct skm_config_text
#define SKM_CONFIG_CTYPE_LIST     struct skm_config_list
#define SKM_CONFIG_CTYPE_MAP      struct skm_config_map

#define SKM_CONFIG_FIELD_(name, type, ...) SKM_CONFIG_CTYPE_##type name;

enum skm_config_client_certificate {
    SKM_CONFIG_CLIENT_CERTIFICATE_REQUIRED = 0,
    SKM_CONFIG_CLIENT_CERTIFICATE_OPTIONAL,
};

struct skm_config_tls {
    SKM_CONFIG_TLS(SKM_CONFIG_FIELD_)
};

enum skm_config_serve {
    SKM_CONFIG_SERVE_AUTHZEN = 1u << 0,
    SKM_CONFIG_SERVE_FORWARD_AUTH = 1u << 1,
    SKM_CONFIG_SERVE_HEALTH = 1u << 2,
    SKM_CONFIG_SERVE_METRICS = 1u << 3,
};

/* Entries of lists begin with where they are written. */
struct skm_config_listener {
    struct skm_range range;
    SKM_CONFIG_LISTENER(SKM_CONFIG_FIELD_)
    struct skm_config_tls *tls; /* NULL: plain HTTP */
};

/* Words of `headers`: presets in this order, then this one. */
#define SKM_CONFIG_FORWARD_HEADERS_CUSTOM 3u

enum skm_config_ambiguous_paths {
    SKM_CONFIG_AMBIGUOUS_PATHS_DENY = 0,
    SKM_CONFIG_AMBIGUOUS_PATHS_ALLOW,
};

struct skm_config_forward_auth {
    SKM_CONFIG_FORWARD_AUTH(SKM_CONFIG_FIELD_)
};

enum skm_config_credential {
    SKM_CONFIG_CREDENTIAL_AUTHORIZATION = 0,
    SKM_CONFIG_CREDENTIAL_KEY_HEADER,
};

struct skm_config_pep {
    struct skm_range range;
    SKM_CONFIG_PEP(SKM_CONFIG_FIELD_)
    struct skm_config_forward_auth *forward_auth; /* NULL: may not use it */
};

struct skm_config_admin {
    SKM_CONFIG_ADMIN(SKM_CONFIG_FIELD_)
};

struct skm_config_limits {
    SKM_CONFIG_LIMITS(SKM_CONFIG_FIELD_)
};

enum skm_config_log_form {
    SKM_CONFIG_LOG_FORM_AUTO = 0,
    SKM_CONFIG_LOG_FORM_TEXT,
    SKM_CONFIG_LOG_FORM_JOURNAL,
    SKM_CONFIG_LOG_FORM_JSON,
};

struct skm_config_log {
    SKM_CONFIG_LOG(SKM_CONFIG_FIELD_)
};

struct skm_config_authzen {
    SKM_CONFIG_AUTHZEN(SKM_CONFIG_FIELD_)
};

enum skm_config_metrics_access {
    SKM_CONFIG_METRICS_LOOPBACK = 0,
    SKM_CONFIG_METRICS_ANY,
    SKM_CONFIG_METRICS_NONE,
};

struct skm_config_metrics {
    SKM_CONFIG_METRICS(SKM_CONFIG_FIELD_)
};

struct skm_config_listeners {
    struct skm_config_listener *items;
    size_t count;
};

struct skm_config_peps {
    struct skm_config_pep *items;
    size_t count;
};

enum skm_config_on_forbid_error {
    SKM_CONFIG_ON_FORBID_ERROR_DENY = 0,
    SKM_CONFIG_ON_FORBID_ERROR_SKIP,
};

struct skm_config {
    uint32_t refs; /* atomic */
    struct skm_arena arena;
    const struct skm_source *source; /* name and text; in the arena */
    SKM_CONFIG_ROOT(SKM_CONFIG_FIELD_)
    struct skm_config_listeners listeners;
    struct skm_config_admin admin;
    struct skm_config_limits limits;
    struct skm_config_log log;
    struct skm_config_authzen authzen;
    struct skm_config_metrics metrics;
    struct skm_config_peps peps;
};

/* Reads and checks the file and what it names. Refuses a file, or a folder around it, that others may write. SKM_E_INVALID:
 * `diags` has the errors, and what they point into lives in its arena. SKM_E_MEMORY. */
SKM_MUST skm_err skm_config_load(const char *path, struct skm_diags *diags,
                                 struct skm_config **out_config);

/* Reads a text that lies in memory, without a look at the file system (tests, fuzzing). `folder`: what paths are relative to. */
SKM_MUST skm_err skm_config_parse(const struct skm_source *source, skm_span folder,
                                  struct skm_diags *diags, struct skm_config **out_config);

struct skm_config *skm_config_ref(struct skm_config *config);
/* Frees with the last reference. NULL is accepted. */
void skm_config_unref(struct skm_config *config);

/* All options with their defaults and descriptions, as a configuration file in comments. */
void skm_config_print_defaults(struct skm_buf *out);

/* The same as the OPTIONS part of a manual page (roff). */
void skm_config_print_man(struct skm_buf *out);

/* A JSON Schema of the file, for editors. */
void skm_config_print_schema(struct skm_buf *out);

/* Appends the paths of options that differ and take effect only at the next start, separated by ", ". Yields how many. */
size_t skm_config_print_restart(const struct skm_config *running, const struct skm_config *wanted,
                                struct skm_buf *out);
