#include "base/err.h"

#include <stdio.h>

#include "base/attr.h"

struct err_row {
    const char *name;
    const char *text;
    enum skm_err_class class;
};

static const struct err_row ROWS[] = {[SKM_E_OK] = {"OK", "no error", SKM_ERR_CLASS_NONE},
#define ERR_ROW(name_, class_, text_) [SKM_E_##name_] = {#name_, text_, SKM_ERR_CLASS_##class_},
                                      SKM_ERROR_TABLE(ERR_ROW)
#undef ERR_ROW
};

static const struct err_row UNKNOWN = {"UNKNOWN", "unknown error", SKM_ERR_CLASS_INTERNAL};

static const struct err_row *row_of(skm_err err)
{
    return err.code < SKM_ARRAY_LEN(ROWS) ? &ROWS[err.code] : &UNKNOWN;
}

const char *skm_err_name(skm_err err)
{
    return row_of(err)->name;
}

const char *skm_err_text(skm_err err)
{
    return row_of(err)->text;
}

enum skm_err_class skm_err_class(skm_err err)
{
    return row_of(err)->class;
}

#ifdef SKM_DEBUG_ERRORS
void skm_err_hop(skm_err err, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: %s\n", file, line, skm_err_name(err));
}
#endif
