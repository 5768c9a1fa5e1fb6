"""Streamlit asks nobody on the internet for the address of this machine.

It does in two places, each with an HTTP request to a server of others. When it starts without a window on all
interfaces, to print an "External URL": `browser.serverAddress` in `.streamlit/config.toml` keeps it from that, for it
prints before it imports the app. And when a page asks for a websocket under a name that is not the request's own, as
behind a proxy: to compare that name with an address that is no name of ours (`ui/shell/hosts.py` has those).
"""

from __future__ import annotations

from streamlit import net_util


def ask_nobody() -> None:
    """To be called once, by the server, before it answers anybody. There is no option for this in Streamlit."""
    net_util.get_external_ip = _unknown


def _unknown() -> None:
    """No address outside is known."""
