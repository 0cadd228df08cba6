/* sekimori: the one command-line tool. Its commands are a tree of tables (command.h). */
#include <stddef.h>

#include "tools/cmd_cedar.h"
#include "tools/cmd_daemon.h"
#include "tools/cmd_policy.h"
#include "tools/command.h"

static const struct skm_command *const children[] = {
    &skm_cmd_cedar,
    &skm_cmd_explain,
    &skm_cmd_policy,
    &skm_cmd_reload,
    &skm_cmd_status,
    &skm_cmd_pep_key,
    NULL,
};

static const struct skm_command root = {
    .name = "sekimori",
    .summary = "",
    .about =
        "The command-line tool of the sekimori policy decision point. `--version` prints its version.\n"
        "\n"
        "exit status: 0 done and good; 1 done, and the answer is no (errors in a file, a failed\n"
        "test, a denial); 2 wrong use or an unreadable file; 3 out of memory or output failed.",
    .children = children,
};

int main(int argc, char **argv)
{
    /* SAFETY: adds const twice, which C does not do by itself. */
    return (int)skm_command_run(&root, (const char *const *)argv, argc < 0 ? 0 : (size_t)argc);
}
