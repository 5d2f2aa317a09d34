"""What may be wrong with the outbox, each with its place and its mend in Chinese and English."""

from __future__ import annotations

from pathlib import Path


class OutboxFault(Exception):
    """words: (zh, en), each a sentence that says what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.words = {"zh": zh, "en": en}


class OutboxMissing(OutboxFault):
    def __init__(self, path: Path) -> None:
        super().__init__(
            f"待发库 {path} 不见了，但这台机器上建过它。"
            "先找回这个文件（备份、回收站、别的盘）；确实找不回，"
            "运行 xinglin-agent outbox --anew 重建，"
            "再重新导出，运行 xinglin-agent reconcile 补齐。",
            f"The outbox {path} is gone, and this machine had one. Look for the file first (backup,"
            " bin, another disk). If it cannot be found: xinglin-agent outbox --anew makes another;"
            " then export again and run xinglin-agent reconcile.",
        )


class OutboxDamaged(OutboxFault):
    def __init__(self, path: Path, detail: str) -> None:
        super().__init__(
            f"待发库 {path} 损坏（{detail}）。没有动它。先停下程序、检查磁盘，"
            "有备份就放回来；否则运行 xinglin-agent outbox --anew："
            "坏文件改名留下，能读出的待发数据转到新库。",
            f"The outbox {path} is damaged ({detail}). It was left as it is. Stop the agent, check"
            " the disk, and put a backup back if there is one; else xinglin-agent outbox --anew"
            " puts the damaged file aside and takes over what can be read of it.",
        )


class OutboxNewer(OutboxFault):
    def __init__(self, path: Path, version: int) -> None:
        super().__init__(
            f"待发库 {path} 是更新版本的程序建的（第 {version} 版），请换用新版 xinglin-agent。",
            f"The outbox {path} was made by a newer agent (version {version}): use that one.",
        )


class DiskFull(OutboxFault):
    """Nothing of what was being added is kept, and nothing was acknowledged."""

    def __init__(self, path: Path, free: int) -> None:
        super().__init__(
            f"磁盘满了（{path.parent} 所在盘只剩 {free // 1024 // 1024} MB），新数据暂不接收，"
            "已收下的照常发送。请清出空间，程序会自己接着收。",
            f"The disk is full ({free // 1024 // 1024} MB left where {path.parent} is): nothing"
            " more is taken, what was taken is sent. Make room; the agent goes on by itself.",
        )
