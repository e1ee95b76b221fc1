"""Run benchmark suites: ``python -m benchmarks [NAME ...] [--repeats N] [--quick] [--json]``."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import redirect_stdout

from benchmarks.suites import SUITES, run_suites


def main() -> None:
    """Run the named suites, or all. With ``--json``, print the reports on stdout and progress on stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Compare speed on this machine with other libraries and with the limits of network and engine.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"suites to run (default: all): {', '.join(SUITES)}")
    parser.add_argument("--repeats", type=int, metavar="N", help="turns of each side (default: 5, with --quick 1)")
    parser.add_argument("--quick", action="store_true", help="take short turns: good for a look, not for reporting")
    parser.add_argument("--json", action="store_true", help="print the reports as JSON")
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.names) - SUITES.keys()):
        parser.error(f"there is no suite {', '.join(unknown)}; the suites are {', '.join(SUITES)}")
    if arguments.repeats is not None and arguments.repeats < 1:
        parser.error(f"--repeats must be at least 1, but got {arguments.repeats}")
    with redirect_stdout(sys.stderr if arguments.json else sys.stdout):
        reports = run_suites(arguments.names or SUITES, repeats=arguments.repeats, quick=arguments.quick)
    if arguments.json:
        print(json.dumps(reports, indent=2, allow_nan=False))


if __name__ == "__main__":
    main()
