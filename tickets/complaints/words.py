"""Words in what customers write that tell of a complaint's weight and of what they see, in English and Chinese. Pure.

They only raise: nobody's complaint weighs less because of its words. A person's assessment comes before the symptoms.
"""

import re

_ENGLISH = {
    # alarms
    "regulator": r"trading standards|consumer (?:protection|affairs|council|association|ombudsman)|ombudsman"
    r"|better business bureau|\bbbb\b|\bftc\b|attorney general|small claims|\bsue you\b|legal action|my lawyer"
    r"|my attorney|take you to court|report you to",
    "press": r"newspaper|journalist|\breporter\b|the (?:press|media)\b|go public|\bon (?:tv|television)\b"
    r"|viral|expose you",
    "chargeback": r"charge ?-?back|dispute (?:the|this|my) (?:charge|payment|transaction)|(?:my|the) bank (?:will|to)"
    r"|call(?:ing)? my (?:bank|card)|paypal (?:dispute|case|claim)|a-to-z claim",
    "safety": r"caught fire|on fire|\bsmok(?:e|ing) (?:came|coming|out|from)|explod|electric(?:al)? shock|electrocut"
    r"|burn(?:t|ed) (?:my|me|him|her|our)|injur|allergic reaction|food poisoning|hospital|choking|sparks?\b",
    "privacy": r"data breach|leaked my|my (?:personal )?data (?:was|were|has|have|got) (?:leaked|stolen|shared)"
    r"|(?:somebody|someone) else'?s (?:order|address|name|data)|gdpr",
    # symptoms
    "CAR.SIGNED_NOT_RECEIVED": r"(?:says|marked|shows?(?: as)?) delivered (?:but|and)|delivered but (?:i|we|never|not)"
    r"|signed (?:for )?by (?:someone|somebody)|did ?n[o']t sign",
    "CAR.DAMAGED": r"arrived (?:broken|damaged|crushed|smashed)|damaged (?:in|during) (?:transit|shipping)"
    r"|parcel (?:is|was) (?:crushed|torn|wet)|came (?:broken|smashed)",
    "WH.WRONG_ITEM": r"wrong (?:item|product|size|colou?r|thing|one)|not what i ordered|someone else'?s order",
    "WH.SHORT": r"(?:missing|forgot) (?:an? )?(?:item|part|piece)|(?:item|part|piece)s? (?:is|are|was|were) missing"
    r"|only (?:got|received) (?:one|two|\d+|half)",
    "AS.REFUND_LATE": r"(?:waiting for|where is|not (?:got|received)) (?:my|the|a|any) (?:refund|money back)"
    r"|refund (?:has|is|still) (?:not|n'?t|late|overdue|hasn)",
    "PAY.DUPLICATE": r"charged (?:me )?(?:twice|two times|double)|double charge|paid twice",
    "PRD.DEFECT": r"does ?n[o']t work|not working|stopped working|broke after|defective|faulty|flicker",
    "PRD.NOT_AS_DESCRIBED": r"not as described|different from the (?:picture|photo|description)|looks nothing like",
    "PRD.COUNTERFEIT_CLAIM": r"\bfake\b|counterfeit|knock-?off|not (?:genuine|authentic)",
    "SVC.RUDE": r"\brude\b|insult|disrespect|hung up on me",
    "SVC.NO_REPLY": r"nobody (?:answers|replies|responds|answered|replied)|no (?:one )?(?:repl|answer|response)"
    r"|never (?:answered|replied)|ignored",
    "CAR.LATE": r"(?:so|too|very|still|days?|weeks?) late\b|(?:delivery|parcel|order) is late"
    r"|still has ?n[o']t (?:come|arrived)|where is my (?:order|parcel|package)|weeks? ago",
}
_CHINESE = {
    "regulator": r"12315|12345|消协|消费者协会|工商(?!银行)|市场监管|市监局|平台介入|黑猫投诉"
    r"|起诉|律师|法院|监管部门",
    "press": r"媒体|去曝光|要曝光|曝光你|记者|上热搜|发微博|发小红书|发抖音|315晚会",
    "chargeback": r"拒付|信用卡争议|找银行|向银行|撤销交易",
    "safety": r"着火|起火|冒烟|爆炸|漏电|触电|烫伤|烧伤|受伤|过敏|食物中毒|中毒|住院|进医院|异物",
    "privacy": r"泄露|信息外泄|隐私|别人的(?:订单|地址|信息|名字)|诈骗电话",
    "CAR.SIGNED_NOT_RECEIVED": r"(?:显示|已经?)签收.{0,8}没收到|没收到.{0,8}(?:显示|已)签收|不是我签收|谁签收|虚假签收",
    "CAR.DAMAGED": r"运输.{0,4}损坏|压坏|摔坏|破损|包裹.{0,4}(?:破|烂|湿)|到手就?(?:坏|碎)|碎了",
    "WH.WRONG_ITEM": r"发错|寄错|不是我(?:买|订|拍)的|颜色不对|尺码不对|型号不对",
    "WH.SHORT": r"少发|漏发|少了|缺(?:件|少|货件)|没发全",
    "AS.REFUND_LATE": r"退款(?:还)?(?:没|未|不)(?:到|收到|退)|(?:没|未)收到退款|钱还没退|不给退款|迟迟不退",
    "PAY.DUPLICATE": r"(?:重复|多次|两次)(?:扣款|付款|支付|扣)|扣了(?:我)?(?:两|二|2)(?:次|笔)",
    "PRD.DEFECT": r"坏了|不能用|用不了|质量问题|有瑕疵|不亮|闪烁|开不了机",
    "PRD.NOT_AS_DESCRIBED": r"与?(?:描述|图片|宣传)不(?:符|一致|一样)|货不对板",
    "PRD.COUNTERFEIT_CLAIM": r"假货|假的|冒牌|不是正品|高仿",
    "SVC.RUDE": r"态度(?:差|恶劣|不好|太差)|骂人|辱骂|不耐烦",
    "SVC.NO_REPLY": r"没人(?:理|回|回复|管)|不(?:回复|理人|回消息)|无人(?:回复|处理)",
    "CAR.LATE": r"(?:还|一直|迟迟)(?:没|未|不)(?:到|送到|收到|发货)|太慢|怎么还不(?:到|发)"
    r"|等了(?:好多|很多|\d+|[一二三四五六七八九十]+)天",
}
ALARMS = ("safety", "privacy", "regulator", "press", "chargeback")  # the gravest first

_PATTERNS = {
    code: re.compile(f"{english}|{_CHINESE[code]}", re.IGNORECASE | re.ASCII) for code, english in _ENGLISH.items()
}


def alarms(text: str) -> list[str]:
    """Which of ALARMS the words of a customer raise."""
    return [code for code in ALARMS if _PATTERNS[code].search(text)]


def symptoms(text: str) -> list[str]:
    """What the customer seems to see, as codes of causes; empty when the words tell nothing."""
    return [code for code, pattern in _PATTERNS.items() if code not in ALARMS and pattern.search(text)]
