"""Fixtures for tests of the running daemon."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from daemon import Daemon, make_certificates  # noqa: E402  (found through the line above)

POLICY = """\
@id("alice-reads")
permit(principal == User::"alice", action == Action::"read", resource);
@id("staff-writes")
permit(principal in Group::"staff", action == Action::"write", resource);
@id("not-when-locked")
forbid(principal, action, resource) when { resource has locked && resource.locked };
"""

ENTITIES = [
    {"uid": {"type": "User", "id": "bob"}, "attrs": {}, "parents": [{"type": "Group", "id": "staff"}]},
    {"uid": {"type": "Group", "id": "staff"}, "attrs": {}, "parents": []},
    {"uid": {"type": "Doc", "id": "sealed"}, "attrs": {"locked": True}, "parents": []},
]


@pytest.fixture
def pdp():
    """Not started: files may still be changed."""
    with Daemon() as daemon:
        daemon.policy("base.cedar", POLICY)
        daemon.entities("people.json", ENTITIES)
        yield daemon


@pytest.fixture
def running(pdp):
    return pdp.start()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("certificates"))
