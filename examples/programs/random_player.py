"""A program that plays any game of discrete actions at random, as an agent:

arena match tic_tac_toe "exec:python examples/programs/random_player.py" mcts:20
"""

import json
import random
import sys

for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "hello":
        reply = {"type": "hello", "protocol": 1, "wants": "observation", "batch": True}
    elif message["type"] == "act":
        actions = [random.Random(row["seed"]).choice(row["legal"]) for row in message["rows"]]
        reply = {"id": message["id"], "actions": actions}
    else:  # reset and bye need no answer
        continue
    print(json.dumps(reply), flush=True)
