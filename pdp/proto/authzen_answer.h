/* One decision as AuthZEN has it: `{"decision":bool}`, with a `context` where it is due (AuthZEN 1.0 §6.2, §7.2). */
#pragma once

#include <stdbool.h>

#include "base/json.h"
#include "decide/decide.h"
#include "decide/pep.h"
#include "proto/authzen_resolve.h"
#include "state/snapshot.h"

/* Who is answered, and how. */
struct skm_authzen_audience {
    const struct skm_pep *pep;
    const struct skm_snapshot *snapshot;
    bool explain;  /* with reasons, clauses, policy ids */
    bool japanese; /* reasons for users in Japanese where there are any */
};

/* Writes one decision. With `fault->status` over 200 it is false with `context.error`. Obligations of a permit are always written: a PEP
 * that was not told of them could not fulfil them. Everything else of the context only where explained. */
void skm_authzen_answer_write(struct skm_json_writer *writer,
                              const struct skm_authzen_audience *audience,
                              const struct skm_decision *decision,
                              const struct skm_authzen_fault *fault);

/* The obligations of a permit, as elements of an array that is open. */
void skm_authzen_answer_write_obligations(struct skm_json_writer *writer,
                                          const struct skm_decision_obligation *obligations,
                                          size_t count);
