"""The benchmark suites: each prints its figures and writes them to ``benchmarks/results/<name>.json``.

    python -m benchmarks [NAME ...] [--repeats 5] [--quick]

runs the suites named, or all of them, as ``arena bench`` does.
"""

import sys

from arena.cli import main

if __name__ == "__main__":
    main(["bench", *sys.argv[1:]])
