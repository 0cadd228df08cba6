/* One test file of the upstream conformance suite (cedar-integration-tests): reading it and running it as the upstream harness
 * does:
 *
 *   1. parse policies (ids policy0, policy1, ...), schema, and entities with the schema; any failure fails the test;
 *   2. validate the policies strictly and compare with `shouldValidate`;
 *   3. per request: parse the context by schema and action, validate the request unless told otherwise, authorize over the same
 *      policies, compare decision, reason and errors, the last two as sets. */
#pragma once

#include "tools/files.h"
#include "tools/world.h"

enum skm_conformance_outcome {
    SKM_CONFORMANCE_NO_TEST = 0, /* JSON, and not a test: an entity file, say */
    SKM_CONFORMANCE_FAILED,
    SKM_CONFORMANCE_PASSED,
};

struct skm_conformance_result {
    enum skm_conformance_outcome outcome;
    size_t requests;
};

/* Runs the file; what failed is told in `report`, each line led by the path. */
SKM_MUST skm_err skm_conformance_run(const char *path, enum skm_world_engine engine,
                                     struct skm_buf *report,
                                     struct skm_conformance_result *out_result);
