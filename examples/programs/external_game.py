"""Tic-tac-toe outside of the arena: a client that plays its own games and asks for each action.

arena train "external(observation=18,actions=9,graded=False)" --league DIR --env-runners 0 --minutes 2
python examples/programs/external_game.py 5555
"""

import json
import socket
import sys
import time

LINES = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]


def play(stream):
    stream.write('{"type": "hello", "protocol": 1}\n')
    stream.flush()
    assert json.loads(stream.readline())["type"] == "hello"
    games = {}
    for line in stream:
        message = json.loads(line)
        if message["type"] == "reset":
            games[message["game"]] = [-1] * 9, 0
        board, seat = games[message["game"]]
        if message["type"] == "step":
            board[message["actions"][f"player_{seat}"]] = seat
            games[message["game"]] = board, seat = board, 1 - seat
        won = any(board[a] == board[b] == board[c] == 1 - seat for a, b, c in LINES)
        free = [cell for cell in range(9) if board[cell] < 0]
        answer = {"id": message["id"]}
        if won or not free:
            answer |= {"over": "terminated", "rewards": {f"player_{seat}": -won, f"player_{1 - seat}": +won}}
        else:
            own, other = ([float(cell == owner) for cell in board] for owner in (seat, 1 - seat))
            answer |= {"observations": {f"player_{seat}": own + other}, "legal": {f"player_{seat}": free}}
        for ended in [message["game"]] * (won or not free) + message.get("dropped", []):
            del games[ended]
        stream.write(json.dumps(answer) + "\n")
        stream.flush()


while True:
    try:
        with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
            play(connection.makefile("rw"))
    except ConnectionError as error:
        print(f"waiting for the arena at port {sys.argv[1]}: {error}", file=sys.stderr)
    time.sleep(1)  # the league has not begun yet, or has ended
