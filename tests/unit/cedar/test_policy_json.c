/* Policies in JSON: what is accepted, what it becomes, and that text and JSON say the same. */
#include "unit/cedar/text_case.h"

#include "base/mem.h"
#include "cedar/policy_json.h"
#include "cedar/policy_set.h"
#include "cedar/print.h"

/* A policy with this condition, as JSON. */
#define BODY(body)                                                                                 \
    "{\"effect\":\"permit\",\"principal\":{\"op\":\"All\"},\"action\":{\"op\":\"All\"},"           \
    "\"resource\":{\"op\":\"All\"},\"conditions\":[{\"kind\":\"when\",\"body\":" body "}]}"

/* One with this scope. */
#define SCOPES(principal, action, resource)                                                        \
    "{\"effect\":\"forbid\",\"principal\":" principal ",\"action\":" action                        \
    ",\"resource\":" resource ",\"conditions\":[]}"
#define ALL "{\"op\":\"All\"}"

/* Written compactly here: ' stands for a double quote. */
static void unquote(const char *text, struct skm_buf *out)
{
    for (const char *c = text; *c != '\0'; c++) {
        skm_buf_append_char(out, *c == '\'' ? '"' : *c);
    }
}

static void check_read(const char *json, const char *flat)
{
    struct text_case t;
    struct skm_buf text;
    struct skm_policy policy = {.id = {NULL, 0}};
    skm_buf_init(&text, 1u << 20);
    unquote(json, &text);
    text_case_init(&t, skm_buf_span(&text));
    if (!skm_is_ok(skm_policy_json_read(&t.arena, &t.source, SKM_SPAN("x"), &t.diags, &policy))) {
        fail_with_messages(&t);
    }
    assert_span_equal(policy.id, SKM_SPAN("x"));
    assert_null(policy.source);
    skm_print_policy_flat(&policy, &t.out);
    assert_span_equal(skm_buf_span(&t.out), skm_span_cstr(flat));
    text_case_fini(&t);
    skm_buf_fini(&text);
}

static void check_refused(const char *json)
{
    struct text_case t;
    struct skm_buf text;
    struct skm_policy policy = {.id = SKM_SPAN("untouched")};
    skm_buf_init(&text, 1u << 20);
    unquote(json, &text);
    text_case_init(&t, skm_buf_span(&text));
    skm_err err = skm_policy_json_read(&t.arena, &t.source, SKM_SPAN("x"), &t.diags, &policy);
    if (!skm_is_err(err, SKM_E_INVALID) || t.diags.errors != 1) {
        fail_msg("not refused once: %.*s", SKM_SPAN_ARG(t.source.text));
    }
    assert_span_equal(policy.id, SKM_SPAN("untouched"));
    text_case_fini(&t);
    skm_buf_fini(&text);
}

#define HEAD "permit (principal, action, resource) when { "
#define TAIL " };"

static void test_each_operator_is_read(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {BODY("{'Value':true}"), HEAD "true" TAIL},
        {BODY("{'Var':'principal'}"), HEAD "principal" TAIL},
        {BODY("{'!':{'arg':{'Var':'action'}}}"), HEAD "!action" TAIL},
        {BODY("{'neg':{'arg':{'Value':1}}}"), HEAD "-(1)" TAIL},
        {BODY("{'Value':-1}"), HEAD "-1" TAIL},
        {BODY("{'==':{'left':{'Value':1},'right':{'Value':2}}}"), HEAD "1 == 2" TAIL},
        {BODY("{'!=':{'right':{'Value':2},'left':{'Value':1}}}"), HEAD "1 != 2" TAIL},
        {BODY("{'<':{'left':{'Value':1},'right':{'Value':2}}}"), HEAD "1 < 2" TAIL},
        {BODY("{'<=':{'left':{'Value':1},'right':{'Value':2}}}"), HEAD "1 <= 2" TAIL},
        {BODY("{'>':{'left':{'Value':1},'right':{'Value':2}}}"), HEAD "1 > 2" TAIL},
        {BODY("{'>=':{'left':{'Value':1},'right':{'Value':2}}}"), HEAD "1 >= 2" TAIL},
        {BODY("{'in':{'left':{'Value':1},'right':{'Value':2}}}"), HEAD "1 in 2" TAIL},
        {BODY("{'&&':{'left':{'Value':1},'right':{'Value':2}}}"), HEAD "1 && 2" TAIL},
        {BODY("{'||':{'left':{'Value':1},'right':{'Value':2}}}"), HEAD "1 || 2" TAIL},
        {BODY("{'+':{'left':{'Value':1},'right':{'Value':2}}}"), HEAD "1 + 2" TAIL},
        {BODY("{'-':{'left':{'Value':1},'right':{'Value':2}}}"), HEAD "1 - 2" TAIL},
        {BODY("{'*':{'left':{'Value':1},'right':{'Value':2}}}"), HEAD "1 * 2" TAIL},
        {BODY("{'contains':{'left':{'Set':[]},'right':{'Value':2}}}"), HEAD "[].contains(2)" TAIL},
        {BODY("{'containsAll':{'left':{'Set':[]},'right':{'Value':2}}}"),
         HEAD "[].containsAll(2)" TAIL},
        {BODY("{'containsAny':{'left':{'Set':[]},'right':{'Value':2}}}"),
         HEAD "[].containsAny(2)" TAIL},
        {BODY("{'isEmpty':{'arg':{'Set':[{'Value':1}]}}}"), HEAD "[1].isEmpty()" TAIL},
        {BODY("{'getTag':{'left':{'Var':'resource'},'right':{'Value':'a'}}}"),
         HEAD "resource.getTag(\"a\")" TAIL},
        {BODY("{'hasTag':{'left':{'Var':'resource'},'right':{'Value':'a'}}}"),
         HEAD "resource.hasTag(\"a\")" TAIL},
        {BODY("{'.':{'left':{'Var':'context'},'attr':'a'}}"), HEAD "context.a" TAIL},
        {BODY("{'.':{'left':{'Var':'context'},'attr':'a b'}}"), HEAD "context[\"a b\"]" TAIL},
        {BODY("{'has':{'left':{'Var':'context'},'attr':'a'}}"), HEAD "context has a" TAIL},
        {BODY("{'has':{'left':{'Var':'context'},'attr':['a']}}"), HEAD "context has a" TAIL},
        {BODY("{'has':{'left':{'Var':'context'},'attr':['a','b']}}"), HEAD "context has a.b" TAIL},
        {BODY(
             "{'like':{'left':{'Value':'x'},'pattern':['Wildcard',{'Literal':'a'},{'Literal':'*'},'Wildcard','Wildcard',{'Literal':'b'}]}}"),
         HEAD "\"x\" like \"*a\\**b\"" TAIL},
        {BODY("{'like':{'left':{'Value':'x'},'pattern':[]}}"), HEAD "\"x\" like \"\"" TAIL},
        {BODY("{'is':{'left':{'Var':'principal'},'entity_type':'A::B'}}"),
         HEAD "principal is A::B" TAIL},
        {BODY("{'is':{'left':{'Var':'principal'},'entity_type':'T','in':{'Var':'resource'}}}"),
         HEAD "principal is T in resource" TAIL},
        {BODY("{'is':{'left':{'Var':'principal'},'entity_type':'T','in':null}}"),
         HEAD "principal is T" TAIL},
        {BODY("{'if-then-else':{'if':{'Value':true},'then':{'Value':1},'else':{'Value':2}}}"),
         HEAD "if true then 1 else 2" TAIL},
        {BODY("{'Set':[{'Value':1},{'Value':'a'}]}"), HEAD "[1, \"a\"]" TAIL},
        {BODY("{'Record':{'a':{'Value':1},'b c':{'Value':2}}}"), HEAD "{a: 1, \"b c\": 2}" TAIL},
        {BODY("{'ip':[{'Value':'::1'}]}"), HEAD "ip(\"::1\")" TAIL},
        {BODY("{'decimal':[]}"), HEAD "decimal()" TAIL},
        {BODY("{'isInRange':[{'Value':1},{'Value':2}]}"), HEAD "1.isInRange(2)" TAIL},
        {BODY("{'isIpv4':[{'Value':1}]}"), HEAD "1.isIpv4()" TAIL},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(rows); i++) {
        check_read(rows[i][0], rows[i][1]);
    }
}

/* Reference: entity values; escapes count only as the one key of their object. */
static void test_data_is_read(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {BODY("{'Value':[1,'a',[true],{'b':{}}]}"), HEAD "[1, \"a\", [true], {b: {}}]" TAIL},
        {BODY("{'Value':{'__entity':{'type':'A::B','id':'x\\ny'}}}"), HEAD "A::B::\"x\\ny\"" TAIL},
        {BODY("{'Value':{'__extn':{'fn':'ip','arg':'::1'}}}"), HEAD "ip(\"::1\")" TAIL},
        {BODY(
             "{'Value':{'__extn':{'args':[{'__extn':{'arg':'x','fn':'datetime'}},{'__extn':{'fn':'duration','arg':'1s'}}],'fn':'offset'}}}"),
         HEAD "datetime(\"x\").offset(duration(\"1s\"))" TAIL},
        {BODY("{'Value':{'__entity':1,'x':2}}"), HEAD "{__entity: 1, x: 2}" TAIL},
        {BODY("{'Value':{'type':'T','id':'x'}}"), HEAD "{type: \"T\", id: \"x\"}" TAIL},
        {BODY("{'Value':9223372036854775807}"), HEAD "9223372036854775807" TAIL},
        {BODY("{'Value':-9223372036854775808}"), HEAD "-9223372036854775808" TAIL},
        {BODY("{'Value':'\\u0000\\u00e9'}"), HEAD "\"\\0\303\251\"" TAIL},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(rows); i++) {
        check_read(rows[i][0], rows[i][1]);
    }
}

static void test_other_expressions_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        BODY("{}"),
        BODY("[]"),
        BODY("1"),
        BODY("'principal'"),
        BODY("{'Value':1,'Var':'principal'}"),
        BODY("{'Value':1,'Value':1}"),
        BODY("{'Value':null}"),
        BODY("{'Value':1.0}"),
        BODY("{'Value':1e3}"),
        BODY("{'Value':9223372036854775808}"),
        BODY("{'Value':{'a':1,'a':2}}"),
        BODY("{'Value':{'__expr':'1'}}"),
        BODY("{'Value':{'__entity':{'type':'if','id':'x'}}}"),
        BODY("{'Value':{'__entity':{'type':'A :: B','id':'x'}}}"),
        BODY("{'Value':{'__entity':{'type':'T'}}}"),
        BODY("{'Value':{'__entity':'T'}}"),
        BODY("{'Value':{'__extn':{'fn':'foo','arg':'x'}}}"),
        BODY("{'Value':{'__extn':{'fn':'ip'}}}"),
        BODY("{'Value':{'__extn':{'arg':'x'}}}"),
        BODY("{'Value':{'__extn':{'fn':'ip','arg':'x','args':[]}}}"),
        BODY("{'Value':{'__extn':{'fn':'ip','arg':'x','y':1}}}"),
        BODY("{'Value':{'__extn':{'fn':'isIpv4','args':[]}}}"),
        BODY("{'Var':'foo'}"),
        BODY("{'Var':1}"),
        BODY("{'Slot':'?principal'}"),
        BODY("{'!':{'Value':true}}"),
        BODY("{'!':{}}"),
        BODY("{'!':{'left':{'Value':true}}}"),
        BODY("{'!':{'arg':{'Value':true},'arg':{'Value':true}}}"),
        BODY("{'==':{'left':{'Value':1}}}"),
        BODY("{'==':{'left':{'Value':1},'right':{'Value':2},'arg':{'Value':3}}}"),
        BODY("{'==':[{'Value':1},{'Value':2}]}"),
        BODY("{'=':{'left':{'Value':1},'right':{'Value':2}}}"),
        BODY("{'.':{'left':{'Var':'context'},'attr':['a']}}"),
        BODY("{'.':{'left':{'Var':'context'},'attr':1}}"),
        BODY("{'has':{'left':{'Var':'context'},'attr':[]}}"),
        BODY("{'has':{'left':{'Var':'context'},'attr':['a',1]}}"),
        BODY("{'like':{'left':{'Value':'x'},'pattern':'a*'}}"),
        BODY("{'like':{'left':{'Value':'x'},'pattern':['wildcard']}}"),
        BODY("{'like':{'left':{'Value':'x'},'pattern':[{'literal':'a'}]}}"),
        BODY("{'like':{'left':{'Value':'x'},'pattern':[{'Literal':'a','x':1}]}}"),
        BODY("{'like':{'left':{'Value':'x'},'pattern':[{}]}}"),
        BODY("{'is':{'left':{'Var':'principal'},'entity_type':'in'}}"),
        BODY("{'is':{'left':{'Var':'principal'},'entity_type':'A::\\u0022x\\u0022'}}"),
        BODY("{'is':{'left':{'Var':'principal'}}}"),
        BODY("{'if-then-else':{'if':{'Value':true},'then':{'Value':1}}}"),
        BODY("{'Set':{'Value':1}}"),
        BODY("{'Set':[1]}"),
        BODY("{'Record':{'a':{'Value':1},'a':{'Value':2}}}"),
        BODY("{'Record':[{'Value':1}]}"),
        BODY("{'foo':[{'Value':1}]}"),
        BODY("{'ip':{'Value':1}}"),
        BODY("{'ip':{'left':{'Value':1}}}"),
        BODY("{'isIpv4':[]}"),
        BODY("{'A::ip':[{'Value':1}]}"),
        BODY("{'isEmpty':[{'Set':[]}]}"),
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(rows); i++) {
        check_refused(rows[i]);
    }
}

static void test_each_scope_is_read(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {SCOPES("{'op':'all'}", ALL, ALL), "forbid (principal, action, resource);"},
        {SCOPES("{'op':'==','entity':{'type':'T','id':'a'}}",
                "{'op':'==','entity':{'__entity':{'type':'N::Action','id':'v'}}}",
                "{'entity':{'type':'T','id':'b'},'op':'=='}"),
         "forbid (principal == T::\"a\", action == N::Action::\"v\", resource == T::\"b\");"},
        {SCOPES("{'op':'==','slot':'?principal'}", ALL, "{'op':'in','slot':'?resource'}"),
         "forbid (principal == ?principal, action, resource in ?resource);"},
        {SCOPES("{'op':'is','entity_type':'T'}", "{'op':'in','entity':{'type':'Action','id':'v'}}",
                "{'op':'is','entity_type':'T','in':null}"),
         "forbid (principal is T, action in Action::\"v\", resource is T);"},
        {SCOPES("{'op':'is','entity_type':'T','in':{'entity':{'type':'G','id':'g'}}}",
                "{'op':'in','entities':[]}",
                "{'op':'is','in':{'slot':'?resource'},'entity_type':'T'}"),
         "forbid (principal is T in G::\"g\", action in [], resource is T in ?resource);"},
        {SCOPES(ALL,
                "{'op':'in','entities':[{'type':'Action','id':'v'},{'type':'Action','id':'w'}]}",
                ALL),
         "forbid (principal, action in [Action::\"v\", Action::\"w\"], resource);"},
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(rows); i++) {
        check_read(rows[i][0], rows[i][1]);
    }
}

static void test_other_scopes_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        SCOPES("{}", ALL, ALL),
        SCOPES("{'op':'ALL'}", ALL, ALL),
        SCOPES("{'op':'All','entity':{'type':'T','id':'a'}}", ALL, ALL),
        SCOPES("{'op':'All','x':1}", ALL, ALL),
        SCOPES("{'op':'=='}", ALL, ALL),
        SCOPES("{'op':'==','entity':{'type':'T','id':'a'},'slot':'?principal'}", ALL, ALL),
        SCOPES("{'op':'==','entity':'T::a'}", ALL, ALL),
        SCOPES("{'op':'==','slot':'?resource'}", ALL, ALL),
        SCOPES("{'op':'in','slot':'principal'}", ALL, ALL),
        SCOPES("{'op':'is','entity_type':'T','in':{'slot':'?resource'}}", ALL, ALL),
        SCOPES(ALL, ALL, "{'op':'==','slot':'?principal'}"),
        SCOPES(ALL, ALL, "{'op':'is','entity_type':'T','in':{'slot':'?principal'}}"),
        SCOPES("{'op':'!=','entity':{'type':'T','id':'a'}}", ALL, ALL),
        SCOPES("{'op':'in','entities':[{'type':'T','id':'a'}]}", ALL, ALL),
        SCOPES("{'op':'is'}", ALL, ALL),
        SCOPES("{'op':'is','entity_type':'if'}", ALL, ALL),
        SCOPES("{'op':'is','entity_type':'T','in':{}}", ALL, ALL),
        SCOPES("{'op':'is','entity_type':'T','entity':{'type':'T','id':'a'}}", ALL, ALL),
        SCOPES(
            "{'op':'is','entity_type':'T','in':{'entity':{'type':'T','id':'a'},'slot':'?principal'}}",
            ALL, ALL),
        SCOPES(ALL, "{'op':'==','slot':'?action'}", ALL),
        SCOPES(ALL, "{'op':'==','entity':{'type':'T','id':'v'}}", ALL),
        SCOPES(ALL, "{'op':'in','entities':[{'type':'Action','id':'v'},{'type':'T','id':'w'}]}",
               ALL),
        SCOPES(ALL, "{'op':'in','entities':{'type':'Action','id':'v'}}", ALL),
        SCOPES(ALL, "{'op':'==','entities':[]}", ALL),
        SCOPES(ALL, "{'op':'is','entity_type':'Action'}", ALL),
        SCOPES("null", ALL, ALL),
        SCOPES("'All'", ALL, ALL),
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(rows); i++) {
        check_refused(rows[i]);
    }
}

static void test_policies_have_their_keys_and_no_others(void **state)
{
    (void)state;
    check_read(
        "{'annotations':{'id':'a','if':null,'b':''},'conditions':[{'body':{'Value':1},'kind':'unless'}],'resource':" ALL
        ",'action':" ALL ",'principal':" ALL ",'effect':'forbid'}",
        "@id(\"a\") @if @b(\"\") forbid (principal, action, resource) unless { 1 };");
    static const char *const refused[] = {
        "",
        "{}",
        "[]",
        "null",
        SCOPES(ALL, ALL, ALL) "x",
        "{'effect':'permit','principal':" ALL ",'action':" ALL ",'resource':" ALL "}",
        "{'effect':'permit','principal':" ALL ",'action':" ALL ",'conditions':[]}",
        "{'principal':" ALL ",'action':" ALL ",'resource':" ALL ",'conditions':[]}",
        "{'effect':'Permit','principal':" ALL ",'action':" ALL ",'resource':" ALL
        ",'conditions':[]}",
        "{'effect':'permit','effect':'permit','principal':" ALL ",'action':" ALL ",'resource':" ALL
        ",'conditions':[]}",
        "{'effect':'permit','principal':" ALL ",'action':" ALL ",'resource':" ALL
        ",'conditions':[],'x':1}",
        "{'effect':'permit','principal':" ALL ",'action':" ALL ",'resource':" ALL
        ",'conditions':{}}",
        "{'effect':'permit','principal':" ALL ",'action':" ALL ",'resource':" ALL
        ",'conditions':[{'kind':'when'}]}",
        "{'effect':'permit','principal':" ALL ",'action':" ALL ",'resource':" ALL
        ",'conditions':[{'body':{'Value':1}}]}",
        "{'effect':'permit','principal':" ALL ",'action':" ALL ",'resource':" ALL
        ",'conditions':[{'kind':'When','body':{'Value':1}}]}",
        "{'effect':'permit','principal':" ALL ",'action':" ALL ",'resource':" ALL
        ",'conditions':[{'kind':'when','body':{'Value':1},'x':1}]}",
        "{'effect':'permit','principal':" ALL ",'action':" ALL ",'resource':" ALL
        ",'conditions':[],'annotations':null}",
        "{'effect':'permit','principal':" ALL ",'action':" ALL ",'resource':" ALL
        ",'conditions':[],'annotations':{'a':1}}",
        "{'effect':'permit','principal':" ALL ",'action':" ALL ",'resource':" ALL
        ",'conditions':[],'annotations':{'a b':'x'}}",
        "{'effect':'permit','principal':" ALL ",'action':" ALL ",'resource':" ALL
        ",'conditions':[],'annotations':{'a':'x','a':'y'}}",
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(refused); i++) {
        check_refused(refused[i]);
    }
}

/* ---- there and back ---- */

static const char SAMPLE[] =
    "@id(\"a\\u{e9}\") @flag permit (principal is A::B in ?principal, action in [Action::\"v\", N::Action::\"w\"], "
    "resource) when { principal.a[\"b\"].contains(1) && context has x.y || !(-1 >= 2 * (3 - 4)) } unless { if "
    "context.s like \"a*\\*\" then {k: [1, {}], \"l\": ip(\"::1\").isIpv4()} == {} else resource is T in A::\"\\n\" };"
    "forbid (principal == U::\"\xe9\x96\xa2\\0\", action == Action::\"v\", resource in ?resource) when { -(1) != --2 && 1 > "
    "2 && !(1 <= 2) && [].isEmpty() && principal.hasTag(\"t\") && principal.getTag(\"t\") == context && true in [] };"
    "permit (principal, action in Action::\"v\", resource is R);"
    "permit (principal in P::\"p\", action, resource == ?resource) when { decimal() == duration(\"1\", \"2\") };";

static void check_there_and_back(skm_span text)
{
    struct text_case t;
    struct skm_policy_list policies = {0};
    text_case_init(&t, text);
    assert_ok(skm_parse_policies(&t.arena, &t.source, 0, &t.diags, &policies));
    for (size_t i = 0; i < policies.count; i++) {
        struct skm_buf json;
        struct skm_buf again;
        struct skm_policy back = {.id = {NULL, 0}};
        skm_buf_init(&json, 1u << 26);
        skm_buf_init(&again, 1u << 26);
        skm_policy_json_write(&policies.items[i], &json);
        assert_ok(skm_buf_check(&json));
        struct skm_source source = {.text = skm_buf_span(&json)};
        if (!skm_is_ok(
                skm_policy_json_read(&t.arena, &source, policies.items[i].id, &t.diags, &back))) {
            fail_with_messages(&t);
        }
        assert_true(same_policy(&policies.items[i], &back));
        skm_policy_json_write(&back, &again);
        assert_span_equal(skm_buf_span(&again), skm_buf_span(&json));
        skm_buf_fini(&json);
        skm_buf_fini(&again);
    }
    text_case_fini(&t);
}

static void test_text_to_json_and_back_is_equal(void **state)
{
    (void)state;
    check_there_and_back(skm_span_cstr(SAMPLE));
}

static void test_surface_forms_are_kept(void **state)
{
    (void)state;
    struct text_case t;
    struct skm_policy_list policies = {0};
    text_case_init(
        &t,
        SKM_SPAN(
            "permit (principal, action, resource) when { 1 != 2 && 1 > 2 && 1 >= 2 && principal is T "
            "in resource && principal has a.b };"));
    assert_ok(skm_parse_policies(&t.arena, &t.source, 0, &t.diags, &policies));
    skm_policy_json_write(&policies.items[0], &t.out);
    struct skm_buf expected;
    skm_buf_init(&expected, 1u << 16);
    unquote(
        BODY(
            "{'&&':{'left':{'&&':{'left':{'&&':{'left':{'&&':{'left':{'!=':{'left':{'Value':1},'right':{'Value':2}}},"
            "'right':{'>':{'left':{'Value':1},'right':{'Value':2}}}}},'right':{'>=':{'left':{'Value':1},'right':{'Value'"
            ":2}}}}},'right':{'is':{'left':{'Var':'principal'},'entity_type':'T','in':{'Var':'resource'}}}}},'right':"
            "{'has':{'left':{'Var':'principal'},'attr':['a','b']}}}}"),
        &expected);
    assert_span_equal(skm_buf_span(&t.out), skm_buf_span(&expected));
    skm_buf_fini(&expected);
    text_case_fini(&t);
}

static void test_the_longest_chain_comes_back(void **state)
{
    (void)state;
    struct skm_buf text;
    skm_buf_init(&text, 1u << 20);
    skm_buf_append_cstr(&text, "permit (principal, action, resource) when { true");
    for (size_t i = 1; i < SKM_EXPR_DEPTH_MAX; i++) {
        skm_buf_append_cstr(&text, " || true");
    }
    skm_buf_append_cstr(&text, " };");
    check_there_and_back(skm_buf_span(&text));
    skm_buf_fini(&text);
}

static void append_times(struct skm_buf *out, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        unquote(text, out);
    }
}

static skm_err read_nest(const char *open, const char *middle, const char *end, size_t times)
{
    struct text_case t;
    struct skm_buf json;
    struct skm_policy policy = {.id = {NULL, 0}};
    skm_buf_init(&json, 1u << 24);
    unquote("{'effect':'permit','principal':" ALL ",'action':" ALL ",'resource':" ALL
            ",'conditions':[{'kind':'when','body':",
            &json);
    append_times(&json, open, times);
    unquote(middle, &json);
    append_times(&json, end, times);
    unquote("}]}", &json);
    text_case_init(&t, skm_buf_span(&json));
    skm_err err = skm_policy_json_read(&t.arena, &t.source, SKM_SPAN("x"), &t.diags, &policy);
    assert_int_equal(skm_is_ok(err), t.diags.errors == 0);
    text_case_fini(&t);
    skm_buf_fini(&json);
    return err;
}

static void test_nesting_is_bounded(void **state)
{
    (void)state;
    assert_ok(read_nest("{'!':{'arg':", "{'Value':true}", "}}", SKM_EXPR_DEPTH_MAX - 1));
    assert_err(read_nest("{'!':{'arg':", "{'Value':true}", "}}", SKM_EXPR_DEPTH_MAX), INVALID);
    assert_err(read_nest("{'!':{'arg':", "{'Value':true}", "}}", 100000), INVALID);
    assert_ok(read_nest("{'Set':[", "{'Value':true}", "]}", SKM_EXPR_DEPTH_MAX - 1));
    assert_err(read_nest("{'Set':[", "{'Value':true}", "]}", SKM_EXPR_DEPTH_MAX), INVALID);
    assert_ok(read_nest("{'!=':{'left':{'Value':1},'right':", "{'Value':true}", "}}",
                        SKM_EXPR_DEPTH_MAX / 2 - 1));
    assert_err(read_nest("{'!=':{'left':{'Value':1},'right':", "{'Value':true}", "}}",
                         SKM_EXPR_DEPTH_MAX / 2),
               INVALID);
}

static void test_data_nests_as_deep_as_data_may(void **state)
{
    (void)state;
    struct skm_buf open;
    struct skm_buf end;
    skm_buf_init(&open, 1u << 16);
    skm_buf_init(&end, 1u << 16);
    for (size_t depth = 127; depth <= 128; depth++) {
        skm_buf_reset(&open);
        skm_buf_reset(&end);
        skm_buf_append_cstr(&open, "{'Value':");
        append_times(&open, "[", depth);
        append_times(&end, "]", depth);
        skm_buf_append_cstr(&end, "}");
        skm_buf_append_char(&open, '\0');
        skm_buf_append_char(&end, '\0');
        skm_err err = read_nest(open.ptr, "1", end.ptr, 1);
        assert_int_equal(err.code, depth == 127 ? SKM_E_OK : SKM_E_INVALID);
    }
    skm_buf_fini(&open);
    skm_buf_fini(&end);
}

/* ---- sets ---- */

static const char SET[] = "{'staticPolicies':{'p0':" SCOPES(ALL, ALL, ALL) ",'p1':" BODY(
    "{'Value':true}") "},"
                      "'templates':{'t':" SCOPES(
                          "{'op':'==','slot':'?principal'}", ALL,
                          "{'op':'in','slot':'?resource'}") "},"
                                                            "'templateLinks':[{'templateId':'t','newId':'l','values':{'?principal':{'type':'U','id':'a'},'?resource':{'__entity':"
                                                            "{'type':'R','id':'b'}}}}]}";

static skm_err read_set(struct text_case *t, struct skm_policy_set *set, struct skm_buf *json,
                        const char *text)
{
    skm_buf_init(json, 1u << 20);
    unquote(text, json);
    text_case_init(t, skm_buf_span(json));
    skm_policy_set_init(set, &t->arena);
    return skm_policy_json_read_set(set, &t->source, &t->diags);
}

static void test_a_set_comes_back(void **state)
{
    (void)state;
    struct text_case t;
    struct text_case u;
    struct skm_policy_set set;
    struct skm_policy_set back;
    struct skm_buf json;
    struct skm_buf unused;
    assert_ok(read_set(&t, &set, &json, SET));
    assert_int_equal(set.instances.len, 3);
    assert_int_equal(set.templates.len, 1);
    assert_span_equal(set.instances.items[0].id, SKM_SPAN("p0"));
    assert_span_equal(set.instances.items[2].id, SKM_SPAN("l"));
    assert_span_equal(set.instances.items[2].policy->id, SKM_SPAN("t"));
    assert_span_equal(set.instances.items[2].resource.id, SKM_SPAN("b"));
    skm_policy_json_write_set(&set, &t.out);
    skm_buf_append_char(&t.out, '\0');
    assert_ok(read_set(&u, &back, &unused, t.out.ptr));
    skm_policy_json_write_set(&back, &u.out);
    t.out.len--;
    assert_span_equal(skm_buf_span(&u.out), skm_buf_span(&t.out));
    skm_policy_set_fini(&back);
    skm_policy_set_fini(&set);
    skm_buf_fini(&unused);
    skm_buf_fini(&json);
    text_case_fini(&u);
    text_case_fini(&t);
}

#define TEMPLATE SCOPES("{'op':'==','slot':'?principal'}", ALL, ALL)
#define STATIC   SCOPES(ALL, ALL, ALL)

static void test_other_sets_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{}",
        "[]",
        "{'staticPolicies':{},'templates':{}}",
        "{'staticPolicies':{},'templateLinks':[]}",
        "{'templates':{},'templateLinks':[]}",
        "{'staticPolicies':{},'templates':{},'templateLinks':[],'x':1}",
        "{'staticPolicies':[],'templates':{},'templateLinks':[]}",
        "{'staticPolicies':{'a':" STATIC ",'a':" STATIC "},'templates':{},'templateLinks':[]}",
        "{'staticPolicies':{'a':" STATIC "},'templates':{'a':" TEMPLATE "},'templateLinks':[]}",
        "{'staticPolicies':{'a':" TEMPLATE "},'templates':{},'templateLinks':[]}",
        "{'staticPolicies':{},'templates':{'a':" STATIC "},'templateLinks':[]}",
        "{'staticPolicies':{},'templates':{'t':" TEMPLATE
        "},'templateLinks':[{'templateId':'u','newId':'l','values':{}}]}",
        "{'staticPolicies':{},'templates':{'t':" TEMPLATE
        "},'templateLinks':[{'templateId':'t','newId':'l','values':{}}]}",
        "{'staticPolicies':{},'templates':{'t':" TEMPLATE
        "},'templateLinks':[{'templateId':'t','newId':'t','values':{"
        "'?principal':{'type':'U','id':'a'}}}]}",
        "{'staticPolicies':{},'templates':{'t':" TEMPLATE
        "},'templateLinks':[{'templateId':'t','newId':'l','values':{"
        "'?principal':{'type':'U','id':'a'},'?resource':{'type':'U','id':'a'}}}]}",
        "{'staticPolicies':{},'templates':{'t':" TEMPLATE
        "},'templateLinks':[{'templateId':'t','newId':'l','values':{"
        "'?foo':{'type':'U','id':'a'}}}]}",
        "{'staticPolicies':{},'templates':{'t':" TEMPLATE
        "},'templateLinks':[{'templateId':'t','newId':'l'}]}",
        "{'staticPolicies':{},'templates':{'t':" TEMPLATE
        "},'templateLinks':[{'templateId':'t','newId':'l','values':{"
        "'?principal':{'type':'U','id':'a'}},'x':1}]}",
        "{'staticPolicies':{},'templates':{'t':" TEMPLATE "},'templateLinks':{}}",
    };
    for (size_t i = 0; i < SKM_ARRAY_LEN(rows); i++) {
        struct text_case t;
        struct skm_policy_set set;
        struct skm_buf json;
        skm_err err = read_set(&t, &set, &json, rows[i]);
        if (!skm_is_err(err, SKM_E_INVALID) || t.diags.errors == 0) {
            fail_msg("not refused: %.*s", SKM_SPAN_ARG(skm_buf_span(&json)));
        }
        skm_policy_set_fini(&set);
        skm_buf_fini(&json);
        text_case_fini(&t);
    }
}

static void test_messages_point_into_the_text(void **state)
{
    (void)state;
    struct text_case t;
    struct skm_policy policy;
    text_case_init(
        &t,
        SKM_SPAN(
            "{\"effect\":\"permit\",\n \"principal\":{\"op\":\"==\",\n  \"slot\":\"?resource\"}}"));
    assert_err(skm_policy_json_read(&t.arena, &t.source, SKM_SPAN("x"), &t.diags, &policy),
               INVALID);
    skm_diags_print(&t.diags, SKM_DIAG_FORM_GCC, &t.out);
    assert_span_equal(skm_buf_span(&t.out),
                      SKM_SPAN("3:10: error: slot `?resource` cannot stand here\n"));
    text_case_fini(&t);
}

static void test_each_allocation_may_fail(void **state)
{
    (void)state;
    skm_err err = SKM_ERR(MEMORY);
    struct skm_buf json;
    skm_buf_init(&json, 1u << 20);
    unquote(SET, &json);
    for (size_t count = 0; !skm_is_ok(err); count++) {
        struct text_case t;
        struct skm_policy_set set;
        text_case_init(&t, skm_buf_span(&json));
        skm_policy_set_init(&set, &t.arena);
        skm_mem_fail_after(count);
        err = skm_policy_json_read_set(&set, &t.source, &t.diags);
        skm_mem_fail_after(SIZE_MAX);
        assert_true(skm_is_ok(err) || skm_is_err(err, SKM_E_MEMORY));
        skm_policy_set_fini(&set);
        text_case_fini(&t);
        assert_true(count < 1000);
    }
    skm_buf_fini(&json);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(test_each_operator_is_read),
    cmocka_unit_test(test_data_is_read),
    cmocka_unit_test(test_other_expressions_are_refused),
    cmocka_unit_test(test_each_scope_is_read),
    cmocka_unit_test(test_other_scopes_are_refused),
    cmocka_unit_test(test_policies_have_their_keys_and_no_others),
    cmocka_unit_test(test_text_to_json_and_back_is_equal),
    cmocka_unit_test(test_surface_forms_are_kept),
    cmocka_unit_test(test_the_longest_chain_comes_back),
    cmocka_unit_test(test_nesting_is_bounded),
    cmocka_unit_test(test_data_nests_as_deep_as_data_may),
    cmocka_unit_test(test_a_set_comes_back),
    cmocka_unit_test(test_other_sets_are_refused),
    cmocka_unit_test(test_messages_point_into_the_text),
    cmocka_unit_test(test_each_allocation_may_fail),
};

SKM_TEST_MAIN(tests)
