"""The virtual machine that tests use, or the reason why there is none."""

from functools import cache

import pytest

from compose.vm.api import VmError
from compose.vm.kernel import Kernel, cache_folder, fetch_kernel


@cache
def _kernel() -> Kernel | VmError:
    try:
        return fetch_kernel(cache_folder())
    except VmError as error:
        return error


def kernel() -> Kernel:
    """A kernel to boot; skips where there can be none."""
    found = _kernel()
    if isinstance(found, VmError):
        pytest.skip(f"no virtual machine: {found}")
    return found
