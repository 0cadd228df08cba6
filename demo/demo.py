"""A living scene: the Kanzan institute's policies, a real sekimorid and Debian's nginx on loopback, real requests by curl.

For each request it prints who asks what, the decision, why (policy, clause, reason) and what would cure a denial. Each scene
also says what it expects; a difference fails the demo. Everything lives in a temporary folder and ends with the program.
"""

import argparse
import hashlib
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

DEMO = pathlib.Path(__file__).resolve().parent
JAPANESE = os.environ.get("LANG", "").startswith("ja")
COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def paint(text, code):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, test, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if test():
            return
        time.sleep(0.05)
    raise SystemExit(f"demo: {what} did not come up")


class Institute:
    """The institute's files in a temporary folder, and the two servers that use them."""

    def __init__(self, build, folder):
        self.bin = pathlib.Path(build).resolve() / "bin"
        self.folder = pathlib.Path(folder)
        self.etc = self.folder / "etc"
        self.processes = []
        self.failures = 0
        self.pdp_port, self.web_port = free_port(), free_port()
        self.app_key, self.web_key = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self.password = secrets.token_urlsafe(12)

    # ---- setting up ----

    def prepare(self):
        shutil.copytree(DEMO / "institute", self.etc)
        names = {"@PDP_PORT@": str(self.pdp_port), "@WEB_PORT@": str(self.web_port), "@FOLDER@": str(self.folder),
                 "@APP_KEY_SHA256@": hashlib.sha256(self.app_key.encode()).hexdigest(),
                 "@WEB_KEY_SHA256@": hashlib.sha256(self.web_key.encode()).hexdigest()}
        for name in ("sekimori.yaml", "nginx.conf", "resources.yaml"):
            path = self.etc / name
            text = path.read_text(encoding="utf-8")
            for mark, value in names.items():
                text = text.replace(mark, value)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o644)
        self.secret_file("pep-key.conf", f'proxy_set_header Authorization "Bearer {self.web_key}";\n')
        self.password_file()
        self.pages()

    def secret_file(self, name, text):
        path = self.etc / name
        path.touch(0o600)
        path.write_text(text, encoding="utf-8")

    def password_file(self):
        made = subprocess.run(["openssl", "passwd", "-apr1", "-stdin"], input=self.password, text=True,
                              stdout=subprocess.PIPE, check=True).stdout.strip()
        people = json.loads((self.etc / "entities/people.json").read_text(encoding="utf-8"))
        users = [e["uid"]["id"] for e in people if e["uid"]["type"] == "User"]
        self.secret_file("htpasswd", "".join(f"{user}:{made}\n" for user in users))
        if os.geteuid() == 0:  # nginx's workers read it, as the user Debian's nginx changes to
            shutil.chown(self.etc / "htpasswd", "www-data")

    def pages(self):
        for page in ("public/index", "internal/minutes", "genome/cohort", "personnel/index", "direction/key-plan"):
            path = self.folder / "www" / (page + ".html")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"<h1>{page}</h1>\n", encoding="utf-8")
        for name in ("logs", "tmp"):
            (self.folder / name).mkdir()

    def start(self, name, command, **options):
        log = open(self.folder / "logs" / f"{name}.log", "wb")
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **options)
        self.processes.append((name, process))
        return process

    def start_pdp(self):
        command = [str(self.bin / "sekimorid"), "--config", str(self.etc / "sekimori.yaml")]
        daemon = self.start("sekimorid", command)

        def ready():
            if daemon.poll() is not None:
                print((self.folder / "logs/sekimorid.log").read_text(errors="replace"))
                raise SystemExit("demo: sekimorid ended at once")
            return self.http(f"http://127.0.0.1:{self.pdp_port}/readyz")[0] == 200

        wait_for("sekimorid", ready)

    def start_nginx(self):
        self.start("nginx", ["/usr/sbin/nginx", "-e", "logs/error.log", "-p", str(self.folder), "-c",
                             str(self.etc / "nginx.conf")])
        wait_for("nginx", lambda: self.http(f"http://127.0.0.1:{self.web_port}/healthz")[0] == 200)

    def stop(self):
        for _, process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    # ---- asking ----

    def http(self, url, user=None, body=None, key=None, headers=()):
        """One curl. What is secret goes through standard input, not the argument list."""
        lines = [f'url = "{url}"', "silent", "include", "path-as-is", "max-time = 10"]
        if user is not None:
            lines.append(f'user = "{user}:{self.password}"')
        if key is not None:
            lines.append(f'header = "Authorization: Bearer {key}"')
        lines += [f'header = "{header}"' for header in headers]
        command = ["curl", "-K", "-"]
        if body is not None:
            lines.append('header = "Content-Type: application/json"')
            command += ["--data-binary", json.dumps(body)]
        done = subprocess.run(command, input="\n".join(lines), text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        head, _, text = done.stdout.replace("\r\n", "\n").partition("\n\n")
        status = head.split(" ", 2)[1] if head.startswith("HTTP/") else "0"
        fields = dict(line.split(": ", 1) for line in head.split("\n")[1:] if ": " in line)
        return int(status), {name.lower(): value for name, value in fields.items()}, text

    def check(self, good, expected):
        if not good:
            self.failures += 1
            print(paint(f"      !! expected {expected}", "31;1"))

    def ask(self, story, user, action, resource, expect, remedies=(), **context):
        """One AuthZEN evaluation; `expect` is permit or deny."""
        kind, name = resource
        sent = dict(context)
        if "device" in sent:
            sent["device"] = {"__entity": {"type": "Device", "id": sent["device"]}}
        body = {"subject": {"type": "User", "id": user}, "action": {"name": action}, "resource": {"type": kind, "id": name},
                "context": sent, "options": {"explain": True}}
        status, _, text = self.http(f"http://127.0.0.1:{self.pdp_port}/access/v1/evaluation", body=body, key=self.app_key,
                                    headers=["Accept-Language: ja"] if JAPANESE else [])
        answer = json.loads(text) if status == 200 else {"decision": False, "context": {}}
        permit = status == 200 and answer["decision"]
        why = answer.get("context", {})
        facts = ", ".join(f"{key}={value}" for key, value in context.items())
        print(f"\n  {story}\n    {user}  {action}  {kind} {name}" + (f"   [{facts}]" if facts else ""))
        print("    " + (paint("PERMIT", "32;1") if permit else paint("DENY", "31;1")) + f"  ({why.get('kind', status)})")
        self.explain(why)
        self.check(permit == (expect == "permit") and sorted(why.get("remedies", [])) == sorted(remedies),
                   f"{expect} {list(remedies)}, got {text}")

    def explain(self, why):
        """Each policy that decided, its clauses and its reason; then what would cure a denial."""
        if why.get("kind") != "permitted":
            print("      " + "; ".join(why.get("reason_admin", {}).values()))
        for reason in why.get("reasons", []):
            clauses = "  <" + ", ".join(reason["clauses"]) + ">" if reason.get("clauses") else ""
            print(f"      {reason['policy']}{clauses}")
            print(f"        {reason.get('reason', '')}")
        for failed in why.get("errors", []):
            print(f"      {failed['policy']} failed: {failed['message']}")
        if why.get("remedies"):
            print(paint("      cured by: " + ", ".join(why["remedies"]), "33"))
        if why.get("obligations"):
            print("      and must: " + ", ".join(obligation["id"] for obligation in why["obligations"]))

    def browse(self, story, user, path, expect, headers=()):
        """One page through nginx; `expect` is the status."""
        status, fields, _ = self.http(f"http://127.0.0.1:{self.web_port}{path}", user=user, headers=headers)
        print(f"\n  {story}\n    {user or 'nobody'}  GET {path}" + (f"   [{'; '.join(headers)}]" if headers else ""))
        shown = paint(str(status), "32;1" if status == 200 else "31;1")
        more = "  ".join(fields[name] for name in ("x-sekimori-reason", "x-sekimori-remedies", "x-sekimori-user") if fields.get(name))
        print(f"    {shown}  {more}")
        self.check(status == expect, f"status {expect}")

    def reload(self, story, expect_good):
        print(f"\n  {story}\n    $ sekimori reload")
        done = subprocess.run([str(self.bin / "sekimori"), "reload", "--socket", str(self.folder / "admin.sock")],
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for line in done.stdout.replace(str(self.etc) + "/", "").splitlines():
            print(f"      {line}")
        print(f"    exit {done.returncode}")
        self.check((done.returncode == 0) == expect_good, "a good reload" if expect_good else "a refused reload")


def scenes(place):
    title = lambda text: print("\n" + paint(f"== {text}", "1"))

    title("1. An application asks over AuthZEN")
    place.ask("A researcher reads secret data of her group from a healthy device, strongly authenticated.",
              "tanaka", "view", ("Document", "genome-cohort"), "permit", aal=2, auth_age_s=120, device="pc-tanaka")
    place.ask("The same after lunch, with one factor, from a device with a stale posture: every remedy at once.",
              "tanaka", "view", ("Document", "genome-cohort"), "deny",
              ["attest_device", "reauthenticate", "step_up_mfa"], aal=1, auth_age_s=4000, device="pc-stale")
    place.ask("A student of the group on his own phone.", "nakamura", "view", ("Document", "genome-cohort"), "deny",
              ["attest_device", "require_approval:InfoSecManager"], aal=2, auth_age_s=60, device="phone-nakamura")
    place.ask("Somebody of another group: nothing permits, so no second factor is asked for in vain.",
              "ito", "view", ("Document", "genome-cohort"), "deny", aal=1, auth_age_s=60, device="pc-ito")
    place.ask("The account of a person who has left.", "kobayashi", "view", ("Document", "visitor-guide"), "deny")
    place.ask("A device under suspicion: hard, whatever else could be cured.", "suzuki", "view", ("Document", "minutes-2026-10"), "deny",
              aal=1, remote=True, device="pc-suzuki")
    place.ask("Telework without the check-list, over an open network.", "suzuki", "view", ("Document", "minutes-2026-10"), "deny",
              ["complete_checklist", "step_up_mfa", "use_secure_channel"], aal=1, remote=True, network_trusted=False,
              device="pc-watanabe")
    place.ask("A document whose owner forbids copies.", "ito", "copy", ("Document", "patent-draft"), "deny", necessity=True)
    place.ask("Copying top secret information needs the CISO's permission.", "sato", "copy", ("Document", "key-plan"), "deny",
              ["require_approval:OrgCISO"], aal=2, auth_age_s=60, device="pc-sato")
    place.ask("With the permission on record.", "sato", "copy", ("Document", "key-plan"), "permit", aal=2, auth_age_s=60,
              device="pc-sato", approvals=["handling-relaxation:OrgCISO"])
    place.ask("A login on the genome database host; obligations come with the permit.", "takahashi", "login-ssh", ("Host", "genome-db"),
              "permit", aal=2, device="ws-takahashi")
    place.ask("sudo there by an administrator without the qualification for important servers.", "kimura", "sudo",
              ("Host", "genome-db"), "deny", aal=2, device="ws-kimura")
    place.ask("The CSIRT isolates a host at once, whatever its own factors.", "watanabe", "emergency-isolate", ("Host", "nas-1"), "permit")
    place.ask("A document nobody has registered.", "tanaka", "view", ("Document", "no-such"), "deny")

    title("2. Pages through nginx (auth_request to /forward-auth)")
    place.browse("Nobody is logged in.", None, "/public/", 401)
    place.browse("A public page.", "yamamoto", "/public/", 200)
    place.browse("An internal page, for staff ...", "suzuki", "/internal/minutes.html", 200)
    place.browse("... not for a contractor.", "yamamoto", "/internal/minutes.html", 403)
    place.browse("A page that needs a second factor, which nginx cannot vouch for: 401 with a step-up challenge.",
                 "suzuki", "/personnel/", 401)
    place.browse("A page under dynamic access control needs an attested device as well: logging in again would not help, so 403.",
                 "tanaka", "/genome/cohort.html", 403)
    place.browse("A forged identity header has no effect.", "yamamoto", "/internal/minutes.html", 403, ["X-Remote-User: suzuki"])
    place.browse("An encoded slash does not slip past the map.", "yamamoto", "/public/..%2finternal/minutes.html", 403)
    place.browse("Neither do dot segments.", "yamamoto", "/public/../internal/minutes.html", 403)

    title("3. A policy changes while everything runs")
    place.ask("Before: a contractor may read a public document.", "yamamoto", "view", ("Document", "visitor-guide"), "permit")
    (place.etc / "policies/60-new.cedar").write_text(
        '@id("contractors-paused")\n@reason_en("access of contractors is paused this week")\n'
        '@reason_ja("今週は委託先のアクセスを停止している")\n'
        'forbid (principal, action, resource) when { principal.affiliation == "contractor" };\n', encoding="utf-8")
    place.reload("A new rule is put in place.", True)
    place.ask("After.", "yamamoto", "view", ("Document", "visitor-guide"), "deny")
    (place.etc / "policies/60-new.cedar").write_text(
        '@id("contractors-paused")\nforbid (principal, action, resource) when { principal.affiliation = "contractor" }\n', encoding="utf-8")
    place.reload("Somebody breaks it.", False)
    place.ask("The set that was good stays in force.", "yamamoto", "view", ("Document", "visitor-guide"), "deny")
    (place.etc / "policies/60-new.cedar").unlink()
    place.reload("It is taken away again.", True)
    place.ask("As before.", "yamamoto", "view", ("Document", "visitor-guide"), "permit")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="build folder (default: build)")
    parser.add_argument("--keep", action="store_true", help="leave the temporary folder behind")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="sekimori-demo-")
    os.chmod(folder, 0o755)
    place = Institute(options.build, folder)
    try:
        place.prepare()
        place.start_pdp()
        place.start_nginx()
        print(paint("Kanzan research institute", "1") + f": sekimorid on 127.0.0.1:{place.pdp_port}, nginx on 127.0.0.1:{place.web_port}")
        scenes(place)
    finally:
        place.stop()
        if options.keep:
            print(f"\nkept: {folder}")
        else:
            shutil.rmtree(folder)
    print(f"\n{'Every answer was as the policies say.' if not place.failures else f'{place.failures} answers were not as expected.'}")
    return 1 if place.failures else 0


if __name__ == "__main__":
    sys.exit(main())
