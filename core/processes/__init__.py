"""How work runs beside this process: how many CPUs there are, pools, one call in a process of its own."""
