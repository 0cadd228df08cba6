/* The request of a command line: `--request FILE`, or its parts. */
#pragma once

#include "tools/files.h"
#include "tools/request_json.h"

struct skm_request_args {
    const char *request;
    const char *principal;
    const char *action;
    const char *resource;
    const char *context; /* JSON, or @FILE */
    bool no_request_validation;
};

/* Rows of an option table whose struct `type` has a member `member` of the type above. */
#define SKM_REQUEST_OPTIONS(type, member)                                                          \
    {.name = "request",                                                                            \
     .kind = SKM_OPTION_TEXT,                                                                      \
     .value = "FILE",                                                                              \
     .offset = offsetof(type, member.request),                                                     \
     .help = "the request (JSON)"},                                                                \
        {.name = "principal",                                                                      \
         .kind = SKM_OPTION_TEXT,                                                                  \
         .value = "UID",                                                                           \
         .offset = offsetof(type, member.principal),                                               \
         .help = "or its parts: 'User::\"alice\"'"},                                               \
        {.name = "action",                                                                         \
         .kind = SKM_OPTION_TEXT,                                                                  \
         .value = "UID",                                                                           \
         .offset = offsetof(type, member.action),                                                  \
         .help = "'Action::\"view\"'"},                                                            \
        {.name = "resource",                                                                       \
         .kind = SKM_OPTION_TEXT,                                                                  \
         .value = "UID",                                                                           \
         .offset = offsetof(type, member.resource),                                                \
         .help = "'Photo::\"1\"'"},                                                                \
        {.name = "context",                                                                        \
         .kind = SKM_OPTION_TEXT,                                                                  \
         .value = "JSON",                                                                          \
         .offset = offsetof(type, member.context),                                                 \
         .help = "an object; @FILE reads it from a file"},                                         \
    {                                                                                              \
        .name = "no-request-validation", .kind = SKM_OPTION_FLAG,                                  \
        .offset = offsetof(type, member.no_request_validation),                                    \
        .help = "decide requests that the schema does not allow, too"                              \
    }

/* Reads it by the schema (NULL: none). SKM_E_INVALID with messages, or with *out_misused set: the options do not go together, which
 * was told. Other errors: skm_tool_read(), SKM_E_MEMORY. */
SKM_MUST skm_err skm_request_args_read(struct skm_call *call, struct skm_arena *arena,
                                       const struct skm_schema *schema,
                                       const struct skm_request_args *args, struct skm_diags *diags,
                                       bool *out_misused, struct skm_request *out_request);
