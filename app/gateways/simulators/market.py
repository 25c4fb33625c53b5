"""What simulated shops sell, and to whom. Everybody here is invented."""

from collections.abc import Sequence
from random import Random

from app.gateways.simulators.order import SimLine
from orders.facts import Address

Good = tuple[str, str, str, int]

# title, variant, stock number, price in minor units
LIGHTS: Sequence[Good] = (
    ("Alder table lamp", "Oak / linen shade", "LO-ALD-OAK", 12900),
    ("Beacon floor lamp", "Matte black", "LO-BEA-BLK", 24900),
    ("Cove pendant light", "Brass, 40 cm", "LO-COV-BR40", 18900),
    ("Drift wall sconce", "Walnut, pair", "LO-DRI-WAL", 15800),
    ("Ember desk lamp", "Sage green", "LO-EMB-SAG", 8900),
    ("Filament bulb E26", "2200 K, pack of 4", "LO-BUL-E26", 2400),
    ("Grove lantern", "Small", "LO-GRO-S", 5400),
    ("Hearth dimmer plug", "Works with any lamp", "LO-DIM-PLG", 1900),
)
TEAS: Sequence[Good] = (
    ("明前西湖龙井", "特级 250g 罐装", "CY-LJ-250", 36800),
    ("冰岛古树普洱生茶", "357g 茶饼", "CY-PE-357", 52800),
    ("武夷山大红袍", "礼盒 200g", "CY-DHP-200", 29800),
    ("云南滇红金芽", "150g 袋装", "CY-DH-150", 12800),
    ("福鼎白毫银针", "100g 罐装", "CY-BH-100", 26800),
    ("茉莉花茶", "五窨 200g", "CY-ML-200", 8800),
    ("手工紫砂壶", "西施 200ml", "CY-ZS-200", 45800),
    ("玻璃公道杯", "耐热 300ml", "CY-GD-300", 3900),
)

ENGLISH = (
    (
        "Ines Marlow",
        "ines@example.com",
        Address(lines=("18 Willow Lane",), city="Burlington", region="VT", postcode="05401", country="US"),
    ),
    (
        "Rosa Hartley",
        "rosa@example.com",
        Address(lines=("402 Pine Street",), city="Seattle", region="WA", postcode="98101", country="US"),
    ),
    (
        "Theo Lindqvist",
        "theo@example.com",
        Address(lines=("77 Harbor View",), city="Portland", region="ME", postcode="04101", country="US"),
    ),
    (
        "Amara Nwosu",
        "amara@example.com",
        Address(lines=("9 Magnolia Court",), city="Austin", region="TX", postcode="78701", country="US"),
    ),
    (
        "Jonas Webb",
        "jonas@example.com",
        Address(lines=("231 Lake Shore Dr",), city="Chicago", region="IL", postcode="60601", country="US"),
    ),
    (
        "Priya Raman",
        "priya@example.com",
        Address(lines=("5 Elm Terrace",), city="Madison", region="WI", postcode="53703", country="US"),
    ),
)
CHINESE = (
    (
        "林晚舟",
        "lin@example.com",
        Address(lines=("静安区愚园路88号3幢502",), city="上海市", region="上海", postcode="200040", country="CN"),
    ),
    (
        "周子墨",
        "zhou@example.com",
        Address(lines=("天河区体育西路12号",), city="广州市", region="广东", postcode="510620", country="CN"),
    ),
    (
        "陈思远",
        "chen.siyuan@example.com",
        Address(lines=("武侯区人民南路四段9号",), city="成都市", region="四川", postcode="610041", country="CN"),
    ),
    (
        "吴清欢",
        "wu@example.com",
        Address(lines=("朝阳区建国路56号",), city="北京市", region="北京", postcode="100022", country="CN"),
    ),
    (
        "赵一鸣",
        "zhao@example.com",
        Address(lines=("鼓楼区中山路101号",), city="南京市", region="江苏", postcode="210008", country="CN"),
    ),
    (
        "何小满",
        "he@example.com",
        Address(lines=("岳麓区麓山南路2号",), city="长沙市", region="湖南", postcode="410083", country="CN"),
    ),
)


def basket(order_id: int, goods: Sequence[Good], random: Random) -> list[SimLine]:
    """Two or three of `goods`, as lines of a new order."""
    chosen = random.sample(goods, random.choice((2, 2, 3)))
    return [
        SimLine(str(order_id + place + 1), title, variant, sku, random.choice((1, 1, 1, 2)), price)
        for place, (title, variant, sku, price) in enumerate(chosen)
    ]
