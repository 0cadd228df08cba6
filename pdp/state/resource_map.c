#include "state/resource_map.h"

#include <stdlib.h>

#include "base/attr.h"
#include "base/span.h"
#include "base/vec.h"
#include "cedar/parse.h"

/* One segment of a path. A node's children lie side by side, sorted by segment. */
struct node {
    skm_span segment;
    const struct skm_resource_rule *rule; /* NULL: only on the way to one */
    size_t first_child;
    size_t child_count;
};

/* While building: the sorted rules a node stands for, all alike in their first `depth` segments. */
struct node_range {
    size_t from;
    size_t to;
    size_t depth;
};

struct host {
    skm_span key; /* see host_key() */
    size_t root;  /* index of its `/` node */
};

struct skm_resource_map {
    struct skm_arena *arena;
    struct skm_resource_action *defaults;
    SKM_VEC(struct skm_resource_rule) rules;
    const struct skm_resource_rule **sorted;
    SKM_VEC(struct host) hosts; /* sorted by key */
    SKM_VEC(struct node) nodes;
    SKM_VEC(struct node_range) ranges; /* one per node; of no use after close */
};

static const struct {
    skm_span method;
    skm_span action;
} default_actions[] = {
    {{"GET", 3}, {"view", 4}}, {{"HEAD", 4}, {"view", 4}},  {{"POST", 4}, {"edit", 4}},
    {{"PUT", 3}, {"edit", 4}}, {{"PATCH", 5}, {"edit", 4}}, {{"DELETE", 6}, {"edit", 4}},
};

/* The next segment of a path from *at on, or false at its end. A slash at the end begins no segment. */
static bool next_segment(skm_span path, size_t *at, skm_span *out_segment)
{
    if (*at + 1 >= path.len) {
        return false;
    }
    size_t start = *at + 1;
    size_t end = start;
    while (end < path.len && path.ptr[end] != '/') {
        end++;
    }
    *out_segment = skm_span_sub(path, start, end - start);
    *at = end;
    return true;
}

static bool segment_at(skm_span path, size_t index, skm_span *out_segment)
{
    size_t at = 0;
    for (size_t i = 0; i <= index; i++) {
        if (!next_segment(path, &at, out_segment)) {
            return false;
        }
    }
    return true;
}

static int compare_paths(skm_span a, skm_span b)
{
    size_t at_a = 0;
    size_t at_b = 0;
    for (;;) {
        skm_span left = {0};
        skm_span right = {0};
        bool more_a = next_segment(a, &at_a, &left);
        bool more_b = next_segment(b, &at_b, &right);
        if (!more_a || !more_b) {
            return (int)more_a - (int)more_b;
        }
        int order = skm_span_compare(left, right);
        if (order != 0) {
            return order;
        }
    }
}

/* Under which a rule's host is filed: `www.example.org`, `.example.org` for `*.example.org`, empty for any. */
static skm_span host_key(skm_span host)
{
    return host.len > 0 && host.ptr[0] == '*' ? skm_span_from(host, 1) : host;
}

static int compare_rules(const void *a, const void *b)
{
    const struct skm_resource_rule *left = *(const struct skm_resource_rule *const *)a;
    const struct skm_resource_rule *right = *(const struct skm_resource_rule *const *)b;
    int order = skm_span_compare(host_key(left->host), host_key(right->host));
    return order != 0 ? order : compare_paths(left->path, right->path);
}

/* ---- building ---- */

skm_err skm_resource_map_new(struct skm_arena *arena, skm_span action_type,
                             struct skm_resource_map **out_map)
{
    struct skm_resource_map *map = SKM_ARENA_NEW(arena, struct skm_resource_map);
    struct skm_resource_action *defaults =
        SKM_ARENA_NEW_ARRAY(arena, struct skm_resource_action, SKM_ARRAY_LEN(default_actions));
    if (map == NULL || defaults == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < SKM_ARRAY_LEN(default_actions); i++) {
        defaults[i].method = default_actions[i].method;
        defaults[i].action = (struct skm_uid){action_type, default_actions[i].action};
    }
    map->arena = arena;
    map->defaults = defaults;
    *out_map = map;
    return SKM_OK;
}

static bool is_host_byte(char byte, bool bracketed)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
           (bracketed ? byte == ':' : byte == '.' || byte == '-' || byte == '_');
}

/* Why no request can have this host, or NULL. */
static const char *host_fault(skm_span host)
{
    skm_span name = host_key(host);
    bool wildcard = name.len != host.len;
    if (name.len == 0) {
        return NULL;
    }
    if (wildcard && (name.ptr[0] != '.' || name.len == 1)) {
        return "a wildcard is `*` or `*.` before a whole domain";
    }
    name = wildcard ? skm_span_from(name, 1) : name;
    bool bracketed = name.len > 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']';
    skm_span inner = bracketed && !wildcard ? skm_span_sub(name, 1, name.len - 2) : name;
    for (size_t i = 0; i < inner.len; i++) {
        if (!is_host_byte(inner.ptr[i], bracketed)) {
            return "hosts are written in lower case, without scheme, port and path";
        }
    }
    if (inner.ptr[0] == '.' || inner.ptr[inner.len - 1] == '.') {
        return "a host has no dot at its ends";
    }
    return NULL;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static const char *path_byte_fault(skm_span path, size_t i)
{
    unsigned char c = (unsigned char)path.ptr[i];
    if (c < 0x20 || c == 0x7f) {
        return "a path has no control characters";
    }
    if (c == '?' || c == '#') {
        return "query and fragment are not part of a path";
    }
    if (c == '%' && i + 2 < path.len && is_hex(path.ptr[i + 1]) && is_hex(path.ptr[i + 2])) {
        return "paths are written decoded, without `%` escapes";
    }
    return NULL;
}

/* Why no normalised path can begin with this, or NULL. */
static const char *path_fault(skm_span path)
{
    if (path.len == 0 || path.ptr[0] != '/') {
        return "a path begins with `/`";
    }
    for (size_t i = 0; i < path.len; i++) {
        const char *fault = path_byte_fault(path, i);
        if (fault != NULL) {
            return fault;
        }
    }
    size_t at = 0;
    size_t count = 0;
    skm_span segment = {0};
    while (next_segment(path, &at, &segment)) {
        if (segment.len == 0 || skm_span_equal(segment, SKM_SPAN(".")) ||
            skm_span_equal(segment, SKM_SPAN(".."))) {
            return "a path has no empty, `.` or `..` segments";
        }
        if (++count > SKM_RESOURCE_SEGMENTS_MAX) {
            return "a path has at most 64 segments";
        }
    }
    return NULL;
}

static const char *actions_fault(const struct skm_resource_rule *rule)
{
    if (rule->action_count > SKM_RESOURCE_ACTIONS_MAX) {
        return "a rule has at most 64 methods";
    }
    for (size_t i = 0; i < rule->action_count; i++) {
        if (rule->actions[i].method.len == 0) {
            return "a method is a word such as `GET`";
        }
        if (!skm_parse_is_name(rule->actions[i].action.type)) {
            return "the action's type is not a Cedar type name";
        }
        for (size_t j = 0; j < i; j++) {
            if (skm_span_equal(rule->actions[i].method, rule->actions[j].method)) {
                return "a method is listed twice";
            }
        }
    }
    return NULL;
}

static const char *rule_fault(const struct skm_resource_rule *rule)
{
    const char *fault = host_fault(rule->host);
    fault = fault == NULL ? path_fault(rule->path) : fault;
    if (fault == NULL && !skm_parse_is_name(rule->resource.type)) {
        fault = "the resource's type is not a Cedar type name";
    }
    return fault == NULL ? actions_fault(rule) : fault;
}

skm_err skm_resource_map_add(struct skm_resource_map *map, const struct skm_resource_rule *rule,
                             struct skm_diags *diags)
{
    const char *fault = rule_fault(rule);
    if (fault != NULL) {
        (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, rule->source, rule->range,
                            "host `%.*s`, path `%.*s`: %s", SKM_SPAN_ARG(rule->host),
                            SKM_SPAN_ARG(rule->path), fault);
        return SKM_ERR(INVALID);
    }
    struct skm_resource_rule *slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(map->arena, &map->rules, SKM_RESOURCE_RULES_MAX, &slot));
    *slot = *rule;
    return SKM_OK;
}

static skm_err sort_rules(struct skm_resource_map *map)
{
    map->sorted = SKM_ARENA_NEW_ARRAY(map->arena, const struct skm_resource_rule *, map->rules.len);
    if (map->sorted == NULL) {
        return SKM_ERR(MEMORY);
    }
    for (size_t i = 0; i < map->rules.len; i++) {
        map->sorted[i] = &map->rules.items[i];
    }
    if (map->rules.len > 1) {
        qsort(map->sorted, map->rules.len, sizeof(*map->sorted), compare_rules);
    }
    return SKM_OK;
}

static skm_err check_unique(const struct skm_resource_map *map, struct skm_diags *diags)
{
    bool unique = true;
    for (size_t i = 1; i < map->rules.len; i++) {
        const struct skm_resource_rule *rule = map->sorted[i];
        if (compare_rules(&map->sorted[i - 1], &map->sorted[i]) != 0) {
            continue;
        }
        unique = false;
        (void)skm_diags_add(diags, SKM_SEVERITY_ERROR, rule->source, rule->range,
                            "host `%.*s`, path `%.*s`: there is another rule for these",
                            SKM_SPAN_ARG(rule->host), SKM_SPAN_ARG(rule->path));
    }
    return unique ? SKM_OK : SKM_ERR(INVALID);
}

static skm_err push_node(struct skm_resource_map *map, skm_span segment, struct node_range range)
{
    const size_t max = (size_t)SKM_RESOURCE_RULES_MAX * (SKM_RESOURCE_SEGMENTS_MAX + 1);
    struct node *node = NULL;
    struct node_range *slot = NULL;
    SKM_TRY(SKM_VEC_PUSH(map->arena, &map->nodes, max, &node));
    SKM_TRY(SKM_VEC_PUSH(map->arena, &map->ranges, max, &slot));
    node->segment = segment;
    *slot = range;
    return SKM_OK;
}

static skm_err build_hosts(struct skm_resource_map *map)
{
    size_t from = 0;
    while (from < map->rules.len) {
        skm_span key = host_key(map->sorted[from]->host);
        size_t to = from + 1;
        while (to < map->rules.len && skm_span_equal(host_key(map->sorted[to]->host), key)) {
            to++;
        }
        struct host *host = NULL;
        SKM_TRY(SKM_VEC_PUSH(map->arena, &map->hosts, SKM_RESOURCE_RULES_MAX, &host));
        *host = (struct host){.key = key, .root = map->nodes.len};
        SKM_TRY(push_node(map, SKM_SPAN(""), (struct node_range){from, to, 0}));
        from = to;
    }
    return SKM_OK;
}

/* Gives the node its rule, and appends its children: those rules that go on, grouped by their next segment. */
static skm_err expand_node(struct skm_resource_map *map, size_t index)
{
    struct node_range range = map->ranges.items[index];
    skm_span segment = {0};
    if (!segment_at(map->sorted[range.from]->path, range.depth, &segment)) {
        map->nodes.items[index].rule = map->sorted[range.from];
        range.from++;
    }
    map->nodes.items[index].first_child = map->nodes.len;
    while (range.from < range.to) {
        (void)segment_at(map->sorted[range.from]->path, range.depth, &segment);
        size_t to = range.from + 1;
        skm_span next = {0};
        while (to < range.to && segment_at(map->sorted[to]->path, range.depth, &next) &&
               skm_span_equal(next, segment)) {
            to++;
        }
        SKM_TRY(push_node(map, segment, (struct node_range){range.from, to, range.depth + 1}));
        map->nodes.items[index].child_count++;
        range.from = to;
    }
    return SKM_OK;
}

skm_err skm_resource_map_close(struct skm_resource_map *map, struct skm_diags *diags)
{
    SKM_TRY(sort_rules(map));
    SKM_TRY(check_unique(map, diags));
    SKM_TRY(build_hosts(map));
    for (size_t i = 0; i < map->nodes.len; i++) {
        SKM_TRY(expand_node(map, i));
    }
    return SKM_OK;
}

size_t skm_resource_map_defaults(const struct skm_resource_map *map,
                                 const struct skm_resource_action **out_actions)
{
    *out_actions = map->defaults;
    return SKM_ARRAY_LEN(default_actions);
}

size_t skm_resource_map_count(const struct skm_resource_map *map)
{
    return map->rules.len;
}

/* ---- looking up ---- */

static const struct host *find_host_key(const struct skm_resource_map *map, skm_span key)
{
    size_t low = 0;
    size_t high = map->hosts.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = skm_span_compare(map->hosts.items[middle].key, key);
        if (order == 0) {
            return &map->hosts.items[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

static const struct host *find_host(const struct skm_resource_map *map, skm_span host)
{
    const struct host *found = host.len == 0 ? NULL : find_host_key(map, host);
    for (size_t i = 1; i < host.len && found == NULL; i++) {
        if (host.ptr[i] == '.') {
            found = find_host_key(map, skm_span_from(host, i));
        }
    }
    return found != NULL ? found : find_host_key(map, SKM_SPAN(""));
}

static const struct node *find_child(const struct skm_resource_map *map, const struct node *node,
                                     skm_span segment)
{
    size_t low = node->first_child;
    size_t high = node->first_child + node->child_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = skm_span_compare(map->nodes.items[middle].segment, segment);
        if (order == 0) {
            return &map->nodes.items[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

static const struct skm_resource_rule *find_rule(const struct skm_resource_map *map,
                                                 const struct host *host, skm_span path)
{
    const struct node *node = &map->nodes.items[host->root];
    const struct skm_resource_rule *rule = node->rule;
    size_t at = 0;
    skm_span segment = {0};
    while (next_segment(path, &at, &segment)) {
        node = find_child(map, node, segment);
        if (node == NULL) {
            break;
        }
        rule = node->rule != NULL ? node->rule : rule;
    }
    return rule;
}

static const struct skm_uid *find_action(const struct skm_resource_action *actions, size_t count,
                                         skm_span method)
{
    for (size_t i = 0; i < count; i++) {
        if (skm_span_equal(actions[i].method, method)) {
            return &actions[i].action;
        }
    }
    return NULL;
}

/* RFC 9110 §9.3.2: HEAD is GET without the body. A rule that gives GET an action of its own must not leave HEAD on the default. */
static const struct skm_uid *find_own_action(const struct skm_resource_rule *rule, skm_span method)
{
    const struct skm_uid *action = find_action(rule->actions, rule->action_count, method);
    return action == NULL && skm_span_equal(method, SKM_SPAN("HEAD"))
               ? find_action(rule->actions, rule->action_count, SKM_SPAN("GET"))
               : action;
}

skm_err skm_resource_map_find(const struct skm_resource_map *map, skm_span host, skm_span path,
                              skm_span method, struct skm_resource_match *out_match)
{
    const struct host *found = find_host(map, host);
    if (found == NULL || path.len == 0 || path.ptr[0] != '/') {
        return SKM_ERR(NOT_FOUND);
    }
    const struct skm_resource_rule *rule = find_rule(map, found, path);
    if (rule == NULL) {
        return SKM_ERR(NOT_FOUND);
    }
    const struct skm_uid *action = find_own_action(rule, method);
    if (action == NULL) {
        action = find_action(map->defaults, SKM_ARRAY_LEN(default_actions), method);
    }
    if (action == NULL) {
        return SKM_ERR(REFUSED);
    }
    *out_match = (struct skm_resource_match){
        .resource = &rule->resource, .labels = rule->labels, .action = action, .rule = rule};
    return SKM_OK;
}
