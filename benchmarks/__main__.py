"""The benchmark suites: each prints its figures and writes them to ``benchmarks/results/<name>.json``.

    python -m benchmarks [NAME ...] [--repeats 5] [--quick]

runs the suites named, or all of them. ``arena bench`` does the same.
"""

from __future__ import annotations

import argparse

from benchmarks.suites import REPEATS, SUITES, run_suites


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*SUITES, []], help=f"of {', '.join(SUITES)}")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="turns of each side")
    parser.add_argument("--quick", action="store_true", help="short turns, for a look; not for reporting")
    arguments = parser.parse_args()
    run_suites(arguments.names or SUITES, repeats=arguments.repeats, quick=arguments.quick)


if __name__ == "__main__":
    main()
