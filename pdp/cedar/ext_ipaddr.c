/* ipaddr: an IPv4 or IPv6 address with a prefix length (Cedar spec: Ext/IPAddr.lean).
 *
 *     ip     := (ipv4 | ipv6) [ '/' prefix ]          at most 43 bytes
 *     ipv4   := octet '.' octet '.' octet '.' octet   decimal, no leading zeros
 *     ipv6   := 8 groups of 1 to 4 hex digits, at most one '::' for one or more groups of zeros
 *     prefix := decimal without leading zeros, at most 32 / 128
 *
 * Host bits are kept: `10.0.0.1/24` and `10.0.0.0/24` are different values that cover the same range. There are no
 * zone ids, no dotted tail in IPv6, and no mapped address is ever taken for IPv4. */
#include <string.h>

#include "base/span.h"
#include "cedar/ext_impl.h"

#define TEXT_MAX    43
#define V4_BITS     32
#define V6_BITS     128
#define V6_GROUPS   8
#define GROUP_BYTES 2

static const struct skm_ip V4_LOOPBACK = {.prefix = 8, .bytes = {127}};
static const struct skm_ip V6_LOOPBACK = {.is_v6 = true, .prefix = 128, .bytes = {[15] = 1}};
static const struct skm_ip V4_MULTICAST = {.prefix = 4, .bytes = {224}};
static const struct skm_ip V6_MULTICAST = {.is_v6 = true, .prefix = 8, .bytes = {0xFF}};

static unsigned address_bits(const struct skm_ip *ip)
{
    return ip->is_v6 ? V6_BITS : V4_BITS;
}

/* ---- reading ---- */

/* Decimal of at most `digits_max` digits, not above `limit`, without leading zeros. */
static bool read_small(struct skm_ext_cursor *cursor, size_t digits_max, unsigned limit,
                       uint8_t *out_number)
{
    unsigned number = 0;
    size_t start = cursor->at;
    while (skm_ext_is_digit(skm_ext_peek(cursor)) && cursor->at - start < digits_max) {
        number = number * 10 + (unsigned)(skm_ext_peek(cursor) - '0');
        cursor->at++;
    }
    size_t digits = cursor->at - start;
    bool leading_zero = digits > 1 && cursor->text.ptr[start] == '0';
    if (digits == 0 || leading_zero || number > limit) {
        return false;
    }
    *out_number = (uint8_t)number;
    return true;
}

static bool read_v4(skm_span text, uint8_t bytes[16])
{
    struct skm_ext_cursor cursor = {.text = text};
    for (size_t i = 0; i < 4; i++) {
        if ((i > 0 && !skm_ext_accept(&cursor, '.')) ||
            !read_small(&cursor, 3, UINT8_MAX, &bytes[i])) {
            return false;
        }
    }
    return skm_ext_at_end(&cursor);
}

static int hex_digit(char byte)
{
    if (skm_ext_is_digit(byte)) {
        return byte - '0';
    }
    if (byte >= 'a' && byte <= 'f') {
        return byte - 'a' + 10;
    }
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

static bool read_group(struct skm_ext_cursor *cursor, uint16_t *out_group)
{
    unsigned group = 0;
    size_t digits = 0;
    for (; digits < 4 && hex_digit(skm_ext_peek(cursor)) >= 0; digits++) {
        group = group * 16 + (unsigned)hex_digit(skm_ext_peek(cursor));
        cursor->at++;
    }
    *out_group = (uint16_t)group;
    return digits > 0;
}

struct v6_groups {
    uint16_t groups[V6_GROUPS];
    size_t count;
    bool has_gap;
    size_t gap_at; /* so many groups stand before the `::` */
};

static bool accept_gap(struct skm_ext_cursor *cursor)
{
    bool is_gap = skm_span_starts(skm_span_from(cursor->text, cursor->at), SKM_SPAN("::"));
    cursor->at += is_gap ? 2 : 0;
    return is_gap;
}

/* False on bad syntax, a second `::`, or more than eight groups. */
static bool read_groups(skm_span text, struct v6_groups *read)
{
    struct skm_ext_cursor cursor = {.text = text};
    do {
        if (accept_gap(&cursor)) {
            if (read->has_gap) {
                return false;
            }
            read->has_gap = true;
            read->gap_at = read->count;
            if (skm_ext_at_end(&cursor)) {
                return true;
            }
        } else if (read->count > 0 && !skm_ext_accept(&cursor, ':')) {
            return false;
        }
        if (read->count == V6_GROUPS || !read_group(&cursor, &read->groups[read->count])) {
            return false;
        }
        read->count++;
    } while (!skm_ext_at_end(&cursor));
    return true;
}

static bool read_v6(skm_span text, uint8_t bytes[16])
{
    struct v6_groups read = {.count = 0};
    if (!read_groups(text, &read)) {
        return false;
    }
    /* `::` stands for at least one group. */
    if (read.has_gap ? read.count >= V6_GROUPS : read.count != V6_GROUPS) {
        return false;
    }
    size_t gap_groups = V6_GROUPS - read.count;
    for (size_t i = 0; i < read.count; i++) {
        size_t place = read.has_gap && i >= read.gap_at ? i + gap_groups : i;
        bytes[GROUP_BYTES * place] = (uint8_t)(read.groups[i] >> 8);
        bytes[GROUP_BYTES * place + 1] = (uint8_t)(read.groups[i] & 0xFF);
    }
    return true;
}

static bool read_prefix(skm_span text, const struct skm_ip *ip, uint8_t *out_prefix)
{
    struct skm_ext_cursor cursor = {.text = text};
    return read_small(&cursor, ip->is_v6 ? 3 : 2, address_bits(ip), out_prefix) &&
           skm_ext_at_end(&cursor);
}

static bool read_ip(skm_span text, struct skm_ip *out_ip, const char **out_reason)
{
    const char *slash = text.len == 0 ? NULL : memchr(text.ptr, '/', text.len);
    size_t address_len = slash == NULL ? text.len : (size_t)(slash - text.ptr);
    skm_span address = skm_span_sub(text, 0, address_len);
    struct skm_ip ip = {.is_v6 = false};
    ip.is_v6 = address.len > 0 && memchr(address.ptr, ':', address.len) != NULL;
    if (!(ip.is_v6 ? read_v6(address, ip.bytes) : read_v4(address, ip.bytes))) {
        *out_reason = "not an IPv4 or IPv6 address";
        return false;
    }
    ip.prefix = (uint8_t)address_bits(&ip);
    if (slash != NULL && !read_prefix(skm_span_from(text, address_len + 1), &ip, &ip.prefix)) {
        *out_reason = "the prefix length of an address is a number up to 32 (IPv4) or 128 (IPv6)";
        return false;
    }
    *out_ip = ip;
    return true;
}

skm_err skm_ext_ip(struct skm_arena *arena, const struct skm_value *args,
                   struct skm_value *out_value, const char **out_reason)
{
    skm_span text = args[0].as.string;
    struct skm_ip read = {.is_v6 = false};
    if (text.len > TEXT_MAX) {
        return skm_ext_fail(SKM_ERR(SYNTAX), "an address has at most 43 characters", out_reason);
    }
    if (!read_ip(text, &read, out_reason)) {
        return SKM_ERR(SYNTAX);
    }
    struct skm_ip *ip = SKM_ARENA_NEW(arena, struct skm_ip);
    if (ip == NULL) {
        return skm_ext_fail(SKM_ERR(MEMORY), "memory limit reached", out_reason);
    }
    *ip = read;
    *out_value = (struct skm_value){.kind = SKM_VALUE_IPADDR, .as.ip = ip};
    return SKM_OK;
}

/* ---- predicates ---- */

/* [network(a), broadcast(a)] lies in that of b: b's prefix is no longer, and a agrees with b in its bits. */
static bool is_in_range(const struct skm_ip *a, const struct skm_ip *b)
{
    if (a->is_v6 != b->is_v6 || b->prefix > a->prefix) {
        return false;
    }
    size_t whole_bytes = b->prefix / 8u;
    unsigned rest_bits = b->prefix % 8u;
    if (memcmp(a->bytes, b->bytes, whole_bytes) != 0) {
        return false;
    }
    if (rest_bits == 0) {
        return true;
    }
    unsigned mask = 0xFFu << (8 - rest_bits);
    unsigned differing = (unsigned)a->bytes[whole_bytes] ^ (unsigned)b->bytes[whole_bytes];
    return (differing & mask & 0xFFu) == 0;
}

skm_err skm_ext_is_ipv4(struct skm_arena *arena, const struct skm_value *args,
                        struct skm_value *out_value, const char **out_reason)
{
    (void)arena;
    (void)out_reason;
    *out_value = skm_value_bool(!args[0].as.ip->is_v6);
    return SKM_OK;
}

skm_err skm_ext_is_ipv6(struct skm_arena *arena, const struct skm_value *args,
                        struct skm_value *out_value, const char **out_reason)
{
    (void)arena;
    (void)out_reason;
    *out_value = skm_value_bool(args[0].as.ip->is_v6);
    return SKM_OK;
}

skm_err skm_ext_is_loopback(struct skm_arena *arena, const struct skm_value *args,
                            struct skm_value *out_value, const char **out_reason)
{
    (void)arena;
    (void)out_reason;
    const struct skm_ip *ip = args[0].as.ip;
    *out_value = skm_value_bool(is_in_range(ip, ip->is_v6 ? &V6_LOOPBACK : &V4_LOOPBACK));
    return SKM_OK;
}

skm_err skm_ext_is_multicast(struct skm_arena *arena, const struct skm_value *args,
                             struct skm_value *out_value, const char **out_reason)
{
    (void)arena;
    (void)out_reason;
    const struct skm_ip *ip = args[0].as.ip;
    *out_value = skm_value_bool(is_in_range(ip, ip->is_v6 ? &V6_MULTICAST : &V4_MULTICAST));
    return SKM_OK;
}

skm_err skm_ext_is_in_range(struct skm_arena *arena, const struct skm_value *args,
                            struct skm_value *out_value, const char **out_reason)
{
    (void)arena;
    (void)out_reason;
    *out_value = skm_value_bool(is_in_range(args[0].as.ip, args[1].as.ip));
    return SKM_OK;
}

/* ---- text (RFC 5952 §4) ---- */

static unsigned group_at(const struct skm_ip *ip, size_t index)
{
    return (unsigned)ip->bytes[GROUP_BYTES * index] << 8 | ip->bytes[GROUP_BYTES * index + 1];
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952 §4.2.2, §4.2.3); length 0: none. */
static size_t find_gap(const struct skm_ip *ip, size_t *out_len)
{
    size_t best_at = 0;
    size_t best_len = 1;
    size_t run = 0;
    for (size_t i = 0; i < V6_GROUPS; i++) {
        run = group_at(ip, i) == 0 ? run + 1 : 0;
        if (run > best_len) {
            best_len = run;
            best_at = i + 1 - run;
        }
    }
    *out_len = best_len > 1 ? best_len : 0;
    return best_at;
}

struct writer {
    char *text; /* SKM_EXT_TEXT_MAX bytes; the longest address needs 43 */
    size_t len;
};

static void put(struct writer *writer, char byte)
{
    if (writer->len < SKM_EXT_TEXT_MAX) {
        writer->text[writer->len++] = byte;
    }
}

/* Without leading zeros; at most 16 bits. */
static void put_number(struct writer *writer, unsigned number, unsigned base)
{
    if (number >= base) {
        put_number(writer, number / base, base);
    }
    put(writer, "0123456789abcdef"[number % base]);
}

static void put_v4(struct writer *writer, const struct skm_ip *ip)
{
    for (size_t i = 0; i < 4; i++) {
        if (i > 0) {
            put(writer, '.');
        }
        put_number(writer, ip->bytes[i], 10);
    }
}

static void put_v6(struct writer *writer, const struct skm_ip *ip)
{
    size_t gap_len = 0;
    size_t gap_at = find_gap(ip, &gap_len);
    size_t i = 0;
    while (i < V6_GROUPS) {
        if (gap_len > 0 && i == gap_at) {
            put(writer, ':');
            put(writer, ':');
            i += gap_len;
            continue;
        }
        if (i > 0 && !(gap_len > 0 && i == gap_at + gap_len)) {
            put(writer, ':');
        }
        put_number(writer, group_at(ip, i), 16);
        i++;
    }
}

size_t skm_ext_format_ip(const struct skm_ip *ip, char text[SKM_EXT_TEXT_MAX])
{
    struct writer writer = {.text = text};
    if (ip->is_v6) {
        put_v6(&writer, ip);
    } else {
        put_v4(&writer, ip);
    }
    if (ip->prefix != address_bits(ip)) {
        put(&writer, '/');
        put_number(&writer, ip->prefix, 10);
    }
    return writer.len;
}
