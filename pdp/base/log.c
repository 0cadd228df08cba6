#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/span.h"
#include "base/utf8.h"

/* A line never exceeds this, so that one write to a pipe is whole (PIPE_BUF). */
#define LINE_BYTES    4096u
#define MESSAGE_BYTES 3072u
/* The most one character grows to: an escaped scalar in JSON, `\u{10ffff}` with its backslash doubled. */
#define ESCAPE_BYTES 16u

static struct {
    int fd;
    enum skm_log_level level;
    enum skm_log_form form;
    pthread_mutex_t lock;
} sink = {STDERR_FILENO, SKM_LOG_NOTICE, SKM_LOG_FORM_TEXT, PTHREAD_MUTEX_INITIALIZER};

void skm_log_setup(int fd, enum skm_log_level level, enum skm_log_form form)
{
    sink.fd = fd;
    sink.level = level;
    sink.form = form;
}

static const char *level_name(enum skm_log_level level)
{
    switch (level) {
    case SKM_LOG_ERROR:
        return "error";
    case SKM_LOG_WARNING:
        return "warning";
    case SKM_LOG_NOTICE:
        return "notice";
    case SKM_LOG_INFO:
        return "info";
    case SKM_LOG_DEBUG:
        return "debug";
    }
    return "unknown";
}

struct line {
    char text[LINE_BYTES];
    size_t len;
};

static void put(struct line *line, skm_span bytes)
{
    size_t room = LINE_BYTES - line->len;
    size_t len = bytes.len < room ? bytes.len : room;
    if (len != 0) {
        memcpy(line->text + line->len, bytes.ptr, len);
        line->len += len;
    }
}

/* One character of the message, or one byte that is none, so that it can neither end the line nor steer a terminal. */
static size_t put_character(struct line *line, skm_span message, size_t at)
{
    bool json = sink.form == SKM_LOG_FORM_JSON;
    uint32_t scalar = 0;
    char escaped[ESCAPE_BYTES];
    int len = 0;
    size_t taken = skm_utf8_decode(message, at, &scalar);
    if (taken == 0) {
        taken = 1;
        len = snprintf(escaped, sizeof escaped, json ? "\\\\x%02x" : "\\x%02x",
                       (unsigned)(unsigned char)message.ptr[at]);
    } else if (skm_utf8_is_unprintable(scalar)) {
        len = snprintf(escaped, sizeof escaped, json ? "\\\\u{%x}" : "\\u{%x}", (unsigned)scalar);
    } else if (json && (scalar == '"' || scalar == '\\')) {
        len = snprintf(escaped, sizeof escaped, "\\%c", (char)scalar);
    } else {
        put(line, skm_span_sub(message, at, taken));
        return taken;
    }
    put(line, (skm_span){escaped, (size_t)len});
    return taken;
}

/* `whole` false: the message itself was cut already. */
static void put_message(struct line *line, skm_span message, bool whole)
{
    static const skm_span CUT = {"[cut]", 5};
    /* What must still fit: the mark, a closing `"}` and the newline. */
    const size_t end = LINE_BYTES - CUT.len - 8;
    size_t at = 0;
    while (at < message.len && line->len + ESCAPE_BYTES < end) {
        at += put_character(line, message, at);
    }
    if (at < message.len || !whole) {
        put(line, CUT);
    }
}

static void put_line(struct line *line, enum skm_log_level level, skm_span message, bool whole)
{
    char now[SKM_CLOCK_RFC3339_BYTES];
    skm_clock_rfc3339(skm_clock_wall_ms(skm_clock_system()), now);
    char head[128];
    int len = 0;
    switch (sink.form) {
    case SKM_LOG_FORM_TEXT:
        len = snprintf(head, sizeof head, "%s %s ", now, level_name(level));
        break;
    case SKM_LOG_FORM_JOURNAL:
        len = snprintf(head, sizeof head, "<%d>", (int)level);
        break;
    case SKM_LOG_FORM_JSON:
        len = snprintf(head, sizeof head, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":\"", now,
                       level_name(level));
        break;
    }
    put(line, (skm_span){head, len < 0 ? 0 : (size_t)len});
    put_message(line, message, whole);
    put(line, sink.form == SKM_LOG_FORM_JSON ? SKM_SPAN("\"}\n") : SKM_SPAN("\n"));
}

/* A log that cannot be written has nowhere to complain; what does not fit into a full pipe is lost. */
static void write_line(const struct line *line)
{
    (void)pthread_mutex_lock(&sink.lock);
    size_t done = 0;
    while (done < line->len) {
        ssize_t wrote = write(sink.fd, line->text + done, line->len - done);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            break;
        }
        done += (size_t)wrote;
    }
    (void)pthread_mutex_unlock(&sink.lock);
}

void skm_log(enum skm_log_level level, const char *format, ...)
{
    if (level > sink.level) {
        return;
    }
    int saved = errno;
    char message[MESSAGE_BYTES];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (len >= 0) {
        struct line line;
        line.len = 0;
        bool whole = (size_t)len < sizeof message;
        size_t have = whole ? (size_t)len : sizeof message - 1;
        put_line(&line, level, (skm_span){message, have}, whole);
        write_line(&line);
    }
    errno = saved;
}
