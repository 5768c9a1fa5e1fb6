"""How work runs beside this process. By what it needs:

    module_process  `python -m` one of our modules: a program of its own that is talked to through pipes or files and
                    may outlive a crash, a limit or its caller (the inspector's reader, loading workers, jobs)
    pool            many calls of one function in worker processes, results in order (imports, builds)
    engines         many long calls in any order, by processes or by a Ray cluster; what dies is given again (parts)
    isolated        one generator in a process of its own, with the same start as the pool's workers (verifying)

`cpus` counts the CPUs that there are to work on; `freed_memory` lets a process keep what it frees.
"""
