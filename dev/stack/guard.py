"""Kill what a dead stack left behind.

The stack holds the write end of this process's standard input and reports the process groups it starts (``+123``) and
ends (``-123``), one a line. The end of the input means the stack is gone, however it went: every group still listed is
killed. A pipe works the same on every POSIX system; Linux's parent-death signal follows a thread, and Linux only.
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    """Follow the stack's reports until it is gone, then kill what is left."""
    # Ctrl-C and a stop of the terminal go to the stack; the guard has to outlive it.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        sign, group = line[0], int(line[1:])
        if sign == "+":
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
