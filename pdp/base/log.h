/* The operator log (not audit): one line per event to standard error or a file descriptor.
 *
 *     2026-11-21T12:00:00.123Z warning reload: policies refused, 2 errors
 *
 * Levels as in syslog; on a journal each line carries the <n> prefix. Control characters are escaped, so that
 * nobody's input can forge a line. Libraries (L0 to L5) do not log; the caller at the edge does, once.
 * Secrets never come here. Threads: any thread; lines do not mix. */
#pragma once

enum skm_log_level {
    SKM_LOG_ERROR = 3,
    SKM_LOG_WARNING = 4,
    SKM_LOG_NOTICE = 5,
    SKM_LOG_INFO = 6,
    SKM_LOG_DEBUG = 7,
};

enum skm_log_form {
    SKM_LOG_FORM_TEXT = 0, /* time, level, message */
    SKM_LOG_FORM_JOURNAL,  /* <n>message */
    SKM_LOG_FORM_JSON,     /* {"time","level","message"} */
};

/* Before start. Lines below `level` are dropped; `fd` stays the caller's. */
void skm_log_setup(int fd, enum skm_log_level level, enum skm_log_form form);

void skm_log(enum skm_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
