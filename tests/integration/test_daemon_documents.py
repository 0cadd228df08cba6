"""What is shipped beside the daemon agrees with it: manual pages, example configuration, unit file."""

import re
import shutil
import subprocess

import pytest
from daemon import BUILD, KEY, KEY_SHA256, PATIENCE_S, ROOT, Daemon


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL, check=False)


def test_manual_lists_every_option_as_the_program_knows_it():
    made = run(str(BUILD / "bin/sekimorid"), "--print-defaults=man").stdout
    page = (ROOT / "man/sekimori.yaml.5").read_text(encoding="utf-8")
    listed = re.search(r'Made by: .*\n((?s:.*))\.\\" End of what', page).group(1)
    assert made and listed == made, "replace the options part of man/sekimori.yaml.5 by `sekimorid --print-defaults=man`"


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
@pytest.mark.parametrize("page", ["sekimorid.8", "sekimori.yaml.5"])
def test_manual_pages_format_without_warnings(page):
    done = run("groff", "-man", "-Tutf8", "-ww", "-z", str(ROOT / "man" / page))
    assert (done.returncode, done.stderr) == (0, "")


def test_example_configuration_is_good():
    with Daemon((ROOT / "packaging/sekimori.yaml").read_text(encoding="utf-8")) as pdp:
        pdp.write("schema.cedarschema", (ROOT / "packaging/schema.cedarschema").read_text(encoding="utf-8"))
        done = pdp.run("--check")
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""


def test_examples_of_the_manual_are_good():
    page = (ROOT / "man/sekimori.yaml.5").read_text(encoding="utf-8")
    blocks = [block.replace(r"\-", "-").replace(r"\(aq", "'") for block in re.findall(r"\.nf\n\.RS\n((?s:.*?))\.RE", page)]
    named = {re.match(r"\w+", block).group(): block for block in blocks}
    config = named["schema"].replace("127.0.0.1:8180", "127.0.0.1:0")
    with Daemon(config + "resources: resources.yaml\nzones: zones.yaml\n") as pdp:
        pdp.write("schema.cedarschema", named["entity"])
        pdp.write("resources.yaml", named["resources"])
        pdp.write("zones.yaml", named["zones"])
        done = pdp.run("--check")
        assert done.returncode == 0, done.stderr
        assert "2 resource rules, 4 networks" in done.stdout


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_unit_file_is_understood_and_tight():
    unit = str(ROOT / "packaging/sekimorid.service")
    complaints = [line for line in run("systemd-analyze", "verify", unit).stderr.splitlines()
                  if "sekimori" in line and "not executable" not in line and "man sekimori" not in line]
    assert complaints == []
    rated = run("systemd-analyze", "security", "--offline=true", unit).stdout
    level = re.search(r"exposure level for \S+: ([0-9.]+)", rated)
    assert level is None or float(level.group(1)) < 2.5, rated[-400:]


def test_five_minute_example_of_the_readme_is_good_and_decides():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = re.search(r"\n## Protect a site in five minutes\n((?s:.*?))\n## ", text).group(1)
    blocks = re.findall(r"`([\w/.]+)`\)(?:(?!```)(?s:.))*?:\n\n```\w+\n((?s:.*?))```", section)
    files = dict(blocks)
    assert set(files) == {"schema.cedarschema", "entities/people.json", "policies/site.cedar", "resources.yaml", "sekimori.yaml"}
    config = re.sub(r"key_sha256: \w+", f"key_sha256: {KEY_SHA256}", files.pop("sekimori.yaml"))
    with Daemon(config.replace("127.0.0.1:8180", "127.0.0.1:0") + "admin: {socket: admin.sock}\n") as pdp:
        for name, content in files.items():
            pdp.write(name, content)
        checked = pdp.run("--check")
        assert (checked.returncode, checked.stderr) == (0, "")
        pdp.start()
        headers = {"X-Sekimori-Key": KEY, "X-Original-Method": "GET", "X-Forwarded-Host": "example.org", "X-Forwarded-Proto": "https",
                   "X-Real-IP": "192.0.2.1", "X-Remote-User": "alice"}
        assert pdp.get("/forward-auth", headers={**headers, "X-Original-URI": "/news"}).status == 200
        assert pdp.get("/forward-auth", headers={**headers, "X-Original-URI": "/personnel"}).status == 401
        assert pdp.get("/forward-auth", headers={**headers, "X-Original-URI": "/news", "X-Remote-User": "mallory"}).status == 403
