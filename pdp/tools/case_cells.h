/* One row of a CSV case in Cedar terms. */
#pragma once

#include "tools/case.h"

enum skm_case_cell {
    SKM_CASE_SUBJECT = 0,
    SKM_CASE_MFA,
    SKM_CASE_DEVICE,
    SKM_CASE_RESOURCE,
    SKM_CASE_CONTEXT,
    SKM_CASE_CELLS,
};

struct skm_case_row {
    skm_span cells[SKM_CASE_CELLS]; /* JSON objects */
    skm_span action;
};

/* Fills in request, time and entities. SKM_E_INVALID: a message at the case's range; SKM_E_MEMORY. */
SKM_MUST skm_err skm_case_from_row(struct skm_cases *cases, const struct skm_case_row *row,
                                   struct skm_case *out_case);
