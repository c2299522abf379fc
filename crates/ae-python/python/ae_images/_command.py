"""The command ``ae``, which the wheel installs."""

import signal
import sys


def main() -> int:
    """Runs the command with the process's arguments, and gives its exit code.

    What it does with signals, standard output and the exit code is what the program ``ae`` does.
    """
    from ._native import run_command

    # Python's handler would wait for the command to end; what was ignored from the start stays ignored.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return run_command(["ae", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
