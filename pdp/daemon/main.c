/* sekimorid: arguments and the order of the start.
 *
 *     harden, arguments, configuration and first load (nothing is bound before all of it is good), log, service
 *
 * Exit codes: 0 stopped as asked, or --check found nothing; 1 the configuration or something it names is not good, or the
 * daemon failed; 2 the arguments are not understood. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sekimori/version.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "daemon/config.h"
#include "daemon/live.h"
#include "daemon/process.h"
#include "daemon/service.h"

#define DEFAULT_CONFIG "/etc/sekimori/sekimori.yaml"
#define PRINT_BYTES    (1u << 20)

enum exit_code {
    EXIT_FINE = 0,
    EXIT_REFUSED = 1,
    EXIT_USAGE = 2,
};

struct arguments {
    const char *config_path;
    bool check;
};

static const char usage[] =
    "Usage: sekimorid [--config FILE] [--check]\n"
    "       sekimorid --print-defaults[=man|schema] | --version | --help\n"
    "\n"
    "The policy decision point.\n"
    "\n"
    "  -c, --config FILE       the configuration; default: " DEFAULT_CONFIG "\n"
    "      --check             read the configuration and everything it names, say what is wrong, and end\n"
    "      --print-defaults    every option with its default and description, as a configuration file\n"
    "      --print-defaults=man  the same for the manual page\n"
    "      --print-defaults=schema  a JSON Schema of the configuration, for editors\n"
    "      --version           the version\n"
    "  -h, --help              this text\n"
    "\n"
    "SIGHUP reloads, SIGTERM stops. See sekimorid(8) and sekimori.yaml(5).\n";

/* ---- printing ---- */

static void print(FILE *to, skm_span text)
{
    if (text.len > 0) {
        (void)fwrite(text.ptr, 1, text.len, to);
    }
}

static enum exit_code print_defaults(const char *form)
{
    struct skm_buf out;
    bool is_schema = form != NULL && strcmp(form, "schema") == 0;
    if (form != NULL && !is_schema && strcmp(form, "man") != 0) {
        (void)fprintf(stderr, "sekimorid: --print-defaults=%s is unknown; known: man, schema\n",
                      form);
        return EXIT_USAGE;
    }
    skm_buf_init(&out, PRINT_BYTES);
    if (form == NULL) {
        skm_config_print_defaults(&out);
    } else if (is_schema) {
        skm_config_print_schema(&out);
    } else {
        skm_config_print_man(&out);
    }
    bool is_ok = skm_is_ok(skm_buf_check(&out));
    print(stdout, skm_buf_span(&out));
    skm_buf_fini(&out);
    return is_ok && fflush(stdout) == 0 ? EXIT_FINE : EXIT_REFUSED;
}

/* ---- starting ---- */

static void set_up_log(const struct skm_config *config)
{
    static const enum skm_log_level levels[] = {SKM_LOG_ERROR, SKM_LOG_WARNING, SKM_LOG_NOTICE,
                                                SKM_LOG_INFO, SKM_LOG_DEBUG};
    enum skm_log_form form = SKM_LOG_FORM_TEXT;
    switch ((enum skm_config_log_form)config->log.form) {
    case SKM_CONFIG_LOG_FORM_AUTO:
        /* systemd sets it when standard error goes to the journal (systemd.exec(5)). */
        form = getenv("JOURNAL_STREAM") != NULL ? SKM_LOG_FORM_JOURNAL : SKM_LOG_FORM_TEXT;
        break;
    case SKM_CONFIG_LOG_FORM_TEXT:
        form = SKM_LOG_FORM_TEXT;
        break;
    case SKM_CONFIG_LOG_FORM_JOURNAL:
        form = SKM_LOG_FORM_JOURNAL;
        break;
    case SKM_CONFIG_LOG_FORM_JSON:
        form = SKM_LOG_FORM_JSON;
        break;
    }
    skm_log_setup(STDERR_FILENO, levels[config->log.level], form);
}

static enum exit_code report_check(const struct skm_live_outcome *outcome, const char *config_path)
{
    if (outcome->live == NULL) {
        (void)fprintf(stderr, "sekimorid: `%s` is not good: %zu errors, %zu warnings\n",
                      config_path, outcome->errors, outcome->warnings);
        return EXIT_REFUSED;
    }
    const struct skm_load_counts *counts = &outcome->live->counts;
    (void)printf(
        "%s: good; %zu policies, %zu templates, %zu template links, %zu obligations, %zu entities, "
        "%zu resource rules, %zu networks, %zu listeners, %zu enforcement points; %zu warnings\n",
        config_path, counts->policies, counts->templates, counts->links, counts->obligations,
        counts->entities, counts->resources, counts->zones, outcome->live->config->listeners.count,
        outcome->live->config->peps.count, outcome->warnings);
    return EXIT_FINE;
}

static enum exit_code serve(const struct arguments *arguments,
                            const struct skm_live_outcome *outcome)
{
    struct skm_arena arena;
    struct skm_diags diags;
    struct skm_buf messages;
    skm_arena_init(&arena, PRINT_BYTES);
    skm_buf_init(&messages, PRINT_BYTES);
    skm_diags_init(&diags, &arena, 100);
    set_up_log(outcome->live->config);
    outcome->live->snapshot->revision = 1;
    struct skm_service_options options = {
        .config_path = arguments->config_path,
        .clock = skm_clock_system(),
        .live = outcome->live,
        .first = outcome,
    };
    skm_err err = skm_service_run(&options, &diags);
    skm_diags_print(&diags, SKM_DIAG_FORM_HUMAN, &messages);
    print(stderr, skm_buf_span(&messages));
    if (!skm_is_ok(err)) {
        skm_log(SKM_LOG_ERROR, "sekimorid ends: %s", skm_err_text(err));
    }
    skm_buf_fini(&messages);
    skm_arena_fini(&arena);
    return skm_is_ok(err) ? EXIT_FINE : EXIT_REFUSED;
}

static enum exit_code run(const struct arguments *arguments)
{
    struct skm_live_outcome outcome;
    struct skm_live_options options = {
        .config_path = arguments->config_path,
        .clock = skm_clock_system(),
        .form = SKM_DIAG_FORM_HUMAN,
    };
    skm_live_load(&options, &outcome);
    print(stderr, skm_buf_span(&outcome.messages));
    enum exit_code code = EXIT_REFUSED;
    if (arguments->check || outcome.live == NULL) {
        code = report_check(&outcome, arguments->config_path);
    } else {
        code = serve(arguments, &outcome);
    }
    skm_live_outcome_fini(&outcome);
    return code;
}

/* ---- arguments ---- */

static enum exit_code act(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"check", no_argument, NULL, 'k'},
        {"print-defaults", optional_argument, NULL, 'p'},
        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct arguments arguments = {.config_path = DEFAULT_CONFIG};
    for (int option = getopt_long(argc, argv, "c:h", options, NULL); option != -1;
         option = getopt_long(argc, argv, "c:h", options, NULL)) {
        switch (option) {
        case 'c':
            arguments.config_path = optarg;
            break;
        case 'k':
            arguments.check = true;
            break;
        case 'p':
            return print_defaults(optarg);
        case 'v':
            (void)puts("sekimorid " SKM_VERSION);
            return EXIT_FINE;
        case 'h':
            (void)fputs(usage, stdout);
            return EXIT_FINE;
        default:
            (void)fputs("Try `sekimorid --help`.\n", stderr);
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        (void)fprintf(stderr, "sekimorid: unexpected argument `%s`\nTry `sekimorid --help`.\n",
                      argv[optind]);
        return EXIT_USAGE;
    }
    return run(&arguments);
}

int main(int argc, char **argv)
{
    if (!skm_is_ok(skm_process_harden())) {
        perror("sekimorid: hardening the process");
        return EXIT_REFUSED;
    }
    return (int)act(argc, argv);
}
