"""A Ray cluster of several nodes without a shared file system: the league's folder is the driver's alone."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from leagues.store import open_store

pytestmark = pytest.mark.slow

DRIVER = """
import json, os, sys
from arena.training.process import prepare_process
prepare_process()
import ray
from small_training import small
ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
config = small("tic_tac_toe", sys.argv[1], roles={"main": 1, "main_exploiter": 1}).training(overlap=True)
config.env_runners(num_env_runners=2, custom_resources_per_env_runner={"plays": 1})
config.learners(num_learners=1, custom_resources_per_learner={"learns": 1})
algorithm = config.build_algo()

def where(actor):
    return os.getpid(), ray.get_runtime_context().get_node_id()

runners = algorithm.env_runner_group.foreach_env_runner(where, local_env_runner=False)
learners = [result.get() for result in algorithm.learner_group.foreach_learner(where)]
print(json.dumps({"runners": runners, "learners": learners, "driver": where(None)}), flush=True)
while True:
    algorithm.train()
    alive = algorithm.env_runner_group.num_healthy_remote_workers()
    snapshots = [member.id for member in algorithm.session.members.values() if member.kind == "snapshot"]
    print(json.dumps({"iteration": algorithm.session.progress.iteration, "runners": alive, "snapshots": snapshots}),
          flush=True)
    if sys.stdin.readline() == "stop\\n":
        break
algorithm.finish()
algorithm.stop()
"""


@pytest.fixture
def ray_folder(monkeypatch):
    """A folder for Ray's notes, such as the address of the head, which other processes would join otherwise."""
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:  # short, as for a socket
        monkeypatch.setenv("RAY_TMPDIR", folder)
        yield


@pytest.fixture
def cluster(tmp_path, ray_folder):
    """A head without CPUs, so that no actor is on it, and a function that adds nodes which know of no league."""
    from ray.cluster_utils import Cluster

    guard = Path(__file__).parents[2] / "support" / "no_league"
    log = tmp_path / "log"
    log.touch()
    environment = {"NO_LEAGUE": str(tmp_path / "league"), "NO_LEAGUE_LOG": str(log), "PYTHONPATH": str(guard)}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        yield cluster, lambda **node: cluster.add_node(env_vars=environment, **node), log
    finally:
        cluster.shutdown()


def test_runners_and_learners_on_other_machines_need_no_league_folder(cluster, tmp_path):
    cluster, add_node, log = cluster
    league = tmp_path / "league"
    doomed = add_node(num_cpus=1, resources={"plays": 1})
    add_node(num_cpus=2, resources={"plays": 1, "learns": 1})
    environment = os.environ | {
        "RAY_ADDRESS": cluster.address,
        "PYTHONPATH": str(Path(__file__).parents[2] / "support"),
    }
    command = [sys.executable, "-c", DRIVER, str(league)]
    with subprocess.Popen(
        command, env=environment, cwd=tmp_path, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as driver:

        def newest():
            for line in driver.stdout:
                if line.startswith("{"):  # not what Ray says of the node that died
                    return json.loads(line)
            return None

        def go_on(word="go on"):
            driver.stdin.write(f"{word}\n")
            driver.stdin.flush()
            return newest()

        try:
            places = newest()
            remote = places["runners"] + places["learners"]
            nodes = {node for _, node in remote}
            assert len(nodes) == 2
            assert places["driver"][1] not in nodes
            progress = newest()
            while "main_exploiter@1" not in progress["snapshots"]:  # weights that travel, learners that start over
                progress = go_on()
            assert progress["runners"] == 2
            cluster.remove_node(doomed, allow_graceful=False)
            before = progress["iteration"]
            while progress["iteration"] < before + 5:
                progress = go_on()
            assert progress["runners"] == 1
            assert go_on("stop") is None
            assert driver.wait() == 0
        finally:
            driver.kill()
    seen = log.read_text().splitlines()
    assert {f"guarded {pid}" for pid, _ in remote} <= set(seen)
    assert not [line for line in seen if line.startswith("touched")]
    with open_store(league).reader() as reader:
        assert reader.count_matches("evaluation") > 0
    arena = [sys.executable, "-m", "arena"]
    assert subprocess.run([*arena, "verify", str(league)], stdout=subprocess.DEVNULL).returncode == 0

    joined = [*arena, "train", "tic_tac_toe", "--league", str(league), "--resume", "--env-runners", "1", "--overlap"]
    with open_store(league).reader() as reader:
        steps = reader.progress().env_steps + 1
    subprocess.run([*joined, "--steps", str(steps)], env=environment, check=True, stdout=subprocess.DEVNULL)
    assert len(set(log.read_text().splitlines())) > len(seen)
