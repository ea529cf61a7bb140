"""What `xenstore-control` asks of the daemon: to say something, to look after itself, or what it can be asked.

The commands of the real daemon differ from version to version; these have always been.
"""

import logging
from errno import EINVAL

from hosts.api import HostError
from hosts.xenstore.store import XenStore

log = logging.getLogger("vsnd.host")

HELP = "Supported commands:\n  check\n  print <string>\n  help\n"


def control(store: XenStore, command: str, *parameters: str) -> str:
    """Do it and say how it went.  Raises HostError(EINVAL) for a command that there is not."""
    if command == "check" and not parameters:
        store.check()
        return "OK"
    if command == "print" and len(parameters) == 1:
        log.info("Dom0 says: %s", parameters[0])
        return "OK"
    if command == "help" and not parameters:
        return HELP
    raise HostError(EINVAL, "not a control command", command[:40])
