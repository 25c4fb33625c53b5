"""Postal addresses as people type them."""

import time

import pytest

from bots.places import find_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (
            "change it to 1412 Maple Street, Apt 2204, Chicago, IL 60614 please",
            "1412 Maple Street, Apt 2204, Chicago, IL 60614",
        ),
        ("Send order 1001 to 44 Elm Road, Springfield IL 62701 instead", "44 Elm Road, Springfield IL 62701"),
        ("PO Box 9921, Austin, TX 78701", "PO Box 9921, Austin, TX 78701"),
        ("Goethestraße 12, 20095 Hamburg", "Goethestraße 12, 20095 Hamburg"),
        ("10 Downing Street, London SW1A 2AA", "10 Downing Street, London SW1A 2AA"),
        ("改到上海市静安区南京西路1266号恒隆广场2001室", "上海市静安区南京西路1266号恒隆广场2001室"),
        ("地址改成浙江省杭州市余杭区文一西路969号3号楼1203，谢谢", "浙江省杭州市余杭区文一西路969号3号楼1203"),
        ("新地址：幸福小区12栋3单元1502", "幸福小区12栋3单元1502"),
    ],
)
def test_address(text: str, address: str) -> None:
    assert find_address(text) == address


@pytest.mark.parametrize(
    "text", ["", "where is my order 1001", "I waited 3 weeks on the road", "我在路上了", "订单号1001到哪了"]
)
def test_no_address(text: str) -> None:
    assert find_address(text) is None


@pytest.mark.parametrize("piece", ["上海市", "号1", "路", "12 aa ", "1 a st ", "area "])
def test_hostile_text_costs_little(piece: str) -> None:
    started = time.process_time()
    find_address(piece * (2**20 // len(piece)))
    assert time.process_time() - started < 0.1
