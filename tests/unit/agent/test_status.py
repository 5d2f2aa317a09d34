"""What the clerk sees: `status`, its JSON, and the page of this machine alone."""

import http.client
import json
import threading
from pathlib import Path

import pytest

from records.agent.cli import main
from records.agent.context import open_context
from records.agent.notices import set_notice
from records.agent.process_lock import ProcessLock
from records.agent.sender import Sender
from records.agent.status_page import StatusServer
from records.agent.status_report import build_report
from records.agent.status_words import list_facts, span
from tests.support.agent_items import make_item, make_items
from tests.support.sync_server import SyncPlatform, serve_sync, write_agent_home


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Of an agent that has sent 40 items, of which 6 were refused, and has 10 more."""
    platform = SyncPlatform(refuse={f"R{n}": "code.unknown" for n in range(6)})
    with serve_sync(platform) as url:
        write_agent_home(tmp_path, url, platform)
        context = open_context(tmp_path)
        context.outbox.add_items(make_items(40))
        Sender(context).run(until_empty=True)
        context.outbox.add_items(make_items(10, "second"))
        context.outbox.add_items([make_item(1, "王小明 <secret>", at="<b>坏.csv</b> 第1行")])
        context.close()
    return tmp_path


def test_status_says_what_waits_what_was_refused_and_whose_trouble_it_is(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(home), "--language", "zh", "status"]) == 1, "it does not run"
    said = capsys.readouterr().out
    assert "! 程序没在运行" in said
    assert "待发 11 条" in said
    assert "被退回 6 条：代码不认识。请对码。" in said
    assert "检验.csv 第0行" in said
    assert "还有 1 条" in said
    assert "已入库 34、被退回 6" in said
    assert "和平台通信：刚才，正常" in said
    with ProcessLock(home):
        assert main(["--home", str(home), "--language", "en", "status"]) == 0
    said = capsys.readouterr().out
    assert "11 items wait" in said
    assert "待发" not in said


def test_status_for_programs(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--home", str(home), "status", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["outbox"]["backlog"] == 11
    assert told["refused"][0]["count"] == 6
    assert "小明" not in json.dumps(told, ensure_ascii=False)


def test_a_platform_that_is_away_is_told_as_such(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(home), "--language", "zh", "send"]) == 2
    assert "网络不通" in capsys.readouterr().err
    main(["--home", str(home), "--language", "zh", "status"])
    assert "! 网络不通" in capsys.readouterr().out


def test_send_once_and_retry(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    platform = SyncPlatform()
    with serve_sync(platform) as url:
        write_agent_home(home, url, platform)
        assert main(["--home", str(home), "retry"]) == 0
        assert main(["--home", str(home), "--language", "zh", "send"]) == 0
    assert "发完了。待发 0 条，被退回 0 条。" in capsys.readouterr().out
    assert main(["--home", str(home), "outbox", "--check"]) == 0


def test_notices_of_other_rooms_are_told_the_bad_ones_first(home: Path) -> None:
    context = open_context(home)
    set_notice(context.outbox, "witness", False, "日志头对不上！", "The head does not fit!")
    set_notice(context.outbox, "reconcile", True, "5月3日：一条不差。", "3 May: complete.")
    facts = [sentence for _, sentence in list_facts(build_report(context), "zh")]
    assert any("日志头对不上！（刚才）" in fact for fact in facts[:2])
    assert any("一条不差" in fact for fact in facts[2:])
    context.close()


@pytest.fixture
def page(home: Path):
    context = open_context(home)
    server = StatusServer(context, 0)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server.server_address
    server.shutdown()
    server.server_close()
    context.close()


def ask(at: tuple, path: str = "/", host: str | None = None, method: str = "GET"):
    connection = http.client.HTTPConnection(*at, timeout=30)
    connection.request(method, path, headers={"Host": host or f"127.0.0.1:{at[1]}"})
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response, text


def test_the_page_says_it_in_both_languages_and_escapes(page: tuple) -> None:
    assert page[0] == "127.0.0.1"
    response, text = ask(page)
    assert response.status == 200
    assert "被退回 6 条" in text
    assert "default-src 'none'" in response.getheader("Content-Security-Policy")
    assert "<b>" not in text
    assert "小明" not in text
    assert "11 items wait" in ask(page, "/?language=en")[1]
    assert json.loads(ask(page, "/status.json")[1])["outbox"]["backlog"] == 11
    assert ask(page, "/agent.ini")[0].status == 404


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "[::1]:{port}"]
)
def test_another_name_in_the_host_header_is_refused(page: tuple, host: str) -> None:
    response, text = ask(page, host=host.format(port=page[1]))
    assert response.status == 421
    assert "6" not in text
    assert ask(page, host=f"localhost:{page[1]}")[0].status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_changed_by_the_page(page: tuple, method: str) -> None:
    assert ask(page, method=method)[0].status == 501


@pytest.mark.parametrize(
    ("seconds", "zh"),
    [(3, "3 秒"), (60, "1 分钟"), (3600, "60 分钟"), (7200, "2 小时"), (2e5, "2 天")],
)
def test_times_in_words(seconds: float, zh: str) -> None:
    assert span(seconds, "zh") == zh
