"""`python -m runner.verify RUN …`: repeats runs and says whether they come out the same."""

import sys
from collections.abc import Sequence
from pathlib import Path

from runner.commands import CommandParser, run_command
from runner.continuing.verifying import Comparison, verify_run
from runner.errors import printable

EXAMPLES = """\
  python -m runner.verify outputs/2026-11-22/14-46-04-5d0c64e8a1
"""


def main(arguments: Sequence[str]) -> int:
    """Verifies every run named; 1 where one comes out otherwise."""
    parser = CommandParser(
        "verify",
        "Repeats runs from their recorded configuration and compares the bytes of their weights "
        "and history.",
        EXAMPLES,
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", type=Path, help="folder of a run")
    codes = []
    for run in parser.parse_args(arguments).runs:
        comparison = verify_run(run)
        print(f"{printable(run)}: {verdict(comparison)}", flush=True)
        codes.append(exit_code(comparison))
    return max(codes)


def exit_code(comparison: Comparison) -> int:
    """0 for the same bytes, and elsewhere for what rounding explains; else 1."""
    explained = bool(comparison.circumstances) and comparison.within_tolerance
    return 0 if explained or not comparison.differences else 1


def verdict(comparison: Comparison) -> str:
    """What a repetition came to, in words."""
    compared = f"{comparison.snapshots} snapshots and {comparison.rows} rows of history"
    if not comparison.differences:
        return f"identical: {compared}"
    first = comparison.differences[0]
    around = "; ".join(comparison.circumstances) or "nothing that is known"
    lines = [
        f"differs, first at step {first.step:,}: {printable(first.what)}",
        f"  in {len(comparison.differences)} places of {compared}",
        f"  otherwise than then: {around.replace('Exception: ', '') or 'nothing that is known'}",
    ]
    if exit_code(comparison) == 0:
        lines.append(
            f"  all within {comparison.tolerance:g}, which rounding elsewhere explains: agrees"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(run_command(main, sys.argv[1:]))
