"""Where countries lie: boxes in whole degrees that hold all of their land.

Facts drawn from Natural Earth 1:50m admin-0 map subunits (public domain), rounded outwards; one box
for each part that lies apart. A country whose name is also that of a state or city elsewhere
(Georgia) is left out, and two-letter codes are, which many states share.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

__all__ = ["Box", "boxes_of", "small_boxes"]


class Box(NamedTuple):
    """Degrees north and east."""

    south: float
    west: float
    north: float
    east: float

    def holds(self, latitude: float, longitude: float) -> bool:
        """Return True if a point lies within it."""
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east


# A box of at most so many degrees a side is an island group or a small country: land or coast.
SMALL_DEGREES = 7


def boxes_of(country: str) -> tuple[Box, ...]:
    """Boxes of a country by its name or three-letter code; empty for any other name."""
    return _boxes().get(_fold(country), ())


@functools.cache
def small_boxes() -> tuple[Box, ...]:
    """Boxes of islands and small countries, some of which no coarse map shows."""
    every = {box for own in _boxes().values() for box in own}
    return tuple(
        box
        for box in sorted(every)
        if max(box.north - box.south, box.east - box.west) <= SMALL_DEGREES
    )


def _fold(name: str) -> str:
    return " ".join(name.replace(".", "").split()).casefold().removeprefix("the ")


@functools.cache
def _boxes() -> dict[str, tuple[Box, ...]]:
    found: dict[str, tuple[Box, ...]] = {}
    for line in _TABLE.strip().splitlines():
        name, code, boxes = line.split("|")
        own = tuple(Box(*map(float, box.split())) for box in boxes.split(";"))
        for key in filter(None, (_fold(name), _fold(code))):
            found[key] = found.get(key, ()) + own
    return found | {_fold(other): found[_fold(name)] for other, name in _OTHER_NAMES.items()}


_OTHER_NAMES = {
    "US": "United States",
    "United States of America": "United States",
    "UK": "United Kingdom",
    "Great Britain": "United Kingdom",
    "Britain": "United Kingdom",
    "UAE": "United Arab Emirates",
    "Korea": "South Korea",
    "Republic of Korea": "South Korea",
    "Czechia": "Czech Republic",
    "Türkiye": "Turkey",
    "Viet Nam": "Vietnam",
    "Holland": "Netherlands",
    "KSA": "Saudi Arabia",
    "Kingdom of Saudi Arabia": "Saudi Arabia",
    "Mainland China": "China",
    "Côte d'Ivoire": "Ivory Coast",
    "Russian Federation": "Russia",
}

# Name, three-letter code, and boxes: south, west, north, east; a line more where it gets long.
_TABLE = """
Afghanistan|AFG|29 60 39 75
Aland|ALD|60 19 61 21
Albania|ALB|39 19 43 22
Algeria|DZA|18 -9 38 12
American Samoa|ASM|-15 -171 -14 -170
Andorra|AND|42 1 43 2
Angola|AGO|-19 11 -4 25
Anguilla|AIA|18 -64 19 -62
Antigua and Barbuda|ATG|16 -62 18 -61
Argentina|ARG|-56 -74 -21 -53
Armenia|ARM|38 43 42 47
Aruba|ABW|12 -71 13 -69
Australia|AUS|-44 143 -39 149; -40 112 -10 154
Austria|AUT|46 9 50 18
Azerbaijan|AZE|38 44 42 51
Bahrain|BHR|25 50 27 51
Bangladesh|BGD|20 88 27 93
Barbados|BRB|13 -60 14 -59
Belarus|BLR|51 23 57 33
Belgium|BEL|49 2 51 7; 50 2 52 6
Belize|BLZ|15 -90 19 -87
Benin|BEN|6 0 13 4
Bermuda|BMU|32 -65 33 -64
Bhutan|BTN|26 88 29 93
Bolivia|BOL|-23 -70 -9 -57
Bosnia and Herzegovina|BIH|42 15 46 20
Botswana|BWA|-27 19 -17 30
Brazil|BRA|-34 -75 6 -34
British Virgin Islands|VGB|18 -65 19 -64
Brunei|BRN|4 114 6 116
Bulgaria|BGR|41 22 45 29
Burkina Faso|BFA|9 -6 16 3
Burundi|BDI|-5 29 -2 31
Cambodia|KHM|10 102 15 108
Cameroon|CMR|1 8 14 17
Canada|CAN|41 -142 84 -52
Cape Verde|CPV|14 -26 18 -22
Cayman Islands|CYM|19 -82 20 -79
Central African Republic|CAF|2 14 11 28
Chad|TCD|7 13 24 24
Chile|CHL|-56 -76 -17 -66; -28 -110 -27 -109
China|CHN|18 108 21 112; 20 73 54 135
Colombia|COL|-5 -80 13 -66
Comoros|COM|-13 43 -11 45
Cook Islands|COK|-22 -160 -21 -159
Costa Rica|CRI|8 -86 12 -82
Croatia|HRV|42 13 47 20
Cuba|CUB|19 -85 24 -74
Curaçao|CUW|12 -70 13 -68
Cyprus|CYP|34 32 36 35
Czech Republic|CZE|48 12 52 19
Democratic Republic of the Congo|COD|-14 12 6 32
Denmark|DNK|54 8 58 13; 55 14 56 16
Djibouti|DJI|10 41 13 44
Dominica|DMA|15 -62 16 -61
Dominican Republic|DOM|17 -73 20 -68
East Timor|TLS|-10 124 -8 128
Ecuador|ECU|-5 -81 2 -75; -2 -92 1 -89
Egypt|EGY|21 24 32 37
El Salvador|SLV|13 -91 15 -87
Equatorial Guinea|GNQ|0 9 3 12; 3 8 4 9
Eritrea|ERI|12 36 19 44
Estonia|EST|57 21 60 29
Ethiopia|ETH|3 32 15 48
Falkland Islands|FLK|-53 -62 -51 -57
Faroe Islands|FRO|61 -8 63 -6
Federated States of Micronesia|FSM|5 138 10 163
Fiji|FJI|-22 174 -12 180; -21 -180 -16 -178
Finland|FIN|59 20 71 32
France|FRA|-22 55 -20 56; -13 45 -12 46; 2 -55 6 -51; 14 -62 15 -60; 15 -62 17 -61; 41 8 44 10
France|FRA|42 -5 52 9
French Polynesia|PYF|-21 -152 -8 -136
Gabon|GAB|-4 8 3 15
Gambia|GMB|13 -17 14 -13
Germany|DEU|47 5 56 16
Ghana|GHA|4 -4 12 2
Greece|GRC|34 19 42 29
Greenland|GRL|59 -73 84 -11
Grenada|GRD|12 -62 13 -61
Guam|GUM|13 144 14 145
Guatemala|GTM|13 -93 18 -88
Guernsey|GGY|49 -3 50 -2
Guinea|GIN|7 -16 13 -7
Guinea Bissau|GNB|10 -17 13 -13
Guyana|GUY|1 -62 9 -56
Haiti|HTI|18 -75 21 -71
Honduras|HND|12 -90 17 -83
Hong Kong|HKG|22 113 23 115
Hungary|HUN|45 16 49 23
Iceland|ISL|63 -25 67 -13
India|IND|6 92 10 94; 8 68 36 98
Indonesia|IDN|-11 95 6 141
Iran|IRN|25 44 40 64
Iraq|IRQ|29 38 38 49
Ireland|IRL|51 -11 56 -6
Isle of Man|IMN|54 -5 55 -4
Israel|ISR|29 34 34 36
Italy|ITA|36 11 37 13; 36 12 39 16; 37 6 48 19
Ivory Coast|CIV|4 -9 11 -2
Jamaica|JAM|17 -79 19 -76
Japan|JPN|24 123 29 130; 26 142 27 143; 30 128 46 142; 41 139 46 146
Jersey|JEY|49 -3 50 -2
Jordan|JOR|29 34 34 40
Kazakhstan|KAZ|40 46 56 88
Kenya|KEN|-5 33 6 42
Kiribati|KIR|-12 -175 4 -151; -2 169 4 175
Kosovo|KOS|41 20 44 22
Kuwait|KWT|28 46 31 49
Kyrgyzstan|KGZ|39 69 44 81
Laos|LAO|13 100 23 108
Latvia|LVA|55 21 59 29
Lebanon|LBN|33 35 35 37
Lesotho|LSO|-31 27 -28 30
Liberia|LBR|4 -12 9 -7
Libya|LBY|19 9 34 26
Liechtenstein|LIE|47 9 48 10
Lithuania|LTU|53 20 57 27
Luxembourg|LUX|49 5 51 7
Macao|MAC|22 113 23 114
North Macedonia|MKD|40 20 43 24
Madagascar|MDG|-26 43 -12 51
Malawi|MWI|-18 32 -9 36
Malaysia|MYS|0 99 8 120
Maldives|MDV|3 73 5 74
Mali|MLI|10 -13 25 5
Malta|MLT|35 14 37 15
Marshall Islands|MHL|5 166 12 172
Mauritania|MRT|14 -18 28 -4
Mauritius|MUS|-21 57 -19 58
Mexico|MEX|14 -119 33 -86
Moldova|MDA|45 26 49 31
Monaco|MCO|43 7 44 8
Mongolia|MNG|41 87 53 120
Montenegro|MNE|41 18 44 21
Montserrat|MSR|16 -63 17 -62
Morocco|MAR|21 -18 36 -1
Mozambique|MOZ|-27 30 -10 41
Myanmar|MMR|9 92 29 102
Namibia|NAM|-29 11 -16 26
Nauru|NRU|-1 166 0 167
Nepal|NPL|26 80 31 89
Netherlands|NLD|12 -69 13 -68; 50 3 54 8
New Caledonia|NCL|-23 159 -19 169
New Zealand|NZL|-48 166 -40 175; -42 172 -34 179; -10 -173 -8 -171
Nicaragua|NIC|10 -88 16 -83
Niger|NER|11 0 24 16
Nigeria|NGA|4 2 14 15
Niue|NIU|-20 -170 -18 -169
Norfolk Island|NFK|-30 167 -29 168
North Korea|PRK|37 124 43 131
Northern Cyprus|CYN|35 32 36 35
Northern Mariana Islands|MNP|14 145 19 146
Norway|NOR|58 4 72 31; 74 10 81 34
Oman|OMN|16 51 27 60
Pakistan|PAK|23 60 38 78
Palau|PLW|3 131 8 135
Palestine|PSX|31 34 33 36
Panama|PAN|7 -84 10 -77
Papua New Guinea|PNG|-12 140 -1 155; -7 154 -5 156
Paraguay|PRY|-28 -63 -19 -54
Peru|PER|-19 -82 0 -68
Philippines|PHL|5 116 21 127
Poland|POL|49 14 55 25
Portugal|PRT|32 -18 33 -16; 36 -32 40 -25; 37 -10 43 -6
Puerto Rico|PRI|17 -68 19 -65
Qatar|QAT|24 50 27 52
Republic of Congo|COG|-6 11 4 19
Serbia|SRB|42 19 46 23; 44 18 47 22
Romania|ROU|43 20 49 30
Russia|RUS|41 27 82 69; 42 52 82 180; 54 19 56 23; 64 -180 72 -169
Rwanda|RWA|-3 28 -1 31
Saint Barthelemy|BLM|17 -63 18 -62
Saint Helena|SHN|-17 -6 -15 -5
Saint Kitts and Nevis|KNA|17 -63 18 -62
Saint Lucia|LCA|13 -62 15 -60
Saint Martin|MAF|18 -64 19 -63
Saint Pierre and Miquelon|SPM|46 -57 48 -56
Saint Vincent and the Grenadines|VCT|12 -62 14 -61
Samoa|WSM|-15 -173 -13 -171
San Marino|SMR|43 12 44 13
Sao Tome and Principe|STP|0 6 1 7; 1 7 2 8
Saudi Arabia|SAU|16 34 33 56
Senegal|SEN|12 -18 17 -11
Seychelles|SYC|-5 55 -4 56
Sierra Leone|SLE|6 -14 10 -10
Singapore|SGP|1 103 2 104
Sint Maarten|SXM|18 -64 19 -63
Slovakia|SVK|47 16 50 23
Slovenia|SVN|45 13 47 17
Solomon Islands|SLB|-12 155 -6 167
Somalia|SOM|-2 40 12 52
Somaliland|SOL|7 42 12 49
South Africa|ZAF|-35 16 -22 33
South Korea|KOR|33 126 34 127; 34 126 39 130; 37 130 38 131
South Sudan|SDS|3 24 13 36
Spain|ESP|27 -19 30 -13; 36 -10 44 4; 38 1 41 5
Sri Lanka|LKA|5 79 10 82
Sudan|SDN|8 21 23 39
Suriname|SUR|1 -59 6 -53
Eswatini|SWZ|-28 30 -25 33
Sweden|SWE|55 11 70 25
Switzerland|CHE|45 5 48 11
Syria|SYR|32 35 38 43
Taiwan|TWN|21 118 26 122
Tajikistan|TJK|36 67 42 76
Thailand|THA|5 97 21 106
Bahamas|BHS|20 -79 27 -72
Togo|TGO|6 -1 12 2
Tonga|TON|-22 -176 -18 -173
Trinidad and Tobago|TTO|10 -62 11 -60; 11 -61 12 -60
Tunisia|TUN|30 7 38 12
Turkey|TUR|35 25 43 45
Turkmenistan|TKM|35 52 43 67
Turks and Caicos Islands|TCA|21 -73 22 -71
Uganda|UGA|-2 29 5 35
Ukraine|UKR|44 22 53 41
United Arab Emirates|ARE|22 51 27 57
United Kingdom|GBR|50 -6 56 2; 54 -9 56 -5; 54 -8 61 0
Tanzania|TZA|-12 29 0 41
United States|USA|18 -161 23 -154; 24 -125 50 -66; 51 -179 72 -130; 51 172 54 180
United States Virgin Islands|VIR|17 -66 19 -64
Uruguay|URY|-35 -59 -30 -53
Uzbekistan|UZB|37 55 46 74
Vanuatu|VUT|-21 166 -13 170
Venezuela|VEN|0 -74 13 -59
Vietnam|VNM|8 102 24 110
Wallis and Futuna|WLF|-15 -179 -13 -176
Yemen|YEM|12 42 19 54; 12 53 13 55
Zambia|ZMB|-19 21 -8 34
Zimbabwe|ZWE|-23 25 -15 34
"""
