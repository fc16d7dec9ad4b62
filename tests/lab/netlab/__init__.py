# SPDX-License-Identifier: MIT
"""The network lab: daemons of Debian, unchanged, in network and mount namespaces of their own.

    from netlab import Space, Wire, Forward, issue                  a machine of its own, cables, certificates
    from netlab import Hostapd, WpaSupplicant, FreeRadius, eapol_test
    from netlab import Gateway, StrongSwan, Ping, TpmRelay

Whatever is made here has stop(), which may be called twice and after any failure; a test gives it to addCleanup().
Everything of a lab lies in folders that the test names; keep them short (a socket's path ends at 107 bytes).
Needs root. A machine that cannot do it makes the test fail with a LabError; nothing is skipped.
"""

from .certificates import issue, revocation_list, serial_of, short_serial  # noqa: F401
from .forward import Forward  # noqa: F401
from .ipsec import Gateway, Ping, StrongSwan  # noqa: F401
from .process import Daemon, LabError, LogsOnFailure, wait_for  # noqa: F401
from .radius import FreeRadius, Hostapd, eapol_test  # noqa: F401
from .relay import TpmRelay  # noqa: F401
from .spaces import Space, Wire  # noqa: F401
from .supplicant import WpaSupplicant  # noqa: F401
