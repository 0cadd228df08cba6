/* Facts that Cedar cannot work out by itself, reduced beforehand (policy model 3.1): Cedar has no set size, no maximum, and no search
 * in a set of records.
 *
 *     aal                         distinct factor kinds (knowledge, possession, biometric), at most 2; a given `aal` stands
 *     valid_approvals             "kind:ROLE" of each approval that counts
 *     notified                    kinds of the notifications that count, filed or waived
 *     waived                      union of `waives` over the exceptions that count
 *     exception_unreported        one of those has not been reported to the CISO
 *     max_source_confidentiality  highest of context.source_confidentiality, 1 when that is empty
 *     second_person_ok            present, authorised, confirmed, and not the subject
 *     in_designated_place         context.area.id is among resource.designated_places
 *     retention_met               the audit segment is as old as its retention asks for, and not on hold
 *     protected                   confidentiality, integrity or availability of at least 2
 *     path_trusted                network.trusted or network.via_vpn
 *
 * An approval counts (policy model 2.3) when its status is granted (for notifications: notified or waived), `now` is in its time window
 * and the request in its scope, the approver's role is one that may approve the kind in the resource's regime, and approver and applicant
 * are two people unless `unavoidable_justified`. Without a scope of subjects it counts for its applicant only.
 *
 * A derivation that lacks input, or gets it in another type, yields the restrictive value.
 * A pure function; memory: the arena, strings are borrowed. Any thread. */
#pragma once

#include "cedar/value.h"

struct skm_derive_facts {
    skm_span subject_id;
    skm_span resource_id;
    skm_span action_id;
    skm_span device_id; /* empty: no device */
    int64_t now_wall_ms;
    bool has_now;                                  /* else no time window holds */
    const struct skm_value_record *authentication; /* factors, aal; NULL: none */
    const struct skm_value_record *resource; /* regime, classes, designated_places; NULL: none */
    const struct skm_value_record *context;  /* the rest; NULL: none */
};

/* The eleven attributes as a record, for the context. SKM_E_MEMORY. */
SKM_MUST skm_err skm_derive(struct skm_arena *arena, const struct skm_derive_facts *facts,
                            struct skm_value *out_record);

/* An RFC 3339 date-time (§5.6) as milliseconds since 1970-01-01T00:00:00Z; digits past milliseconds are dropped, a leap second is
 * refused. False when it is none. */
bool skm_derive_time(skm_span text, int64_t *out_ms);
