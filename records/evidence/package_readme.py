"""The README of an evidence package: what its members are and how to check them, in both
languages whoever exports.
"""

README = """\
杏林医联体审计日志证据包
========================

summary.pdf      说明页：导出了哪些行，何时、由谁、为何导出，能证明什么、不能证明什么，
                 以及前后各100行
events.csv       全部行：前面是可读的列，后面是封存的列（原文）。events.xlsx 内容相同，另有说明页
events.ndjson    同样的行，FHIR AuditEvent 格式
lines.ndjson     每行的封存原文和它在日志树中的证明
checkpoint.txt   日志树头（C2SP checkpoint），附见证人的联署（如有）
cosignatures.json 各见证人最近一次联署，以及日志从那时延续至今的证明
keys.json        公钥，仅为方便。核验时请用从医联体另行取得的公钥或指纹
manifest.json    已签名的清单：筛选条件、行数、每个文件的 SHA-256 和 SM3
verify.py, verify.html  离线核验工具

怎样核验
1. 从本文件以外的渠道（医联体公布的公钥、成员医院保存的公钥）取得日志公钥的指纹 SHA256:…
2. 用浏览器打开 verify.html，选择本 ZIP 文件并填入指纹；或者运行
   python3 verify.py 本文件.zip --key SHA256:…
3. 任何一处改动、缺失或增添都会逐一指出，精确到行和列。
可读列（姓名等）由签名担保，以导出时平台所知为准；封存列另有日志树的证明。


Evidence package of the audit log of a Xinglin medical alliance
===============================================================

summary.pdf      cover: which lines, when, by whom and why they were exported, what is proved and
                 what is not, and the first and the last hundred lines
events.csv       all lines: readable columns first, then the sealed ones as they are. events.xlsx
                 holds the same, with a cover
events.ndjson    the same lines as FHIR AuditEvent
lines.ndjson     each line as it was sealed, with its proof in the tree of the log
checkpoint.txt   the head of the log (C2SP checkpoint), with the witnesses' co-signatures, if any
cosignatures.json  the newest co-signature of each witness, and the proof that the log goes
                 on from it
keys.json        public keys, for convenience alone. Verify with a key or fingerprint that you have
                 from elsewhere
manifest.json    signed: the filter, the number of lines, SHA-256 and SM3 of each file
verify.py, verify.html  verifiers that work offline

How to check it
1. Get the fingerprint of the log's key, SHA256:…, from another place than this file: the alliance
   publishes it, and each member hospital keeps it.
2. Open verify.html in a browser, choose this ZIP and type the fingerprint; or run
   python3 verify.py THIS.zip --key SHA256:…
3. Whatever was changed, taken away or added is told, by row and column.
Readable columns (names and the like) are vouched for by the signature, as the platform knew them at
the export; sealed columns have the proof of the tree as well.
"""
