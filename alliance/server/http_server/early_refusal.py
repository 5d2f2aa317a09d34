"""Answer refusals before Django sees a request, in the format of the interface that was asked."""

import json

from gunicorn.http import errors

from alliance.server.http_server.framing import RequestHead

REASONS = {
    400: (
        "Bad Request",
        "structure",
        (
            "The request is not well-formed HTTP/1.1. In its address # and all but ASCII are"
            " percent-encoded as UTF-8; its headers, and the one length of its body, must be right."
        ),
        (
            "请求不符合 HTTP/1.1 格式。地址中的 # 和非 ASCII 字符须按 UTF-8"
            " 做百分号编码；请求头和正文长度必须正确，且只能给出一种长度。"
        ),
    ),
    408: (
        "Request Timeout",
        "timeout",
        "The request came too slowly: send it again over a better line, or in smaller parts.",
        "请求传送过慢，已中断。请检查网络后重试，或分批发送。",
    ),
    414: (
        "URI Too Long",
        "too-long",
        (
            "The address is longer than 8 KiB: send a search as POST _search, with its parameters"
            " in the body."
        ),
        "请求地址超过 8 KiB。检索条件较长时请改用 POST _search，将参数放入正文。",
    ),
    417: (
        "Expectation Failed",
        "not-supported",
        "Of Expect only 100-continue is understood: leave the header out.",
        "Expect 请求头只支持 100-continue，请去掉该请求头。",
    ),
    429: (
        "Too Many Requests",
        "throttled",
        "Too many requests of yours are waiting: wait for the answers of some, then go on.",
        "您同时提交的请求过多。请等前面的请求完成后再试。",
    ),
    431: (
        "Request Header Fields Too Large",
        "too-long",
        (
            "A header is longer than 8 KiB, there are more than 100, or all are longer than 64 KiB:"
            " send a search as POST _search."
        ),
        (
            "单个请求头超过 8 KiB、请求头多于 100 个或总长超过 64 KiB。检索条件较长时请改用 POST"
            " _search。"
        ),
    ),
    500: (
        "Internal Server Error",
        "exception",
        (
            "The server failed. It is not certain whether a change was stored: look before you send"
            " it again."
        ),
        "系统出错，不能确定此次操作是否已经保存。请先查看，再决定是否重新提交。",
    ),
    503: (
        "Service Unavailable",
        "transient",
        "Too much is being uploaded at once. Nothing was stored; send the same request again.",
        "当前上传的数据过多，此次请求未保存。请稍后重试。",
    ),
    501: (
        "Not Implemented",
        "not-supported",
        (
            "Of Transfer-Encoding only chunked is understood: send a packed body with"
            " Content-Encoding: gzip."
        ),
        "Transfer-Encoding 只支持 chunked。压缩的正文请使用 Content-Encoding: gzip。",
    ),
}
# What gunicorn's parser finds wrong with a request; anything else that it does is 400.
FAULTS = {
    errors.LimitRequestLine: 414,
    errors.LimitRequestHeaders: 431,
    errors.ExpectationFailed: 417,
    errors.UnsupportedTransferCoding: 501,
}
RETRY = {429: 1, 503: 5}
QUEUE_FULL = "busy"  # the cause of a refusal that comes of what waits
MANY = (
    (
        "Too many requests of yours are waiting: wait for the answers of some, and send fewer at a"
        " time. Nothing was stored; send this one again after the seconds in Retry-After. Writes"
        " may be sent with Prefer: respond-async, which takes them at once and does them in order."
    ),
    "您同时提交的请求过多，此次请求未处理，没有保存任何内容。请等前面的请求完成后再试。",
)
ALL = (
    (
        "The server has more to do than it can answer in time, so it did not begin this. Nothing"
        " was stored; send the same request again after the seconds in Retry-After."
    ),
    "系统繁忙，无法及时处理此次请求，没有保存任何内容。请稍后重试。",
)
WAITS = {429: MANY, 503: ALL}


def fault_status(error: Exception) -> int | None:
    """Return the status of a request that gunicorn's parser refuses; None for what is no fault of
    the client.
    """
    if isinstance(
        error,
        errors.InvalidResponseHeader
        | errors.InvalidResponseHeaderName
        | errors.ConfigurationProblem,
    ) or not isinstance(error, errors.ParseException):
        return None
    return FAULTS.get(type(error), 400)


def build_early_refusal(
    status: int, head: RequestHead | None, cause: str = "", seconds: int = 0
) -> bytes:
    """Build the whole answer; the connection ends with it. seconds: after which to ask again,
    where it is not always the same.
    """
    reason, code, says, chinese = REASONS[status]
    if cause == QUEUE_FULL:
        says, chinese = WAITS[status]
    seconds = seconds or RETRY.get(status, 0)
    kind, body = render_early_refusal(head, code, says, chinese, seconds)
    content = body.encode()
    lines = [
        f"HTTP/1.1 {status} {reason}",
        f"Content-Type: {kind}; charset=utf-8",
        f"Content-Length: {len(content)}",
        "Cache-Control: no-store",
        "Connection: close",
    ]
    if seconds:
        lines.append(f"Retry-After: {seconds}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def render_early_refusal(
    head: RequestHead | None, code: str, says: str, chinese: str, seconds: int
) -> tuple[str, str]:
    """Render (media type, body) in the format of the interface that was asked; a page that was
    only asked for reloads itself.
    """
    path = head.path if head else b""
    if path.startswith(b"/fhir/"):
        return "application/fhir+json", json.dumps(
            {
                "resourceType": "OperationOutcome",
                "issue": [{"severity": "error", "code": code, "diagnostics": says}],
            }
        )
    if path.startswith(b"/sync/"):
        error = {"throttled": "busy", "transient": "busy", "too-long": "too-large"}
        return "application/json", json.dumps(
            {"error": error.get(code, "malformed"), "zh": chinese, "en": says}, ensure_ascii=False
        )
    if path.startswith(b"/oauth/"):
        return "application/json", json.dumps(
            {
                "error": (
                    "temporarily_unavailable"
                    if code == "transient"
                    else "slow_down"
                    if code == "throttled"
                    else "invalid_request"
                ),
                "error_description": says,
            }
        )
    if path.startswith(b"/api/"):
        return "application/json", json.dumps({"code": code, "detail": says})
    if head is None or not seconds:
        return "text/plain", f"{chinese}\n{says}\n"
    again = f'<meta http-equiv="refresh" content="{seconds}">' if head.method == b"GET" else ""
    return (
        "text/html",
        (
            f'<!DOCTYPE html><html lang="zh-Hans"><head><meta charset="utf-8">{again}<title>'
            f"请稍候 · One moment · Xinglin</title></head><body><h1>请稍候</h1><p>{chinese}</p><h1"
            f' lang="en">One moment, please</h1><p lang="en">{says}</p></body></html>'
        ),
    )
