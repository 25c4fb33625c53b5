"""How Chinese messages become plain: placeholders, menu entries sent twice, slips by sound, traditional characters."""

import pytest

from bots.entities import find_entities
from bots.rulebook import Rulebook


def heard(rulebook: Rulebook, text: str) -> tuple[str, ...]:
    return rulebook.understand(find_entities(text)).wording.zh


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("订单业务咨询订单业务咨询", ("订单业务咨询",)),
        ("查物流 查物流", ("查物流",)),
        ("你好[微笑]", ("你好",)),
        ("#E-s21 在吗", ("在吗",)),
        ("[图片] 坏了", ("图片,坏了",)),
        ("【截图】碎了", ("图片,碎了",)),
        ("[ORDERID_10012345] 到哪了", ("<number>,到哪了",)),
        ("[数字x]什么时候发", ("<digits>什么时候发",)),
        ("<订单号> 取消", ("<number>取消",)),
        ("哈哈哈哈", ("哈",)),
    ],
)
def test_what_is_not_said_in_words_is_named_or_left_out(text: str, plain: tuple[str, ...], rulebook: Rulebook) -> None:
    assert heard(rulebook, text) == plain


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("我要腿货", "我要退货"),
        ("惊天能到吗", "今天能到吗"),
        ("怎么开发漂", "怎么开发票"),
        ("优惠卷用不了", "优惠券用不了"),
        ("什么时候按装", "什么时候安装"),
        ("收获地址错了", "收货地址错了"),
        ("怎么申请报价", "怎么申请保价"),
        ("轉人工客服", "转人工客服"),
        ("發票怎麼開", "发票怎么开"),
        ("請問保固多久", "请问保修多久"),
        ("運費多少錢", "运费多少钱"),
    ],
)
def test_slips_by_sound_and_traditional_characters_say_the_same(slip: str, meant: str, rulebook: Rulebook) -> None:
    assert heard(rulebook, slip) == heard(rulebook, meant)


@pytest.mark.parametrize(
    "honest",
    [
        "小米有货吗",
        "现在马上发吗",
        "可服用吗",
        "这么快第二天就到了",
        "发或者不发给个话",
        "找到活动了吗",
        "这个茶价格多少",
        "到手后怎么用",
        "京东豆浆机有货吗",
        "淘宝价便宜",
    ],
)
def test_honest_words_are_no_slips(honest: str, rulebook: Rulebook) -> None:
    plain = "".join(heard(rulebook, honest))
    assert plain == honest.removesuffix("?")


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("请问什么时候发货", "order_status"),
        ("一般几天到", "shipping_info"),
        ("能不能明天送", "delivery_change"),
        ("退款到账了吗", "refund_status"),
        ("我要退款", "refund_request"),
        ("怎么退货", "return_exchange"),
        ("少发了一件", "item_problem"),
        ("怎么报修", "repair_install"),
        ("刚买就降价了 能退差价吗", "price_promo"),
        ("还有货吗", "stock"),
        ("发票什么时候寄", "invoice"),
        ("不取消了 继续发吧", "deny"),
        ("没收到货", "order_status"),
        ("你好 在吗 我昨天下的单怎么还没发货呀", "order_status"),
        ("亲 发票抬头写错了 能改吗", "invoice"),
        ("我那台空调 什么时候来人安装啊", "repair_install"),
        ("保修几年", "policy_info"),
    ],
)
def test_neighbouring_wishes_are_told_apart(text: str, intent: str, rulebook: Rulebook) -> None:
    assert rulebook.understand(find_entities(text)).intent == intent
