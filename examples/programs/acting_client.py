"""Tic-tac-toe outside of the arena: a client that plays whole games by itself and sends them as episodes.

arena train "external(observation=18,actions=9,graded=False,acts=True)" --league DIR --env-runners 0 --minutes 2
python examples/programs/acting_client.py 5555
"""

import base64
import json
import socket
import sys
import time

import numpy as np
import onnxruntime

LINES = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]


def seen(board, seat):
    """What the arena is told of a position in which a seat is to move."""
    won = any(board[a] == board[b] == board[c] == 1 - seat for a, b, c in LINES)
    free = [cell for cell in range(9) if board[cell] < 0]
    if won or not free:
        return {"over": "terminated", "rewards": {f"player_{seat}": -won, f"player_{1 - seat}": +won}}
    own, other = ([float(cell == owner) for cell in board] for owner in (seat, 1 - seat))
    return {"observations": {f"player_{seat}": own + other}, "legal": {f"player_{seat}": free}}


def act(model, seat, step):
    """An action and its log-probability; without a model any legal action."""
    agent = f"player_{seat}"
    mask = np.isin(np.arange(9), step["legal"][agent])
    log_probs = np.log(np.where(mask, 1 / mask.sum(), 1e-9))
    if model is not None:
        observation = np.array(step["observations"][agent], np.float32)
        rows = {
            "observation": observation[None],
            "action_mask": mask[None],
            "seat": np.eye(2, dtype=np.float32)[[seat]],
        }
        log_probs = model.run(["log_probabilities"], rows)[0][0].astype(np.float64)
    chances = np.where(mask, np.exp(log_probs), 0)
    action = int(np.random.choice(9, p=chances / chances.sum()))
    return {"actions": {agent: action}, "log_probs": {agent: float(log_probs[action])}}


def whole_game(models):
    board, seat, steps = [-1] * 9, 0, []
    while "over" not in (step := seen(board, seat)):
        steps.append(step | act(models[seat], seat, step))
        board[steps[-1]["actions"][f"player_{seat}"]] = seat
        seat = 1 - seat
    return [*steps, step]


def loaded(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # more are no quicker for one row
    return onnxruntime.InferenceSession(base64.b64decode(model), options)


def play(stream):
    stream.write('{"type": "hello", "protocol": 1}\n')
    stream.flush()
    assert json.loads(stream.readline())["type"] == "hello"
    games, models = {}, {None: None}
    for line in stream:
        message = json.loads(line)
        for number, model in message.get("models", {}).items():
            models[int(number)] = loaded(model)
        for number in message.get("forget", []):
            del models[number]
        answer = {"id": message["id"]}
        if message["type"] == "play":
            answer["steps"] = whole_game([models[message["policies"][f"player_{seat}"]] for seat in (0, 1)])
        else:  # matches ask for each step
            board, seat = games[message["game"]] if message["type"] == "step" else ([-1] * 9, 0)
            for action in message.get("actions", {}).values():
                board[action], seat = seat, 1 - seat
            games[message["game"]] = board, seat
            answer |= seen(board, seat)
        for ended in [message["game"]] * ("over" in answer) + message.get("dropped", []):
            del games[ended]
        stream.write(json.dumps(answer) + "\n")
        stream.flush()


def main():
    while True:
        try:
            with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
                play(connection.makefile("rw"))
        except ConnectionError as error:
            print(f"waiting for the arena at port {sys.argv[1]}: {error}", file=sys.stderr)
        time.sleep(1)  # the league has not begun yet, or has ended


if __name__ == "__main__":
    main()
