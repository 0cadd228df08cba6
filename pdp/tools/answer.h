/* The answer to a request, written for people or as JSON: `{"decision":"allow|deny","reason":[ids],"errors":[ids]}`. */
#pragma once

#include "base/json.h"
#include "cedar/authorize.h"
#include "tools/world.h"

/* The three members, into an object that is open. */
void skm_answer_members(const struct skm_authorization *authorization, struct skm_json_writer *writer);

/* Decision, reasons, and errors with their messages. */
void skm_answer_print(const struct skm_authorization *authorization, struct skm_buf *out);

/* `{"error":{"stage":...,"message":...}}`; the message is the first error of `diags`, with its position, and how many more. */
void skm_answer_error(enum skm_stage stage, const struct skm_diags *diags, skm_err err,
                      struct skm_json_writer *writer);
