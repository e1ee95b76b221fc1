"""Plans travel to the runners, and weights are shared once."""

import pickle

from arena.training.planner import CACHED_WEIGHTS, Plan, SharedWeights
from leagues.records import Member, Pairing


def test_a_plan_travels_whole():
    main = Member("main", "learner", "main", modules={"player_0": "main"})
    pairings = (
        Pairing(("main", "main"), 2**63 - 1, 5, 0, "training", "main"),
        Pairing(("main",), 1, 6, 7, "evaluation"),
    )
    plan = Plan("training", pairings, {"main": main}, {"hash": b"weights"}, 3, 4, ("main",))
    assert pickle.loads(pickle.dumps(plan)) == plan


def test_weights_are_read_and_shared_once_and_few_are_kept():
    read, shared = [], []

    def read_file(digest):
        read.append(digest)
        return digest.encode()

    weights = SharedWeights(read_file, lambda data: shared.append(data) or data.decode())
    digests = [f"{number:02}" for number in range(CACHED_WEIGHTS)]
    for digest in digests:
        assert weights[digest] == digest
    assert weights["00"] == "00"
    assert read == digests
    assert len(shared) == len(digests)
    assert weights["new"] == "new"  # in place of 01, which was used longest ago
    assert (weights["00"], weights["01"]) == ("00", "01")
    assert read == [*digests, "new", "01"]
