#include "server/http_reject.h"

const char *skm_http_reject_label(enum skm_http_reject reason)
{
    static const char *const labels[] = {
#define LABEL_(name, label) label,
        SKM_HTTP_REJECT_TABLE(LABEL_)
#undef LABEL_
    };
    return (unsigned)reason < SKM_HTTP_REJECT_COUNT ? labels[reason] : "unknown";
}
