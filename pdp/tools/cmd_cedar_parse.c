/* sekimori cedar parse: are the policies in these files well-formed? */
#include "tools/cmd_cedar.h"

#include "base/attr.h"
#include "base/span.h"
#include "cedar/parse.h"
#include "tools/files.h"

#define FILE_QUOTA ((size_t)16 << 30)
#define DIAGS_MAX  200u

struct args {
    unsigned format; /* enum skm_diag_form */
};

static const struct skm_option options[] = {
    {.name = "format",
     .kind = SKM_OPTION_CHOICE,
     .choices = skm_tool_diag_formats,
     .offset = offsetof(struct args, format),
     .help = "messages with excerpts, one a line, or as a JSON array"},
};

struct job {
    struct skm_call *call;
    struct skm_arena arena; /* texts, trees and messages of all files */
    struct skm_diags diags;
    enum skm_diag_form form;
    enum skm_exit status;
};

static size_t count_templates(const struct skm_policy_list *list)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        count += skm_policy_is_template(&list->items[i]) ? 1 : 0;
    }
    return count;
}

static void print_ok(struct job *job, const char *path, const struct skm_policy_list *list)
{
    if (job->form != SKM_DIAG_FORM_HUMAN) {
        return;
    }
    size_t templates = count_templates(list);
    size_t policies = list->count - templates;
    skm_buf_printf(job->call->out, "%s: ok, %zu polic%s", path, policies,
                   policies == 1 ? "y" : "ies");
    if (templates > 0) {
        skm_buf_printf(job->call->out, ", %zu template%s", templates, templates == 1 ? "" : "s");
    }
    skm_buf_append_char(job->call->out, '\n');
}

static void worsen(struct job *job, enum skm_exit status)
{
    job->status = job->status > status ? job->status : status;
}

static void parse_file(struct job *job, const char *path)
{
    const struct skm_source *source = NULL;
    struct skm_policy_list list = {0};
    skm_err err = skm_tool_read(job->call, &job->arena, path, &source);
    if (!skm_is_ok(err)) {
        worsen(job, skm_tool_exit(err));
        return;
    }
    err = skm_parse_policies(&job->arena, source, 0, &job->diags, &list);
    if (skm_is_ok(err)) {
        print_ok(job, path, &list);
    } else if (skm_is_err(err, SKM_E_INVALID)) {
        worsen(job, SKM_EXIT_NEGATIVE);
    } else {
        worsen(job, skm_call_internal(job->call, err));
    }
}

static void parse_all(struct job *job)
{
    for (size_t i = 0; i < job->call->operands.count; i++) {
        struct skm_texts paths = {0};
        skm_err err =
            skm_tool_expand(job->call, job->call->operands.items[i], SKM_SPAN(".cedar"), &paths);
        if (!skm_is_ok(err)) {
            worsen(job, skm_tool_exit(err));
        }
        for (size_t j = 0; j < paths.count; j++) {
            parse_file(job, paths.items[j]);
        }
    }
}

static enum skm_exit run(struct skm_call *call)
{
    const struct args *args = call->values;
    struct job job = {.call = call, .form = (enum skm_diag_form)args->format};
    skm_arena_init(&job.arena, FILE_QUOTA);
    skm_diags_init(&job.diags, &job.arena, DIAGS_MAX);
    parse_all(&job);
    skm_diags_print(&job.diags, job.form, job.form == SKM_DIAG_FORM_JSON ? call->out : call->err);
    skm_arena_fini(&job.arena);
    return job.status;
}

const struct skm_command skm_cmd_cedar_parse = {
    .name = "parse",
    .summary = "check that policies are well-formed",
    .about =
        "Parses policies and tells all errors, with their places. A folder means its *.cedar files,\n"
        "`-` is standard input.\n"
        "\n"
        "exit status: 0 all are well-formed; 1 some are not; 2 wrong use or an unreadable file.",
    .options = {options, sizeof(options) / sizeof(options[0])},
    .values_bytes = sizeof(struct args),
    .operand = "FILE",
    .operands_min = 1,
    .run = run,
};
