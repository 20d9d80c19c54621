"""Ports of this machine that nobody uses."""

import contextlib
import socket

from charrnn.cluster import Cluster


def free_cluster(workers: int = 2, index: int = 0) -> Cluster:
    """Workers that are all to be here."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("", 0))) for _ in range(workers)]
        ports = [each.getsockname()[1] for each in sockets]
    return Cluster(tuple(f"localhost:{port}" for port in ports), index)
