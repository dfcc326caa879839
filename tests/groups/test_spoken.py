"""Dates as people say them: what is read, how precisely, and above all what is not read."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bot.groups.date_words import DateWords
from bot.groups.dates import read_date
from bot.groups.spoken import MAX_LENGTH, read_spoken
from tests.worlds import KNOWLEDGE

DAY = date(2026, 11, 22)
"""A Sunday in autumn."""


def words(lang: str) -> DateWords:
    """Read a language's words."""
    said: dict[str, Any] = YAML(typ="safe").load(KNOWLEDGE / lang / "dates.yaml")
    given: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
    return DateWords(**given)


WORDS = {lang: words(lang) for lang in ("et", "ru", "en")}
ALL = tuple(WORDS.values())
FIELDS = [one.name for one in fields(DateWords) if one.init]


def read(text: str, day: date = DAY) -> str | None:
    """Read with the words of all languages."""
    return read_spoken(text, day, ALL)


# --- what is read on 22 November 2026: the value, then the phrases, with a stroke between them

READ = {
    "et": """
2019 = 2019 | 2019. | 2019. aastal | 2019 aastal | aastal 2019 | 2019. aastast | alates 2019. aastast | 2019. aastast saati
2019 = 2019. aastast peale
2019 = 2019 aastast saadik | alates aastast 2019 | 2019. a | 2019.a. | 2019 a | 2019a | 2019ndal | 2019-ndal aastal | 2019st
2019 = 2019-st saati | umbes 2019 | vist 2019. aastal | vist umbes 2019 | '19 | ’19 | 19. aastal | 19 aastal | ma tulin 2019
2019 = tulin Eestisse 2019. aastal | tulin tagasi 2019 | Kolisin siia 2019. aastal | elan siin 2019. aastast
2019 = see oli 2019. aastal
2019 = Elan Eestis alates 2019. aastast. | olen siin elanud 2019. aastast saati | juba 2019. aastast | tulin eestisse tagasi 2019
2019 = ma arvan, et 2019 | võib-olla 2019 | kuskil 2019 | 2019. aasta | aasta 2019 | ~2019 | (2019)
2005 = 2005 | 2005. aastal | 05. aastal
1998 = '98 | 1998 | 98. aastal | alates 98. aastast
2024-03 = märts 2024 | märtsis 2024 | 2024 märts | 2024. aasta märtsis | märtsist 2024 | alates 2024. aasta märtsist | 03.2024
2024-03 = 3.2024 | 03/2024 | 3/2024 | 2024-03 | 2024-3 | 03-2024 | marts 2024 | MÄRTS 2024 | Märts, 2024 | märtsikuus 2024
2024-03 = tulin märtsis 2024 | ma tulin siia 2024 märtsis | 2024. aasta märtsi alguses | märtsi lõpus 2024 | umbes märts 2024
2024-03 = märts '24 | märtsi keskel 2024 | umbes 5. märtsil 2024
2022-08 = august 2022 | augustis 2022 | aug 2022 | aug. 2022 | 08.2022
2022-02 = veebruar 2022 | veebr 2022 | veebruari lõpus 2022 | veebruaris 22. aastal
2022-01 = jaan 2022 | jaanuar 2022 | jaanuaris 2022
2022-12 = dets 2022 | detsembris 2022 | detsembri alguses 2022
2024-03-05 = 5. märtsil 2024 | 5 märts 2024 | 5. märts 2024 | 05. märts 2024 | 05.03.2024 | 5.3.2024 | 05. 03. 2024 | 5/3/2024
2024-03-05 = 05-03-2024 | 2024-03-05 | 2024.03.05 | 2024/03/05 | 05.03.24 | 5. märtsist 2024 | alates 5. märtsist 2024
2024-03-05 = 5.märts 2024
2024-03-05 = 5. märtsil 2024. aastal | 2024. aasta 5. märtsil | tulin 5. märtsil 2024 | 05.03.2024 a. | 05.03.2024. | 2024 märts 5
2024-02-29 = 29. veebruar 2024 | 29.02.2024
2026-03 = märts | märtsis | märtsist | alates märtsist | märtsist saati | tulin märtsis | tulime siia märtsis | märtsi alguses
2026-03 = märtsi lõpust | selle aasta märtsis | tänavu märtsis | umbes märtsis | vist märtsis | märts sel aastal | juba märtsist
2026-05 = mai | mais | maist | maikuus | mai lõpus
2025-12 = detsember | detsembris | detsembrist | mullu detsembris | eelmise aasta detsembris | detsembris eelmisel aastal
2026-11 = november | novembris | see kuu | sel kuul | selles kuus | sellest kuust | selle kuu alguses
2026-03-05 = 5. märtsil | 5. märts | 5 märts | 5. märtsist | alates 5. märtsist | tulin 5. märtsil
2025-12-24 = 24. detsembril | 24. dets
2025-03-05 = 5. märtsil eelmisel aastal | eelmise aasta 5. märtsil | mullu 5. märtsil
2024 = kevadel 2024 | 2024. aasta kevadel | 2024 kevad | sügis 2024 | suvel 2024 | talvel 2024 | 2024. aasta lõpus | 2024 alguses
2024 = 2024. aasta alguses | 2024. aasta keskel | 2024 lõpp | suve lõpus 2024 | 2024. aasta esimesel poolel | 24. aasta sügisel
2024 = kaks aastat tagasi | 2 aastat tagasi | paar aastat tagasi | umbes kaks aastat tagasi | tulin kaks aastat tagasi
2024 = 2 aastat | juba 2 aastat | kaks aastat juba | kahe aasta eest | elan siin kaks aastat | ma tulin siia 2 aastat tagasi
2024 = 2 aastat tagasi tulin | 2aastat tagasi | üle-eelmisel aastal | üleeelmisel aastal | tunamullu | üleeelmise aasta suvel
2026 = kevadel | kevadest | suvel | suvest saati | sügisel | sügisest | talvel | talvest | eelmisel suvel | eelmisel kevadel
2026 = möödunud suvel | eelmisel talvel | sel aastal | tänavu | see aasta | sellel aastal | sel suvel | selle aasta algusest
2025 = eelmisel aastal | mullu | eelmine aasta | möödunud aastal | läinud aastal | eelmisest aastast | aasta tagasi
2025 = üks aasta tagasi
2025 = umbes aasta tagasi | juba aasta | elan siin aasta | eelmise aasta lõpus | mullu suvel | eelmise aasta suvel
2025 = eelmisel sügisel
2025 = mullu kevadest | aasta aega tagasi | viimane aasta
2021 = viis aastat tagasi | viis aastat juba | viis aastat | elan siin viis aastat | olen siin elanud viis aastat | juba 5 aastat
2021 = viimased viis aastat | viimase viie aasta jooksul | 5 aastat siin | aastat viis tagasi | ma olen Eestis elanud 5 aastat
1991 = kolmkümmend viis aastat tagasi | 35 aastat | elan siin kolmkümmend viis aastat | kolmekümne viie aasta eest
2016 = kümme aastat tagasi | 10 aastat | peaaegu kümme aastat
2006 = kakskümmend aastat tagasi | 20 aastat tagasi
2026-05 = pool aastat tagasi | pool aastat | kuus kuud tagasi | 6 kuud tagasi | poole aasta eest | juba pool aastat
2025-05 = poolteist aastat tagasi | poolteist aastat | 1,5 aastat tagasi | 1.5 aastat | aasta ja pool tagasi | 18 kuud tagasi
2024-05 = kaks ja pool aastat tagasi | 2,5 aastat | kaks ja pool aastat
2025-08 = aasta ja kolm kuud tagasi | 1 aasta 3 kuud | 1 aasta ja 3 kuud tagasi
2026-10 = kuu tagasi | kuu aega tagasi | eelmisel kuul | eelmises kuus | möödunud kuul | eelmise kuu lõpus | üks kuu
2026-10 = poolteist kuud tagasi
2026-08 = elan siin alles kolm kuud
2026-09 = paar kuud tagasi | kaks kuud tagasi | 2 kuud
2026-11 = kolm nädalat tagasi | 3 nädalat tagasi | nädal tagasi | nädal aega tagasi | eelmisel nädalal | sel nädalal
2026-11 = paar päeva tagasi
2026-11 = umbes kolm päeva tagasi | kaks nädalat
2026-11-19 = 3 päeva tagasi | kolm päeva tagasi | 3 päeva | tulin kolm päeva tagasi
2026-11-21 = eile | üks päev tagasi | päev tagasi | tulin eile | eilsest
2026-11-20 = üleeile | üle-eile
2026-11-22 = täna | tänasest | tulin täna
2008 = sünnist saati | sünnist | sünnist alates | alates sünnist | kogu elu | terve elu | elan siin kogu elu | olen siin sündinud
2008 = olen elanud siin sünnist saati | siin sündinud ja kasvanud
2027-05 = mai 2027
2030 = 2030
""",
    "ru": """
2019 = 2019 | в 2019 | в 2019 году | в 2019-м | в 2019-ом году | с 2019 года | с 2019 | с 2019-го | с 2019го года | 2019 год
2019 = 2019г | 2019 г. | в 2019г. | '19 | в 19 году | с 19 года | с 19-го года | приехал в 2019 | приехала в 2019 году | год 2019
2019 = я приехал(а) в 2019 году | живу здесь с 2019 года | Живу в Эстонии с 2019 года. | переехали в Эстонию в 2019
2019 = где-то в 2019
2019 = примерно в 2019 году | кажется, в 2019 | наверное в 2019 | вернулся в 2019 | вернулся(лась) в 2019 | уже с 2019 года
2019 = v 2019 | v 2019 godu | s 2019 goda | s 2019 | c 2019 года | priehal v 2019 | думаю, 2019 | это было в 2019 году
2019 = мы переехали в 2019
1998 = 1998 | в 98 году | с 98 года | в 98-м году | '98
2024-03 = март 2024 | в марте 2024 | в марте 2024 года | марта 2024 | с марта 2024 | с марта 2024 года | март 2024 г. | 03.2024
2024-03 = 3.2024 | 03/2024 | 2024-03 | с марта 24 года | в марте 24-го года | в марте 24 года | март '24 | начало марта 2024
2024-03 = в конце марта 2024 | mart 2024 | v marte 2024 | s marta 2024 goda | приехала в марте 2024 | примерно в марте 2024
2024-03 = около 5 марта 2024 | 2024 март | в 2024 году в марте | март, 2024 | МАРТ 2024
2022-02 = в феврале 2022 | февраль 2022 | фев 2022 | с февраля 2022 года | в феврале 22 года | fevral 2022
2022-04 = в апреле 2022 года | апр. 2022 | с апреля 22 г.
2022-05 = в мае 2022 | май 2022 | с мая 2022 | с мая 22 года
2022-06 = июнь 2022 | в июне 2022 | с июня 2022 | iyun 2022
2022-09 = в сентябре 2022 | сент. 2022 | сентябрь 22 года
2024-03-05 = 5 марта 2024 года | 5 марта 2024 | 05.03.2024 | 5.3.2024 | 05.03.24 | 05/03/2024 | 2024-03-05 | 05.03.2024 г.
2024-03-05 = 05.03.2024г
2024-03-05 = 5-го марта 2024 | 5го марта 2024 года | с 5 марта 2024 года | приехал 5 марта 2024 г. | 5 marta 2024 | 5 мар 2024
2024-03-05 = марта 5, 2024 | 5 марта 24 года | я приехала в Эстонию 5 марта 2024 | 05. 03. 2024 | с 05.03.2024
2024-02-29 = 29 февраля 2024 | 29.02.2024
2026-03 = март | в марте | с марта | марта | приехал в марте | с начала марта | в конце марта | v marte | s marta
2026-03 = в марте этого года
2026-03 = где-то в марте | уже с марта | живу здесь с марта
2025-12 = в декабре | с декабря | в декабре прошлого года | прошлый год декабрь | с прошлого года декабря
2026-11 = в ноябре | в этом месяце | этот месяц | с начала месяца | в начале этого месяца
2026-03-05 = 5 марта | с 5 марта | 5-го марта | приехал 5 марта | 5 марта этого года
2025-12-24 = 24 декабря | с 24 декабря
2025-03-05 = 5 марта прошлого года
2024 = весной 2024 | весна 2024 | летом 2024 года | с осени 2024 | зимой 2024 | весной 24 года | в начале 2024 | в конце 2024 года
2024 = в середине 2024 года | с начала 2024 года | конец 2024 | в начале 24 года | в первой половине 2024 года
2024 = поздней осенью 2024
2024 = 2 года назад | два года назад | 2 года | два года | уже два года | живу здесь два года | пару лет назад | года два назад
2024 = года 2 назад | примерно два года назад | около двух лет назад | около двух лет | приехал 2 года назад | 2 goda nazad
2024 = dva goda nazad | уже 2 года здесь | мы здесь уже два года | в позапрошлом году | 2года назад | два года тому назад
2026 = весной | с весны | летом | с лета | осенью | с осени | зимой | с зимы | прошлым летом | прошлой весной | прошлой зимой
2026 = в этом году | этот год | этим летом | с начала года | в начале этого года | с лета этого года | v etom godu | letom
2025 = в прошлом году | с прошлого года | прошлый год | год назад | один год назад | уже год | живу здесь год
2025 = летом прошлого года
2025 = прошлой осенью | в конце прошлого года | god nazad | v proshlom godu | примерно год назад | последний год | год уже живу
2025 = позапрошлым летом | прошлого года летом | летом в прошлом году
2021 = 5 лет | пять лет | живу здесь пять лет | пять лет назад | лет пять назад | 5 let nazad | уже пять лет | пять лет уже
2021 = в Эстонии 5 лет | я живу в Эстонии уже 5 лет | последние пять лет | на протяжении пяти лет | в течение 5 лет | 5-ти лет
2021 = 5 лет как приехал | лет пять уже | почти пять лет | прошло 5 лет | проживаю здесь 5 лет | uzhe 5 let | zhivu zdes 5 let
2004 = двадцать два года назад | 22 года назад | живу здесь двадцать два года
2016 = десять лет назад | 10 лет | 10 лет тут живу
1995 = живу 31 год | 31 год назад
2006 = двадцать лет назад | 20 лет
2026-05 = полгода назад | полгода | уже полгода | пол года назад | пол-года | шесть месяцев назад | 6 месяцев | 6 мес
2026-05 = polgoda nazad
2026-05 = около полугода
2025-05 = полтора года | полтора года назад | уже полтора года | 1,5 года | 1.5 года назад | год с половиной назад
2025-05 = poltora goda nazad
2024-05 = два с половиной года назад | 2,5 года | два с половиной года
2025-08 = год и три месяца назад | год и 3 месяца | 1 год 3 месяца
2026-10 = месяц назад | в прошлом месяце | с прошлого месяца | уже месяц | прошлый месяц | в конце прошлого месяца
2026-10 = полтора месяца назад
2026-08 = мы здесь всего три месяца | только три месяца
2026-09 = два месяца назад | 2 месяца | пару месяцев назад | месяца два назад
2026-11 = три недели назад | 3 недели | неделю назад | на прошлой неделе | на этой неделе | уже неделю | пару дней назад
2026-11 = дня три назад
2026-11 = примерно 3 дня назад | полмесяца назад | 2 недели тому назад
2026-11-19 = 3 дня назад | три дня назад | 3 дня | 3 дня как приехал
2026-11-21 = вчера | приехала вчера | vchera | день назад | со вчерашнего дня
2026-11-20 = позавчера | 2 дня назад
2026-11-22 = сегодня | с сегодняшнего дня | segodnya
2008 = с рождения | от рождения | с самого рождения | всю жизнь | живу здесь всю жизнь | я здесь родился | родилась здесь
2008 = s rozhdeniya
2008 = я родился в Эстонии | всю жизнь здесь
2027-05 = май 2027
2030 = 2030
""",
    "en": """
2019 = 2019 | in 2019 | since 2019 | from 2019 | '19 | ’19 | in '19 | the year 2019 | in the year 2019 | in the year of 2019
2019 = I came in 2019 | I moved here in 2019 | we moved to Estonia in 2019 | I've been here since 2019 | living here since 2019
2019 = I have lived in Estonia since 2019. | about 2019 | around 2019 | I think 2019 | maybe in 2019 | probably 2019
2019 = arrived in 2019
2019 = came back in 2019 | I returned in 2019 | back in 2019 | sometime in 2019 | it was 2019 | already since 2019 | 2019 I think
2019 = I live here since 2019 | ~2019 | ever since 2019 | ca 2019
1998 = 1998 | in '98 | since 1998
2024-03 = March 2024 | in March 2024 | since March 2024 | march, 2024 | Mar 2024 | mar. 2024 | MARCH 2024 | March of 2024
2024-03 = 03.2024
2024-03 = 03/2024 | 3/2024 | 2024-03 | 2024 March | March '24 | beginning of March 2024 | in early March 2024 | late March 2024
2024-03 = mid-March 2024 | at the end of March 2024 | I came here in March 2024 | around March 5th, 2024 | from March 2024
2022-08 = August 2022 | Aug 2022 | aug. 2022 | 08/2022
2022-09 = Sept 2022 | sep 2022 | September 2022 | since september 2022
2022-05 = may 2022 | in May 2022
2022-02 = Feb 2022 | end of February 2022
2024-03-05 = March 5th, 2024 | March 5, 2024 | March 5 2024 | 5 March 2024 | 5th March 2024 | 5th of March 2024
2024-03-05 = the 5th of March, 2024
2024-03-05 = on 5 March 2024 | on March 5th 2024 | since 5 March 2024 | 05.03.2024 | 5.3.2024 | 05/03/2024 | 5/3/2024 | 05/03/24
2024-03-05 = 2024-03-05 | 2024/03/05 | 2024 March 5 | 5 Mar 2024 | I arrived on 5 March 2024 | 05-03-2024
2024-03-05 = on the 5th of March 2024
2024-02-29 = 29 February 2024 | Feb 29, 2024
2026-03 = March | in March | since March | from March | in March this year | this March | beginning of March | I came in March
2026-03 = this year in March
2026-03 = end of March | around March | already since March
2025-12 = December | in December | since December | December last year | in December of last year
2026-11 = November | in November | this month | since this month | at the beginning of the month
2026-03-05 = 5 March | 5th of March | March 5th | March the 5th | since March 5th | on the 5th of March
2025-12-24 = December 24th | 24 December | since 24 Dec
2025-03-05 = 5 March last year | March 5th last year
2024 = spring 2024 | in the spring of 2024 | summer of 2024 | fall 2024 | in autumn 2024 | winter 2024 | beginning of 2024
2024 = early 2024
2024 = at the end of 2024 | mid-2024 | the middle of 2024 | late 2024 | start of 2024 | first half of 2024 | end of summer 2024
2024 = two years ago | 2 years ago | 2 years | two years | for two years | already two years | a couple of years ago
2024 = couple years ago
2024 = about two years ago | I came 2 years ago | I moved here two years ago | two years back | since two years
2024 = since two years ago
2024 = I've been here for 2 years | I've lived here for two years now | the year before last | 2 yrs ago | almost 2 years
2024 = 2 year ago
2026 = spring | in spring | since spring | last summer | in the summer | since the summer | last spring | last winter | winter
2026 = in autumn
2026 = this year | this summer | since the beginning of the year | earlier this year | early this year | at the start of this year
2025 = last year | since last year | a year ago | one year ago | already a year | for a year | about a year ago | for one year
2025 = end of last year | summer last year | last year in spring | last autumn | last fall | previous year | for the past year
2025 = I've been here for a year | one year | 1 year
2021 = five years ago | 5 years ago | already five years | five years already | five years | 5 years | for 5 years
2021 = for the last five years
2021 = for the past 5 years | the last 5 years | I have been living here for five years | living here for 5 years
2021 = it's been 5 years | 5yrs
2021 = I live here already 5 years | since 5 years | five years now | nearly five years | 5 years here
1991 = thirty five years ago | thirty-five years | for 35 years
2016 = ten years ago | 10 years
2006 = twenty years ago | 20 years
2026-05 = half a year ago | six months ago | 6 months | for six months | half a year | for half a year | about half a year ago
2026-05 = half year ago
2026-05 = the last six months | 6 months ago
2025-05 = a year and a half ago | one and a half years ago | 1.5 years | 1,5 years ago | 18 months ago | a year and a half
2024-05 = two and a half years ago | 2.5 years | two and a half years
2025-08 = a year and three months ago | 1 year 3 months | 1 year and 3 months
2026-10 = last month | a month ago | since last month | one month ago | at the end of last month | for a month
2026-10 = a month and a half ago
2026-08 = I've been here only three months
2026-09 = a couple of months ago | two months ago | 2 months | the month before last
2026-11 = three weeks ago | 3 weeks | a week ago | last week | this week | for a week | a couple of days ago | about 3 days ago
2026-11 = ~3 days ago
2026-11 = about three weeks ago | two weeks ago
2026-11-19 = 3 days ago | three days ago | for 3 days | I arrived three days ago
2026-11-21 = yesterday | I came yesterday | a day ago | since yesterday
2026-11-20 = the day before yesterday | two days ago
2026-11-22 = today | this morning | since today | I arrived today
2008 = since birth | from birth | all my life | my whole life | for my whole life | I was born here
2008 = I have lived here all my life
2008 = I've always lived here | since I was born | born and raised here
2027-05 = May 2027
2030 = 2030
""",
}

# --- what is not read, one message a line

UNREAD = {
    "et": """
kui kaua 2 aastat kehtib?
kui kaua 2 aastat kehtib
mis saab 2 aasta pärast
kas 5 aastat on piisav
2 aastat?
2019?
kas ma saan 2024. aastal toetust
mitu aastat peab elama
mis muutub 2027. aastal
millal on eksam märtsis
kas märtsis on kursused
A2 eksam mais
olen 35
olen 35 aastat vana
35-aastane
ma olen 18 aastane
laps on 3 aastat vana
laps sai märtsis 3
3-aastane laps
minu poeg on 5
viie aastane
22. eluaastast
elan 5. aastat siin
elan siin alates 5 aastast
tulin 22 aastasena
200 eurot
2000 €
2000.-
1950,50
1 950
2.5
50%
Tartu mnt 22
Pärnu maantee 12a
12a
22 a
korter 5
Narva 2019
5550 2024
+372 5123 4567
51234567
112
1247
kell 12
12:30
kolm
kuus
5
24
märts 22
märts ja aprill 2024
2019-2021
2019 või 2020
enne 2019
pärast 2019. aastat
kuni 2027. aastani
2019. aastaks
peale 2019. aastat
peale märtsi
2 aasta pärast
5 aastaks
järgmisel aastal
järgmisel kuul
aastaid tagasi
ammu
eelmine
aasta
kuu
aasta lõpus
tagasi
juba
siin
suvel ja sügisel
mitte 2019
ei 2019
tulin 2 aastat
üle viie aasta
vähem kui aasta
rohkem kui 5 aastat
elamisluba kehtib 5 aastat
2 last
2 kuud puhkust
ID-kaart kehtib 5 aastat
31. veebruar 2024
31.02.2024
32.01.2024
29.02.2023
05.13.2024
13.2024
2024-13
00.2024
0.2024
00.03.2024
2024-00
2024-03-00
0. märts 2024
1899
2200
1850. aastal
A2 kuud
A2 kuus kuud
eelmise aasta 31. juunil
0 aastat tagasi
maja
mail
Jaan
Mart
Marta
20 2 aastat tagasi
kaks kolm aastat tagasi
viis-kuus aastat tagasi
paar-kolm aastat
aasta kaks tagasi
2020s
""",
    "ru": """
сколько действует 2 года?
сколько действует 2 года
что будет через 2 года
через 2 года
за 2 года
до 2027 года
к 2027 году
после 2019
на 2 года
приехал на 2 года
2 года?
2019?
с 2019 года?
хватит ли 5 лет
нужно ли жить 5 лет
какие курсы в марте
когда экзамен в марте 2024
мне 35
мне 35 лет
мне 22 года
я 35-летний
ребёнку 3 года
сыну 5 лет
дочь 2019 года рождения
18 лет исполнилось
с пяти лет
с 5 лет
живу здесь с 5 лет
в 22 года
приехал в 22 года
приехала в 5 лет
в пять лет
живу 5-й год
5-й год
пятый год
живу 5 год
200 евро
2000 €
2000 руб
1 950
2.5
50%
дом 22
ул. Нарвская 12а
12а
22г
22 г
5 г
5 л
кв. 5
Таллинн 2024
5550 2024
+372 5123 4567
51234567
112
в 12 часов
12:30
три
5
24
марта 22-го
март 22
март и апрель 2024
2019-2021
2019 или 2020
не 2019
раньше 2019
давно
много лет назад
несколько лет назад
лет назад
больше пяти лет
меньше года
более 5 лет
следующий год
в следующем месяце
прошлый
год
месяц
года
в конце года
назад
уже
здесь
летом и осенью
ВНЖ на 5 лет
паспорт на 10 лет
срок 2 года
2 ребёнка
2 месяца отпуска
день рождения
дата рождения 05.03.1990
родился в 2000 году
31 февраля 2024
31.02.2024
29.02.2023
32 января
05.13.2024
13.2024
1899
2200
0 лет назад
сейчас март
два-три года назад
год-два назад
лет пять
пять двадцать лет
в марте или апреле
до марта 2024
к марту
по 2019 год
на 2019 год
2019 евро
0 марта
vnzh na 5 let
mne 35 let
cherez 2 goda
skolko 2 goda
""",
    "en": """
how long is 2 years valid?
how long is 2 years valid
what happens in 2 years
in two years
in 5 years
within 2 years
after 2 years
by 2027
until 2027
next year
next month
2 years?
2019?
since 2019?
is 5 years enough
do I need to live here 5 years
which courses are in March
is there an exam in March 2024
I am 35
I'm 35 years old
35
35 years old
I am 22 years
my son is 5 years old
a 3 year old child
child born in 2019
I was born in 2000
since I was 5
at 5 years
from the age of 5
from five years
my fifth year
5th year
200 euros
2000 €
$2000
2000 eur
1,950
1 950
2.5
50%
22 March Street
house 22
12a
flat 5
Tallinn 2024
5550 2024
+372 5123 4567
51234567
112
at 12
12:30
5 pm
three
half
5
24
March 22
March and April 2024
2019-2021
2019 or 2020
not 2019
before 2019
after 2019
for 2019
years ago
many years ago
a few years ago
several months ago
long ago
a long time ago
more than five years
less than a year
over 5 years
at least 2 years
last
last years
last months
in the last weeks
last March
year
month
the year
ago
already
here
I came
I came for two years
I came 2 years
I may come
can I march
a 5 year permit
permit for 5 years
2 children
2 months of leave
date of birth 05.03.1990
February 31, 2024
31/02/2024
29.02.2023
03/25/2024
13/2024
1899
2200
1850
0 years ago
A2 months
March 0, 2024
00/2024
fall
mail
for 2019 and 2020
to 2027
to March
in 3 days
two or three years ago
2-3 years ago
between 2019 and 2021
in March or April
it is March now
Jan
mar
2020s
the '90s
""",
}
OTHERS = [(lang, message) for lang, messages in UNREAD.items() for message in messages.strip().splitlines()]


def table(lang: str) -> Iterator[tuple[str, str]]:
    """Give (phrase, value) of one language."""
    for line in READ[lang].strip().splitlines():
        value, phrases = line.split(" = ", 1)
        yield from ((phrase, value) for phrase in phrases.split(" | "))


PHRASES = {lang: tuple(table(lang)) for lang in READ}
EVERY = [(lang, phrase, value) for lang, rows in PHRASES.items() for phrase, value in rows]


def test_enough_is_tried() -> None:
    """A hundred phrases and forty others in each language, none twice."""
    for lang, rows in PHRASES.items():
        assert len(rows) >= 100
        assert len(dict(rows)) == len(rows)
        assert len(UNREAD[lang].strip().splitlines()) >= 40


@pytest.mark.parametrize(("lang", "phrase", "value"), EVERY)
def test_a_phrase_is_read(lang: str, phrase: str, value: str) -> None:
    """With its own language's words and with those of all languages a phrase means the same."""
    assert (read_spoken(phrase, DAY, (WORDS[lang],)), read(phrase)) == (value, value)


@pytest.mark.parametrize(("lang", "message"), OTHERS)
def test_a_message_is_not_read(lang: str, message: str) -> None:
    """Anything but a date phrase is none, in any language."""
    assert (read_spoken(message, DAY, (WORDS[lang],)), read(message)) == (None, None)


@pytest.mark.parametrize(
    "sign", ["{}?", "{} kehtib", "kas {}", "{} eurot", "сколько {}", "{} €", "+{}", "until {}", "{}-", "№ {}"]
)
def test_one_more_word_and_it_is_no_date(sign: str) -> None:
    """Whatever else stands in a message, it is not read: no phrase is found within a longer one."""
    assert [phrase for _, phrase, _ in EVERY if read(sign.format(phrase))] == []


@pytest.mark.parametrize(
    ("day", "phrases"),
    [
        (
            date(2027, 1, 1),
            "eile 2026-12-31 | вчера 2026-12-31 | last week 2026-12 | last month 2026-12 | this month 2027-01 | mullu 2026"
            " | detsembris 2026-12 | в январе 2027-01 | 1. jaanuaril 2027-01-01 | 2. jaanuaril 2026-01-02"
            " | half a year ago 2026-07 | talvel 2027 | eelmisel talvel 2026 | this winter 2027 | last summer 2026"
            " | весной 2026 | год назад 2026"
            " | в декабре прошлого года 2026-12 | since birth 2009 | this year 2027 | 3 nädalat tagasi 2026-12",
        ),
        (
            date(2026, 3, 31),
            "last month 2026-02 | kuu tagasi 2026-02 | pool aastat tagasi 2025-09 | полтора месяца назад 2026-02"
            " | 13 kuud tagasi 2025-02 | märtsis 2026-03 | в апреле 2025-04 | 31. märtsil 2026-03-31 | 31 марта 2026-03-31"
            " | April 1st 2025-04-01"
            " | kevadel 2026 | eelmisel kevadel 2025 | talvel 2026 | прошлой зимой 2026 | last autumn 2025 | suvel 2025"
            " | last week 2026-03 | a month ago 2026-02",
        ),
        (
            date(2024, 2, 29),
            "a year ago 2023 | 12 months ago 2023-02 | last month 2024-01 | 29. veebruaril 2024-02-29 | 29 февраля 2024-02-29"
            " | eile 2024-02-28 | talvel 2024 | last winter 2023 | зимой 2024 | 4 aastat tagasi 2020"
            " | poolteist aastat tagasi 2022-08 | sünnist saati 2006 | veebruaris 2024-02 | в марте 2023-03"
            " | 28 February 2024-02-28",
        ),
        (date(2023, 2, 28), "29. veebruaril 2020-02-29 | February 29th 2020-02-29 | 29 февраля 2020-02-29"),
        (date(2104, 2, 28), "29. veebruaril 2096-02-29"),
        (date(2026, 11, 30), "last autumn 2025 | осенью 2026 | talvel 2026 | last winter 2026"),
        (
            date(2026, 12, 1),
            "last autumn 2026 | осенью 2026 | talvel 2026 | eelmisel talvel 2026 | this winter 2026 | eile 2026-11-30",
        ),
        (
            date(2027, 1, 15),
            "last winter 2026 | с зимы 2027 | last autumn 2026 | позапрошлой зимой 2025 | talvel 2026. aastal 2026",
        ),
        (date(2026, 2, 28), "kevadel 2025 | last spring 2025 | winter 2026 | прошлой зимой 2025"),
        (date(2026, 3, 1), "kevadel 2026 | last spring 2025 | last winter 2026 | вчера 2026-02-28"),
        (date(2026, 7, 15), "last summer 2025 | прошлым летом 2025 | eelmisel suvel 2025 | suvel 2026 | позапрошлым летом 2024"),
        (date(2026, 5, 31), "в мае 2026-05 | 31 мая 2026-05-31 | 1. juunil 2025-06-01 | три месяца назад 2026-02"),
    ],
)
def test_boundaries(day: date, phrases: str) -> None:
    """What is latest depends on the day: ends of months and years, leap days, the season that goes on."""
    rows = [row.rsplit(" ", 1) for row in phrases.split(" | ")]
    assert {phrase: read(phrase, day) for phrase, _ in rows} == dict(rows)


@pytest.mark.parametrize(("text", "value"), [("'36", "2036"), ("'37", "1937"), ("01.05.36", "2036-05-01"), ("в 37 году", "1937")])
def test_years_of_two_figures(text: str, value: str) -> None:
    """They are the nearest such year, at most ten years ahead."""
    assert read(text) == value


@pytest.mark.parametrize("day", [DAY, date(2024, 2, 29), date(2026, 3, 31), date(2027, 1, 1)])
@pytest.mark.parametrize(
    ("phrase", "length"),
    [
        ("{} aastat tagasi", 4),
        ("juba {} aastat", 4),
        ("{} лет назад", 4),
        ("{} years ago", 4),
        ("for {} years", 4),
        ("{}.5 years ago", 7),
        ("{} kuud tagasi", 7),
        ("{} месяцев назад", 7),
        ("{} months ago", 7),
        ("{} nädalat tagasi", 7),
        ("{} недель назад", 7),
        ("{} weeks ago", 7),
        ("{} päeva tagasi", 10),
        ("umbes {} päeva tagasi", 7),
        ("дней {} назад", 7),
        ("about {} days ago", 7),
    ],
)
def test_never_more_precise_than_it_was_said(phrase: str, length: int, day: date) -> None:
    """Years give a year, months and weeks a month, and only days a day."""
    for count in range(1, 60):
        said = read(phrase.format(count), day)
        assert said is not None
        assert len(said) == length
        assert read_date(said).first <= day


def test_seasons_and_parts_give_no_month_of_their_own() -> None:
    """A season is no month, and the beginning or the end of something is no less than that."""
    for lang, spoken in WORDS.items():
        for season in spoken.seasons:
            assert read(f"{season} {spoken.filler[0]}") == "2026", (lang, season)
            assert read(f"{season} 2019") == "2019"
        for edge in spoken.edges:
            assert read_spoken(f"{edge} 2019", DAY, (spoken,)) == "2019", (lang, edge)
            assert read_spoken(f"{edge} 03.2019", DAY, (spoken,)) == "2019-03"
            assert read_spoken(f"{edge} 05.03.2019", DAY, (spoken,)) is None


def test_every_month_in_every_form() -> None:
    """Each form of a month is that month, alone, with a year and with a day."""
    for lang, spoken in WORDS.items():
        assert set(spoken.months.values()) == set(range(1, 13))
        for name, month in spoken.months.items():
            year = 2026 if month <= DAY.month else 2025
            alone = None if name in spoken.not_alone else f"{year}-{month:02}"
            assert read_spoken(name, DAY, (spoken,)) == alone, (lang, name)
            assert read(f"{name} {spoken.filler[0]}") == f"{year}-{month:02}", (lang, name)
            assert read(f"{name} 2019") == f"2019-{month:02}", (lang, name)
            assert read(f"7. {name} 2019") == f"2019-{month:02}-07", (lang, name)


def test_every_number_counts_in_years_or_months() -> None:
    """Each number works in a length of time; halves of years are months."""
    tail = {"et": "aastat tagasi", "ru": "года назад", "en": "years ago"}
    for lang, spoken in WORDS.items():
        for name, number in spoken.numbers.items():
            expected = {0.5: "2026-05", 1.5: "2025-05"}.get(number) or str(int(2026 - number))
            assert read_spoken(f"{name} {tail[lang]}", DAY, (spoken,)) == expected, (lang, name)


@pytest.mark.parametrize("lang", WORDS)
def test_words_beside_the_date_change_nothing(lang: str) -> None:
    """Filler may stand before and after, several at a time; by itself it says nothing."""
    spoken = WORDS[lang]
    for word in (*spoken.filler, *spoken.at, *spoken.since, *spoken.ongoing):
        assert read_spoken(f"{word} 05.03.2024", DAY, (spoken,)) == "2024-03-05", word
        assert read_spoken(f"05.03.2024, {word} {spoken.filler[0]}", DAY, (spoken,)) == "2024-03-05", word
        assert read_spoken(word, DAY, (spoken,)) is None, word


def test_case_and_diacritics_do_not_matter() -> None:
    """As people type on phones: all in capitals, without dots and carons, ё or е, any apostrophe."""
    plain = str.maketrans("äöõüšžÄÖÕÜŠŽёЁйЙ", "aoouszAOOUSZеЕйЙ")
    for _, phrase, value in EVERY:
        for typed in (phrase.upper(), phrase.title(), phrase.translate(plain), f"  {phrase}!\n", phrase.replace("'", "’")):
            assert read(typed) == value, typed


def test_only_so_much_is_read() -> None:
    """A longer message is no date phrase."""
    assert read("2019".rjust(MAX_LENGTH)) == "2019"
    assert read("2019".rjust(MAX_LENGTH + 1)) is None


def test_languages_are_tried_in_turn() -> None:
    """A phrase of a language that is not there is not read; figures are read with any language, and words never mixed."""
    assert read_spoken("kaks aastat tagasi", DAY, (WORDS["ru"], WORDS["en"])) is None
    assert [read_spoken("05.03.2024", DAY, (spoken,)) for spoken in ALL] == ["2024-03-05"] * 3
    assert read_spoken("2019", DAY, ()) is None
    assert [read(mixed) for mixed in ("два aastat tagasi", "с märts 2024", "since марта", "kaks years ago")] == [None] * 4


# --- any text


def forms() -> list[str]:
    """Give every form of every language, and what people type beside them."""
    said: list[str] = [
        "2019",
        "22",
        "5",
        "5.",
        "05.03.2024",
        "03.2024",
        "'19",
        "1,5",
        "31.",
        "0",
        "999",
        "2199",
        "-",
        "th",
        "го",
        "(",
    ]
    for spoken in ALL:
        for name in FIELDS:
            said += getattr(spoken, name)
    return said


PHRASE = st.lists(st.sampled_from(forms()), min_size=1, max_size=8).map(" ".join)
DAYS = st.dates(date(1950, 1, 1), date(2190, 12, 31))


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=120), PHRASE, st.from_regex(r"[0-9 .,/'-]{1,14}", fullmatch=True)), DAYS)
@example("²⁰¹⁹", DAY)
@example("２０１９", DAY)
@example("٢٠١٩", DAY)
@example("999 years and a half ago", date(1950, 1, 1))
@example("999 years 999 months ago", date(1950, 1, 1))
def test_any_text_gives_none_or_a_date(text: str, day: date) -> None:
    """Nothing raises, and what is given is read by `read_date`."""
    said = read(text, day)
    assert said is None or read_date(said).first.isoformat().startswith(said)


# --- the words themselves


def some_words(changed: Mapping[str, object]) -> DateWords:
    """Give the English words with changes."""
    given: dict[str, Any] = {name: getattr(WORDS["en"], name) for name in FIELDS}
    return DateWords(**(given | dict(changed)))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"months": {"march": 3, "spring": 4}}, "'spring' has two meanings or none"),
        ({"filler": ("ago",)}, "'ago' has two meanings or none"),
        ({"filler": ("...",)}, "'...' has two meanings or none"),
        ({"months": {"march": 13}}, "13 is not known; there are 1, 2, 3"),
        ({"seasons": {"monsoon": "rain"}}, "'rain' is not known; there are spring, summer, autumn, winter"),
        ({"units": {"decade": "decade"}}, "'decade' is not known; there are day, week, month, year"),
        ({"endings": {"th": "ninth"}}, "'ninth' is not known; there are cardinal, ordinal, day"),
    ],
)
def test_words_that_cannot_be(changed: dict[str, object], message: str) -> None:
    """A form with two meanings and a value that nothing means are errors that name them."""
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        some_words(changed)


def test_a_form_may_be_written_twice_with_one_meaning() -> None:
    """Forms that differ in diacritics only are one."""
    assert read_spoken("autumn", DAY, (some_words({"seasons": {"autumn": "autumn", "Autümn": "autumn"}}),)) == "2026"
