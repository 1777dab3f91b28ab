"""Waiting for what a test has caused, no longer than it may take."""

import time


def wait_for(what, ask, seconds=20, every=0.05):
    """What `ask` gives once it gives something; `what` names it where it never does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := ask():
            return found
        time.sleep(every)
    raise AssertionError(f"{what} did not come within {seconds} s")
