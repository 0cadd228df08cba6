/* X-Request-ID: the value a PEP chose comes back with the response, errors included (AuthZEN 1.0 §10.1.4). */
#pragma once

#include "proto/http.h"

#define SKM_REQUEST_ID_BYTES_MAX 128u

/* Echoes the request's only X-Request-ID when it is 1 to 128 printable ASCII characters; any other is dropped, so that nobody writes into our
 * headers or makes them grow. `request` NULL: nothing. Fits skm_http_on_response. */
void skm_request_id_echo(void *ctx, const struct skm_http_request *request,
                         struct skm_http_response *response);
