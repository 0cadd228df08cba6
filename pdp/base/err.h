/* Names, texts and classes of error codes (the codes are in include/sekimori/error.h). */
#pragma once

#include <sekimori/error.h>

/* `NOT_FOUND`, ...; "OK" for success, "UNKNOWN" for a number outside the table. Static storage. Any thread. */
const char *skm_err_name(skm_err err);

/* A short text for people, lower case, no full stop. Static storage. Any thread. */
const char *skm_err_text(skm_err err);

enum skm_err_class skm_err_class(skm_err err);
