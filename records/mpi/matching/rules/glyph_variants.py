"""One character that systems write in several ways: old code pages' private places, and glyphs
that Unicode encodes twice. Pure.

Only what is the same character: 凃 and 涂, 甯 and 宁, 喆 and 哲 are different ones and stay so.
"""

# GB 18030-2000 had no Unicode for these (bytes FE50 to FEA0) and put them into the private area,
# U+E815 to U+E864; its editions of 2005 and 2022 gave them their places.
PRIVATE = (
    "⺁𠂇𠂉𠃌⺄㑳㑇⺈⺋龴㖞㘚㘎⺌⺗㥮㤘龵㧏㧟㩳㧐龶龷㭎㱮㳠⺧𡗗龸⺪䁖䅟⺮䌷⺳⺶⺷𢦏䎱"
    "䎬⺻䏝䓖䙡䙌龹䜣䜩䝼䞍⻊䥇䥺䥽䦂䦃䦅䦆䦟䦛䦷䦶龺𤇾䲣䲟䲠䲡䱷䲢䴓䴔䴕䴖䴗䴘䴙䶮龻"
)
PRIVATE_FIRST = 0xE815
# Old and new forms of print, and Japan's simplified ones, as far as records/chinese leaves them
# alone.
TWICE = (
    "髙高﨑崎戸户靑青愼慎郞郎兪俞鄕乡硏研曁暨槪概吿告囘回幷并昻昂晩晚曵曳楡榆煕熙緖绪翆翠郷乡飮饮騈骈黒黑渕渊濳潜呉吴冨富冝宜凖准勲勋彜彝烱炯穉稚稺稚竒奇葢盖蔴麻邉边恵惠徳德曽曾増增歩步渉涉桜樱沢泽浜滨斉齐斎斋辺边広广竜龙滝泷関关栄荣"
    "円圆実实塩盐児儿亀龟継继総总経经県县発发変变団团覚觉専专従从悪恶戦战拝拜暁晓楽乐毎每気气浄净済济渓溪満满瀬濑焼烧穂穗稲稻穏稳粛肃縁缘続续聡聪荘庄薫薰蔵藏覧览観观読读豊丰転转軽轻釈释銭钱隠隐霊灵顕显鶏鸡黙默齢龄𠮷吉"
)
FORMS = str.maketrans(
    {chr(PRIVATE_FIRST + i): c for i, c in enumerate(PRIVATE)}
    | dict(zip(TWICE[::2], TWICE[1::2], strict=True))
)


def unify_glyphs(text: str) -> str:
    """With each of them in one form. Private characters that no standard knows stay as they are:
    what they show depends on the sender's font.
    """
    return text.translate(FORMS)
