"""The words of platforms for after-sales cases, and our states. Data.

Sources: Taobao refund status (taobao.refund.get); WeChat shop, codes of after-sales orders; Youzan refundState; Alibaba
LinkedMall disputeStatus. A word that stands for two of our states is told apart by the parcel that comes back.
"""

from collections.abc import Mapping

from orders.refunds.case import Reason
from tickets.aftersales.states import State

S = State

PLATFORM_STATES: Mapping[str, Mapping[str, State]] = {
    "taobao": {
        "WAIT_SELLER_AGREE": S.REQUESTED,
        "SELLER_REFUSE_BUYER": S.REJECTED,
        "WAIT_BUYER_RETURN_GOODS": S.AWAITING_RETURN,
        "WAIT_SELLER_CONFIRM_GOODS": S.RETURN_IN_TRANSIT,
        "SUCCESS": S.REFUNDED,
        "CLOSED": S.CLOSED,
    },
    "wechat_shop": {
        "1": S.CANCELLED,
        "2": S.REQUESTED,
        "4": S.REJECTED,  # the refund
        "5": S.REJECTED,  # the return
        "6": S.AWAITING_RETURN,
        "7": S.CLOSED,
        "8": S.RETURN_IN_TRANSIT,
        "12": S.REFUND_PENDING,  # the seller was too late
        "13": S.REFUNDED,
        "14": S.REFUNDED,  # with a return
        "15": S.REFUND_PENDING,
        "16": S.REFUND_FAILED,
        "17": S.REPLACING,
        "18": S.REFUND_FAILED,
        "19": S.CLOSED,
    },
    "youzan": {
        "1": S.REQUESTED,
        "10": S.REJECTED,
        "20": S.AWAITING_RETURN,
        "30": S.RETURN_IN_TRANSIT,
        "40": S.REJECTED,  # the goods have not come
        "45": S.REPLACING,
        "50": S.CLOSED,
        "60": S.REFUNDED,
    },
    "linkedmall": {
        "1": S.REQUESTED,
        "2": S.AWAITING_RETURN,
        "3": S.RETURN_IN_TRANSIT,
        "4": S.CLOSED,
        "5": S.REFUNDED,
        "6": S.REJECTED,
        "17": S.CANCELLED,  # being cancelled
    },
}
# What customers choose on Taobao as their reason contains; the first that fits counts.
_REASONS: tuple[tuple[str, Reason], ...] = (
    ("无理由", Reason.SEVEN_DAY),
    ("描述不符", Reason.NOT_AS_DESCRIBED),
    ("不一致", Reason.NOT_AS_DESCRIBED),
    ("与商品描述", Reason.NOT_AS_DESCRIBED),
    ("发错", Reason.WRONG_ITEM),
    ("错发", Reason.WRONG_ITEM),
    ("破损", Reason.DAMAGED),
    ("质量", Reason.DEFECTIVE),
    ("瑕疵", Reason.DEFECTIVE),
    ("少件", Reason.MISSING),
    ("漏发", Reason.MISSING),
    ("缺货", Reason.OUT_OF_STOCK),
    ("未按约定时间", Reason.LATE),
    ("未收到", Reason.LOST),
    ("没收到", Reason.LOST),
    ("丢", Reason.LOST),
    ("不想要", Reason.CHANGED_MIND),
    ("不喜欢", Reason.CHANGED_MIND),
    ("拍错", Reason.CHANGED_MIND),
    ("多拍", Reason.CHANGED_MIND),
)
# LinkedMall's returnGoodLogisticsStatus of the parcel that comes back: 0 nothing, 1–4 on the way, 6 failed.
LINKEDMALL_SIGNED = "5"


def state_of(platform: str, word: str, *, goods_here: bool = False) -> State | None:
    """Our state for a platform's word; None for one that no table knows. `goods_here`: the return has arrived."""
    state = PLATFORM_STATES.get(platform, {}).get(word.strip())
    return S.RECEIVED if state is S.RETURN_IN_TRANSIT and goods_here else state


def reason_of(words: str) -> Reason:
    """Our reason for what the customer chose on the platform, in Chinese."""
    return next((reason for part, reason in _REASONS if part in words), Reason.OTHER)


def words_of(platform: str, state: State) -> tuple[str, ...]:
    """The platform's words for our state; none where it has no word of its own."""
    at = S.RETURN_IN_TRANSIT if state is S.RECEIVED else state
    return tuple(word for word, known in PLATFORM_STATES.get(platform, {}).items() if known is at)
