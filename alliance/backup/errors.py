"""What ends a backup, a restore or a drill: one line for whoever asked, with the mend."""


class BackupRefused(Exception):
    """Nothing that was there before has been changed."""
