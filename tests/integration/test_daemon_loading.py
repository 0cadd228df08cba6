"""While a load runs: status answers, other reloads wait for a load that saw their files, the daemon can stop."""

import json
import signal
import socket
import subprocess
import threading
import time

import pytest
from daemon import BUILD, PATIENCE_S, wait_for

MANY = 500000


@pytest.fixture
def slow(running):
    """A daemon whose next load takes a while."""
    with open(running.folder / "entities/many.jsonl", "w", encoding="utf-8") as file:
        for number in range(MANY):
            file.write('{"uid":{"type":"User","id":"u%d"},"attrs":{"n":%d,"name":"user number %d"},"parents":[]}\n' % (number, number, number))
    return running


class Asking(threading.Thread):
    """A reload in the background."""

    def __init__(self, pdp):
        super().__init__()
        self.pdp, self.answer = pdp, None
        self.start()

    def run(self):
        self.answer = self.pdp.reload()

    def result(self):
        self.join(PATIENCE_S)
        return self.answer


def loading(pdp):
    return "loading_since" in pdp.admin("status")


def test_status_does_not_wait_for_a_load(slow):
    assert not loading(slow)
    asking = Asking(slow)
    wait_for(lambda: loading(slow), "the load to be seen")
    began = time.monotonic()
    status = slow.admin("status")
    took = time.monotonic() - began
    assert asking.answer is None, "the load was too fast for this test"
    assert status["revision"] == 1 and status["loading_since"] >= status["loaded"]
    done = subprocess.run([str(BUILD / "bin/sekimori"), "status", "--socket", str(slow.folder / "admin.sock")], capture_output=True,
                          text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0 and ("loading     since 2" in done.stdout or asking.answer is not None), done
    answer = asking.result()
    assert answer["reloaded"] is True and answer["entities"] == MANY + 3
    assert took * 1000 < answer["took_ms"]
    assert not loading(slow)


def test_reload_asked_for_during_a_load_sees_what_was_written_before_it(slow):
    first = Asking(slow)
    wait_for(lambda: loading(slow), "the load to be seen")
    slow.policy("more.cedar", "permit(")
    second, third = Asking(slow), Asking(slow)
    went = first.result()["reloaded"]  # perhaps it had not come to the policies yet when they changed
    for later in (second, third):
        answer = later.result()
        assert answer["reloaded"] is False and "more.cedar:1:" in answer["text"]
    last = slow.admin("status")["last_reload"]
    assert (last["succeeded"], last["failed"]) == (1 + went, 2 - went)


def test_requests_of_one_connection_are_answered_in_order(slow):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE_S)
        connection.connect(str(slow.folder / "admin.sock"))
        connection.sendall(b'{"command":"status"}\n{"command":"reload"}\n{"command":"sta')
        wait_for(lambda: loading(slow), "the load to be seen")
        connection.sendall(b'tus"}\n{"command":"status"}\n')
        with connection.makefile("r") as lines:
            answers = [json.loads(lines.readline()) for _ in range(4)]
    assert [answer["revision"] for answer in answers] == [1, 2, 2, 2]
    assert [answer.get("reloaded") for answer in answers] == [None, True, None, None]


def test_load_goes_on_when_the_one_who_asked_goes_away(slow):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(slow.folder / "admin.sock"))
        connection.sendall(b'{"command":"reload"}\n')
        wait_for(lambda: loading(slow), "the load to be seen")
    wait_for(lambda: slow.admin("status")["revision"] == 2, "the load to be in force")


def test_decisions_go_on_and_the_daemon_stops_during_a_load(slow):
    slow.signal(signal.SIGHUP)
    wait_for(lambda: loading(slow), "the load to be seen")
    assert slow.evaluate("alice", "read", "x") == {"decision": True}
    slow.signal(signal.SIGTERM)
    assert slow.wait() == 0
