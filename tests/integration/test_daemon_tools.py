"""The tool against a running daemon: reload, status, keys."""

import hashlib
import json
import re
import subprocess

from daemon import BUILD, CONFIG, KEY_SHA256, PATIENCE_S, Daemon, question


def sekimori(*arguments, pdp=None):
    command = [str(BUILD / "bin/sekimori"), *arguments]
    if pdp is not None:
        command += ["--socket", str(pdp.folder / "admin.sock")]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL, check=False)


def test_reload_tells_what_is_in_force(running):
    running.policy("more.cedar", "permit(principal, action, resource) when { false };")
    done = sekimori("reload", pdp=running)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("revision 2 in force: 4 policies, ")


def test_refused_reload_shows_the_messages_and_exits_1(running):
    running.policy("more.cedar", "permit(")
    done = sekimori("reload", pdp=running)
    assert done.returncode == 1
    assert "more.cedar:1:" in done.stderr and "revision 1 stays in force" in done.stderr
    answer = sekimori("reload", "--json", pdp=running)
    assert answer.returncode == 1 and json.loads(answer.stdout)["reloaded"] is False


def test_reload_tells_options_that_wait(running):
    running.write("sekimori.yaml", CONFIG + "threads: 2\n")
    done = sekimori("reload", pdp=running)
    assert done.returncode == 0 and "take effect at the next start: threads" in done.stdout


def test_status_for_people_and_machines(running):
    running.evaluate("alice", "read", "x")
    done = sekimori("status", pdp=running)
    assert done.returncode == 0, done.stderr
    for words in ("revision 1", "3 policies", "0 warnings", "1 decisions", running.addresses[0][0] + " (http)", "last load   good"):
        assert words in done.stdout, done.stdout
    answer = json.loads(sekimori("status", "--json", pdp=running).stdout)
    assert answer["pid"] == running.process.pid and re.fullmatch("[0-9a-f]{64}", answer["policy_digest"])


def test_daemon_that_does_not_run_is_exit_2(pdp):
    for command in ("reload", "status"):
        done = sekimori(command, pdp=pdp)
        assert done.returncode == 2 and "is sekimorid running?" in done.stderr


def test_made_key_opens_and_differs_each_time():
    made = json.loads(sekimori("pep-key", "--json").stdout)
    assert hashlib.sha256(made["key"].encode()).hexdigest() == made["key_sha256"]
    assert len(made["key"]) == 43
    assert json.loads(sekimori("pep-key", "--json").stdout)["key"] != made["key"]
    with Daemon(CONFIG.replace(KEY_SHA256, made["key_sha256"])) as pdp:
        pdp.policy("a.cedar", "permit(principal, action, resource);")
        pdp.start()
        assert pdp.post("/access/v1/evaluation", question("a", "b", "c"), key=made["key"]).json == {"decision": True}
        assert pdp.post("/access/v1/evaluation", question("a", "b", "c")).status == 401
