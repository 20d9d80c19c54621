"""Compares 平水韵 of the extra chinese with 广韵 (1008), and makes a table of 广韵 to judge by.

    python -m benchmarks.rhyme_books guangyun.txt tang.hans.txt
    python -m benchmarks.rhyme_books guangyun.txt tang.hans.txt --table guangyun.tsv

The first file has on each line a character, a tab, and its rhyme of the 206 in traditional script,
as the data of tshet-uinh has them (npm, MIT): 資料.廣韻.iter條目(), 字頭 and 來源.韻目. Its rhymes
become the classes of 平水韵 by the list of 王文郁. The second file is a text whose characters are
counted, so that what is common weighs more.
"""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from charrnn.forms.chinese.rhyme_books import DEPARTING, ENTERING, LEVEL, RISING, find_sounds
from charrnn.forms.chinese.sounds import ChineseSounds, Reading, SoundTable, is_han

RHYMES = {
    LEVEL: "東 冬鍾 江 支脂之 微 魚 虞模 齊 佳皆 灰咍 真諄臻 文欣 元魂痕 寒桓 刪山 "
    "先仙 蕭宵 肴 豪 歌戈 麻 陽唐 庚耕清 青 蒸登 尤侯幽 侵 覃談 鹽添嚴 咸銜凡",
    RISING: "董 腫 講 紙旨止 尾 語 麌姥 薺 蟹駭 賄海 軫準 吻隱 阮混很 旱緩 潸產 銑獮 "
    "篠小 巧 晧 哿果 馬 養蕩 梗耿靜 迥拯等 有厚黝 寑 感敢 琰忝儼 豏檻范",
    DEPARTING: "送 宋用 絳 寘至志 未 御 遇暮 霽祭 泰 卦怪夬 隊代廢 震稕 問焮 願慁恨 翰換 諫襇 霰線 "
    "嘯笑 效 号 箇過 禡 漾宕 映諍勁 徑證嶝 宥候幼 沁 勘闞 豔㮇釅 陷鑑梵",
    ENTERING: "屋 沃燭 覺 質術櫛 物迄 月沒 曷末 黠鎋 屑薛 藥鐸 陌麥昔 錫 職德 緝 合盍 葉怗 洽狎業乏",
}
"""The rhymes of 广韵 that make each class of 平水韵."""


def guangyun(lines: Iterable[str]) -> SoundTable:
    """广韵 in the classes of 平水韵."""
    classes = {
        rhyme: Reading("平" if names == LEVEL else "仄", name)
        for names, rhymes in RHYMES.items()
        for name, joined in zip(names, rhymes.split(), strict=True)
        for rhyme in joined
    }
    table: dict[str, frozenset[Reading]] = {}
    for line in lines:
        character, _, rhyme = line.rstrip("\n").partition("\t")
        if len(character) == 1 and rhyme in classes:
            table[character] = table.get(character, frozenset()) | {classes[rhyme]}
    return SoundTable("guangyun", table)


def compare(book: ChineseSounds, other: ChineseSounds, counts: Counter[str]) -> dict[str, Any]:
    """Shares of running text, and the commonest characters of which two tables differ."""
    kinds: dict[str, Counter[str]] = {}
    for character, count in counts.items():
        found, known = book.readings(character), other.readings(character)
        tones = [{reading.tone for reading in some} for some in (found, known)]
        if not found or not known:
            kind = "in neither" if not (found or known) else "only in one"
        elif found == known:
            kind = "alike"
        elif found & known:
            kind = "the same tones, some classes alike" if tones[0] == tones[1] else "a tone more"
        else:
            kind = "nothing alike"
        kinds.setdefault(kind, Counter())[character] = count
    return {
        kind: {
            "characters": len(some),
            "share of the text": some.total() / counts.total(),
            "commonest": "".join(one for one, _ in some.most_common(30)),
        }
        for kind, some in sorted(kinds.items())
    }


@click.command()
@click.argument("file", type=click.File(encoding="utf-8"))
@click.argument("text", type=click.File(encoding="utf-8"))
@click.option("--table", type=click.Path(path_type=Path), help="Write the table for --rhymes.")
def main(*, file: Iterable[str], text: Iterable[str], table: Path | None) -> None:
    """Compare, and print one JSON object."""
    other = guangyun(file)
    counts = Counter(one for line in text for one in line if is_han(one))
    results = compare(find_sounds("pingshui"), other, counts)
    if table is not None:
        rows = (
            f"{character}\t{reading.rhyme}\t{reading.tone}\n"
            for character, readings in sorted(other.table.items())
            for reading in sorted(readings)
        )
        table.write_text("".join(rows), encoding="utf-8")
    click.echo(json.dumps(results, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
