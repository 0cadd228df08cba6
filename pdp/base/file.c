#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/vec.h"

#define STREAM_STEP_BYTES ((size_t)65536)

static void close_fd(int *fd)
{
    if (*fd > STDERR_FILENO) {
        int saved = errno;
        (void)close(*fd);
        errno = saved;
    }
}

static void close_dir(DIR **dir)
{
    if (*dir != NULL) {
        int saved = errno;
        (void)closedir(*dir);
        errno = saved;
    }
}

/* Reads until `len` bytes are there or the file ends. */
static skm_err read_up_to(int fd, char *out, size_t len, size_t *out_got)
{
    size_t done = 0;
    while (done < len) {
        ssize_t got = read(fd, out + done, len - done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return SKM_ERR(IO);
        }
        if (got == 0) {
            break;
        }
        done += (size_t)got;
    }
    *out_got = done;
    return SKM_OK;
}

/* A file that says its size: straight into the arena. One byte more is asked for, to see that it has not grown. */
static skm_err read_sized(struct skm_arena *arena, int fd, size_t size, skm_span *out_text)
{
    char *text = skm_arena_alloc_text(arena, size + 1);
    if (text == NULL) {
        return SKM_ERR(MEMORY);
    }
    size_t got = 0;
    SKM_TRY(read_up_to(fd, text, size + 1, &got));
    if (got > size) {
        /* Somebody is writing it: half a policy is not a policy. */
        errno = EAGAIN;
        return SKM_ERR(IO);
    }
    text[got] = '\0';
    *out_text = (skm_span){text, got};
    return SKM_OK;
}

/* A pipe, a terminal, a file of /proc: until the end. */
static skm_err read_stream(struct skm_arena *arena, int fd, size_t max_bytes, skm_span *out_text)
{
    SKM_CLEANUP(skm_buf_fini) struct skm_buf buf;
    skm_buf_init(&buf, max_bytes < SIZE_MAX ? max_bytes + 1 : max_bytes);
    size_t got = 0;
    do {
        size_t room = buf.max_bytes - buf.len;
        size_t step = room < STREAM_STEP_BYTES ? room : STREAM_STEP_BYTES;
        if (step == 0) {
            return SKM_ERR(SIZE);
        }
        char *to = skm_buf_reserve(&buf, step);
        if (to == NULL) {
            return skm_buf_check(&buf);
        }
        SKM_TRY(read_up_to(fd, to, step, &got));
        skm_buf_commit(&buf, got);
    } while (got != 0);
    /* One byte of room is left: else the loop would have ended in an error. */
    size_t len = buf.len;
    skm_buf_append_char(&buf, '\0');
    SKM_TRY(skm_buf_check(&buf));
    skm_span copy = {0};
    SKM_TRY(skm_arena_dup(arena, skm_buf_span(&buf), &copy));
    *out_text = (skm_span){copy.ptr, len};
    return SKM_OK;
}

skm_err skm_file_read(struct skm_arena *arena, const char *path, size_t max_bytes,
                      skm_span *out_text)
{
    SKM_CLEANUP(close_fd)
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return errno == ENOENT ? SKM_ERR(NOT_FOUND) : SKM_ERR(IO);
    }
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return SKM_ERR(IO);
    }
    if (!S_ISREG(info.st_mode) || info.st_size == 0 || fd == STDIN_FILENO) {
        return read_stream(arena, fd, max_bytes, out_text);
    }
    if (info.st_size < 0 || (uintmax_t)info.st_size > max_bytes) {
        return SKM_ERR(SIZE);
    }
    return read_sized(arena, fd, (size_t)info.st_size, out_text);
}

static int compare_names(const void *a, const void *b)
{
    const skm_span *left = a;
    const skm_span *right = b;
    return skm_span_compare(*left, *right);
}

skm_err skm_file_list(struct skm_arena *arena, const char *path, skm_span suffix, size_t max,
                      skm_span **out_names, size_t *out_count)
{
    SKM_CLEANUP(close_dir) DIR *dir = opendir(path);
    if (dir == NULL) {
        return errno == ENOENT ? SKM_ERR(NOT_FOUND) : SKM_ERR(IO);
    }
    SKM_VEC(skm_span) names = {0};
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL) {
            break;
        }
        skm_span name = skm_span_cstr(entry->d_name);
        if (entry->d_name[0] == '.' || !skm_span_ends(name, suffix)) {
            continue;
        }
        skm_span *slot = NULL;
        SKM_TRY(SKM_VEC_PUSH(arena, &names, max, &slot));
        SKM_TRY(skm_arena_dup(arena, name, slot));
    }
    if (errno != 0) {
        return SKM_ERR(IO);
    }
    if (names.len > 1) {
        qsort(names.items, names.len, sizeof *names.items, compare_names);
    }
    *out_names = names.items;
    *out_count = names.len;
    return SKM_OK;
}
