"""The loop of `run` that polls the views of [sql.NAME], one database after the other."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..notices import set_notice
from ..outbox_faults import OutboxFault
from ..settings import SettingsFault
from .poll_view import Polled, ViewFault, ViewPoller
from .row_ledger import RowLedger
from .source_database import SourceDatabase
from .view_settings import ViewSettings, list_view_settings

if TYPE_CHECKING:
    from ..context import AgentContext

RETRY_EVERY = 3600.0  # seconds between two readings of refused rows
AFTER_FAULT = 60.0  # seconds


def poll_views(context: AgentContext) -> None:
    """Returns when context.stopping is set. Raises SettingsFault, OutboxFault."""
    every = list_view_settings(context.settings)
    if not every:
        context.stopping.wait()
        return
    ledger = RowLedger(context.home / "sql.db")
    due = {settings.name: 0.0 for settings in every}
    retried = {settings.name: 0.0 for settings in every}
    try:
        while not context.stopping.is_set():
            for settings in every:
                now = time.monotonic()
                if due[settings.name] > now or context.stopping.is_set():
                    continue
                retry = not retried[settings.name] or now - retried[settings.name] > RETRY_EVERY
                fine = poll_database(context, settings, ledger, retry)
                if retry and fine:
                    retried[settings.name] = time.monotonic()
                wait = settings.every if fine else max(settings.every, AFTER_FAULT)
                due[settings.name] = time.monotonic() + wait
            context.stopping.wait(min(1.0, max(0.05, min(due.values()) - time.monotonic())))
    finally:
        ledger.close()


def poll_database(
    context: AgentContext, settings: ViewSettings, ledger: RowLedger, retry: bool = False
) -> bool:
    """All views of one database; each has its notice. False where something was wrong."""
    name = f"sql.{settings.name}"
    try:
        database = SourceDatabase(settings.address)
    except SettingsFault as fault:
        set_notice(context.outbox, name, False, fault.words["zh"], fault.words["en"])
        return False
    except Exception as error:  # each driver has its own
        kind = type(error).__name__
        set_notice(
            context.outbox,
            name,
            False,
            f"连不上数据库 {settings.name}（{kind}）："
            "核对 dsn 的地址、用户和密码，数据库是否开着。",
            f"The database {settings.name} cannot be reached ({kind}): see to its dsn.",
        )
        return False
    fine = True
    try:
        for set_name in settings.views:
            if context.stopping.is_set():
                break
            fine &= poll_one(context, settings, set_name, database, ledger, retry)
    finally:
        database.close()
    if fine:
        zh, en = f"数据库 {settings.name} 读取正常。", f"The database {settings.name} is read."
        set_notice(context.outbox, name, True, zh, en)
    return fine


def poll_one(
    context: AgentContext,
    settings: ViewSettings,
    set_name: str,
    database: SourceDatabase,
    ledger: RowLedger,
    retry: bool,
) -> bool:
    name = f"sql.{settings.name}.{set_name}"
    try:
        poller = ViewPoller(
            settings, set_name, database, context.outbox, ledger, context.home, context.language
        )
        polled = poller.poll(retry)
    except ViewFault as fault:
        set_notice(context.outbox, name, False, fault.words["zh"], fault.words["en"])
        return False
    except (OutboxFault, SettingsFault):
        raise
    except Exception as error:  # each driver has its own
        database.end_quietly()
        kind, view = type(error).__name__, settings.views[set_name]
        set_notice(
            context.outbox,
            name,
            False,
            f"视图 {view} 读不了（{kind}）：核对视图是否存在、只读账号有没有查询权限。",
            f"The view {view} cannot be read ({kind}): does it exist, may the login select?",
        )
        return False
    tell(context, name, settings.views[set_name], polled)
    return True


def tell(context: AgentContext, name: str, view: str, polled: Polled) -> None:
    zh, en = f"视图 {view} 正常。", f"The view {view} is read."
    ok = True
    if polled.refused:
        ok = False
        zh = f"视图 {view} 有 {polled.refused} 行没有收，原因见 sql-refused 文件夹。"
        en = f"{polled.refused} rows of {view} were refused; the folder sql-refused says why."
    if polled.vanished:
        ok = False
        shown = "、".join(polled.vanished[:5])
        done = "已在平台上删除" if polled.deleted else "平台上没有删除"
        said = "deleted on the platform" if polled.deleted else "nothing was deleted"
        zh += f"少了 {len(polled.vanished)} 行（{shown} 等），{done}。"
        en += f" {len(polled.vanished)} rows are gone ({shown} …): {said}."
    set_notice(context.outbox, name, ok, zh, en)
