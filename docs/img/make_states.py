"""Write docs/img/states-*.dot from the registered tables of states, one for each table that differs
from the others: a state with whose turn it is and its timers, an arrow for each verb.
"""

import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
HEAD = """// {kinds}: states and verbs, from the table. Written and drawn by make diagrams.
digraph states {{
  rankdir=LR
  graph [fontname="Helvetica,Noto Sans CJK SC,sans-serif" fontsize=13 bgcolor=white pad=0.2 \
nodesep=0.3 ranksep=0.8]
  node [fontname="Helvetica,Noto Sans CJK SC,sans-serif" fontsize=12 shape=box \
style="rounded,filled" fontcolor="#10312c" margin="0.16,0.09"]
  edge [fontname="Helvetica,Noto Sans CJK SC,sans-serif" fontsize=10.5 color="#4f6f69" \
fontcolor="#334d48" arrowsize=0.7]
"""
SIDE = {  # whose turn, or who does it: words, colours of a state, style of an arrow
    "sender": ("转出方", 'fillcolor="#eef5f3" color="#12635a"', ""),
    "receiver": ("接收方", 'fillcolor="#fdf3df" color="#a8741a"', ' color="#a8741a"'),
    "platform": ("平台", "", " style=dashed"),
}


def write_states() -> dict[str, str]:
    """{name of the file: its text}"""
    from django.utils import translation

    from alliance.workflow.registry import STATE_TABLES
    from records.web.referral_words import STATE_WORDS, VERB_WORDS

    kinds_by_table: dict[int, list[str]] = {}
    for kind, table in STATE_TABLES.items():
        kinds_by_table.setdefault(id(table), []).append(str(kind))
    written = {}
    with translation.override("zh-hans"):
        for kinds in kinds_by_table.values():
            table = STATE_TABLES[kinds[0]]
            lines = [HEAD.format(kinds=", ".join(kinds))]
            for state in table.states:
                words = STATE_WORDS.get(state.name, state.name)
                timers = "".join(f"\\n⏱ {action.value}: {name}" for action, name in state.timers)
                turn, colours, _style = SIDE[state.owner.value]
                if state.is_end:
                    turn, colours = "结束", 'fillcolor="#e6e6e6" color="#666666"'
                lines.append(
                    f'  "{state.name}" [label="{state.name} {words}\\n{turn}{timers}" {colours}]\n'
                )
            for move in table.moves:
                verb = VERB_WORDS.get(move.verb, move.verb)
                lines.append(
                    f'  "{move.state}" -> "{move.next}" [label="{move.verb} {verb}"'
                    f"{SIDE[move.side.value][2]}]\n"
                )
            written[f"states-{kinds[0]}.dot"] = "".join(lines) + "}\n"
    return written


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.config.settings")
    django.setup()
    for old in FOLDER.glob("states-*.dot"):
        old.unlink()
    for name, text in write_states().items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
