"""Commands of the agent: a module each, with `add_arguments(parser)` and `run(arguments) -> int`,
the exit status. Its first docstring line is its help.
"""

# module names below this package, in the order of the help
COMMANDS = (
    "enrol",
    "rotate",
    "accept",
    "run",
    "send",
    "status",
    "retry",
    "outbox",
    "reconcile",
    "witness",
    "check",
    "push",
    "templates",
    "test_server",
)
