"""How a process that learns keeps memory."""

from __future__ import annotations

import ctypes
import sys


def keep_freed_memory() -> None:
    """Let this process keep what arrays of up to 32 MiB leave behind, for those that come next.

    By itself glibc gives the memory of activations and gradients back to the system, to be handed out the same pages
    again, one fault and 4 KiB of zeros at a time, in every minibatch. From now on it gives back what lies free at the
    heap's end only once that is more than 64 MiB; larger arrays are mapped and unmapped as before. This holds for the
    whole process and cannot be taken back. Does nothing where the C library is another.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(-3, 32 << 20)  # M_MMAP_THRESHOLD, at its highest
        mallopt(-1, 64 << 20)  # M_TRIM_THRESHOLD
