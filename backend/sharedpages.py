"""Mapping the buffer that an OPEN names: read the guest's page directory, then map what it lists.

The directory is read page by page into private memory, each page once, and unmapped again before the data is mapped.
"""

from hosts.api import Host, HostError, Mapping
from ringproto.abi import PAGE_OCTETS
from ringproto.errors import Errno, ProtocolError
from ringproto.pagedir import walk_directory


def map_buffer(host: Host, guest: int, directory_ref: int, size_octets: int) -> Mapping:
    """The pages of a guest's buffer.

    Raises ProtocolError(EINVAL) for an impossible directory, EFAULT for pages that the guest did not grant.
    """

    def copy_page(ref: int) -> bytes:
        mapping = host.map(guest, (ref,), writable=False)
        try:
            return bytes(mapping.pages[0][:PAGE_OCTETS])
        finally:
            mapping.unmap()

    try:
        return host.map(guest, walk_directory(copy_page, directory_ref, size_octets))
    except HostError as error:
        raise ProtocolError(Errno.EFAULT, f"gref_directory {directory_ref}: {error.strerror}") from error
