"""`wismo refunds connect`, `… limits` and `… reconcile`: what an operator types and sees; secrets are never shown."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app import cli_orders
from app.cli import main
from app.database import open_database
from core.audit import AuditEntry
from core.shops import Shop
from orders.refunds.models import PaymentAccount
from orders.refunds.statement_models import StatementDifference
from tests.fakes.gateways import a_service
from tests.fakes.payments import MERCHANT_PRIVATE
from tests.orders.deliveries import a_shop

DATA = Path(__file__).resolve().parents[1] / "data" / "refunds"
ALIPAY = dict(a_service("alipay").credentials)
Wismo = Callable[..., Result]


@pytest.fixture
def wismo(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wismo:
    """Type a command; the database is this test's own and has the shop Lumen."""
    monkeypatch.setenv("WISMO_DATABASE_URL", database_url)
    monkeypatch.setenv("WISMO_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(cli_orders, "configure_logs", lambda *_: None)
    in_it(database_url, lambda: a_shop().save(force_create=True))

    def run(*words: str, stdin: str = "", status: int = 0) -> Result:
        result = CliRunner().invoke(main, words, input=stdin)
        assert result.exit_code == status, result.output
        return result

    return run


def in_it(database_url: str, question: Callable[[], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with open_database(database_url):
            return await question()

    return asyncio.run(run())


def test_an_account_is_added_from_standard_input_and_listed_without_its_secrets(
    wismo: Wismo, database_url: str
) -> None:
    said = wismo(
        "refunds", "connect", "lumen", "--gateway", "alipay", "--credentials-file", "-", stdin=json.dumps(ALIPAY)
    ).output
    said += wismo("refunds", "accounts").output
    assert "lumen\talipay\t-\t-\tin use" in said
    account = in_it(database_url, lambda: PaymentAccount.get(gateway="alipay"))
    assert account.credentials == ALIPAY
    notes = in_it(
        database_url, lambda: AuditEntry.filter(action="shop.payment_account_opened").values("subject", "detail")
    )
    assert notes == [{"subject": account.public_id, "detail": {"gateway": "alipay", "address": ""}}]
    assert "PRIVATE" not in said + json.dumps(notes)


def test_keys_come_from_files_and_the_rest_is_asked_for(wismo: Wismo, database_url: str, tmp_path: Path) -> None:
    private, public = tmp_path / "apiclient_key.pem", tmp_path / "pub_key.pem"
    private.write_text(MERCHANT_PRIVATE)
    public.write_text(str(ALIPAY["public_key"]))
    pems = ("--pem", "private_key", str(private), "--pem", "keys.PUB_KEY_ID_1", str(public))
    wismo("refunds", "connect", "lumen", "--gateway", "wechatpay", *pems, stdin="1900000100\n3775B6A4\n")
    account = in_it(database_url, lambda: PaymentAccount.get(gateway="wechatpay"))
    assert (account.credentials["mchid"], account.credentials["serial_no"]) == ("1900000100", "3775B6A4")
    assert list(account.credentials["keys"]) == ["PUB_KEY_ID_1"]
    again = wismo("refunds", "connect", "lumen", "--gateway", "stripe", "--serves", "Kreditkarte", stdin="sk_test_1\n")
    assert "sk_test" not in again.output
    wismo("refunds", "disconnect", "lumen", "--gateway", "stripe")
    assert "lumen\tstripe\t-\tKreditkarte\tclosed" in wismo("refunds", "accounts").output


@pytest.mark.parametrize(
    ("gateway", "credentials", "said"),
    [
        ("stripe", {"secret_key": "pk_live_s3cret"}, "begin with sk_"),
        ("stripe", {"secret": "sk_s3cret"}, "the credentials are secret_key"),
        ("stripe", {"secret_key": ""}, "the credentials are secret_key"),
        ("alipay", {**ALIPAY, "private_key": "s3cret"}, "not a private key"),
        ("alipay", {**ALIPAY, "public_key": "s3cret"}, "not a public key"),
        ("alipay", {**ALIPAY, "more": "s3cret"}, "app_cert_sn"),
        ("wechatpay", {"mchid": "1", "serial_no": "2", "private_key": MERCHANT_PRIVATE, "keys": {}}, "keys"),
        ("shopify", {"access_token": "s3cret"}, "address"),
        ("woocommerce", {"consumer_key": "s3cret"}, "address"),
    ],
)
def test_what_can_never_work_is_refused_at_once_and_not_repeated(
    wismo: Wismo, gateway: str, credentials: dict[str, Any], said: str
) -> None:
    words = ("refunds", "connect", "lumen", "--gateway", gateway, "--credentials-file", "-")
    refused = wismo(*words, stdin=json.dumps(credentials), status=1).output
    assert said in refused
    assert "s3cret" not in refused


def test_an_address_has_to_be_safe(wismo: Wismo) -> None:
    words = (
        "refunds",
        "connect",
        "lumen",
        "--gateway",
        "shopify",
        "--credentials-file",
        "-",
        "--address",
        "http://lumen.example",
    )
    assert "https://" in wismo(*words, stdin='{"access_token": "shpat_1"}', status=1).output


def test_a_limit_is_set_printed_and_taken_back(wismo: Wismo, database_url: str) -> None:
    usual = wismo("refunds", "limits", "lumen").output
    assert "USD\tagent\t30.00\t300.00\tusual\n" in usual
    assert "USD\tadmin\tnone\tnone\tusual\n" in usual
    agents = ("refunds", "limits", "lumen", "--currency", "USD", "--role", "agent")
    assert "USD\tagent\t50.00\t300.00\tshop\n" in wismo(*agents, "--single", "50.00").output
    unlimited = wismo(*agents[:-1], "supervisor", "--daily", "none").output
    assert "USD\tsupervisor\t300.00\tnone\t" in unlimited
    assert "USD\tagent\t50.00\t300.00\tshop\n" in unlimited
    wismo(*agents[:-1], "supervisor", "--daily", "usual")
    assert wismo(*agents, "--single", "usual").output == usual
    notes = in_it(
        database_url, lambda: AuditEntry.filter(action="shop.refund_limits_set").order_by("id").values("detail")
    )
    assert notes[0]["detail"] == {"limits": {"single": {"USD": {"agent": 50_00}}}}


def test_limits_that_make_no_sense_are_refused(wismo: Wismo, database_url: str) -> None:
    agents = ("refunds", "limits", "lumen", "--currency", "USD", "--role", "agent")
    assert "less in a day than at once" in wismo(*agents, "--single", "400.00", status=1).output
    assert "less than the role below" in wismo(*agents, "--daily", "5000.00", status=1).output
    assert "whose limit? --role" in wismo(*agents[:-2], "--single", "1.00", status=2).output
    assert "no shop has the key nobody" in wismo("refunds", "limits", "nobody", status=2).output
    assert in_it(database_url, lambda: Shop.get(key="lumen")).refund_limits is None


def test_a_bill_is_compared_and_what_is_unknown_is_kept(wismo: Wismo, database_url: str) -> None:
    wismo("refunds", "connect", "lumen", "--gateway", "alipay", "--credentials-file", "-", stdin=json.dumps(ALIPAY))
    assert wismo("refunds", "differences").output == "Everything fits.\n"
    words = ("refunds", "reconcile", "--shop", "lumen", "--gateway", "alipay")
    said = wismo(*words, "--file", str(DATA / "alipay_bill.csv"), status=1).output
    assert "in the statement, unknown here\t-\tRF20260303000004\t-\t20.00\tCNY\t2026-03-03 15:59:59" in said
    assert "2 refunds in the statement, 2 differences." in said
    listed = wismo("refunds", "differences").output
    assert "lumen\talipay\tin the statement, unknown here\t-\tRF20260303000004\t-\t20.00\tCNY" in listed
    kept = in_it(database_url, lambda: StatementDifference.all().order_by("at"))
    assert [row.reference for row in kept] == ["rfp_01k9q3v6m2n4p5q6r7s8t9v0wx", "RF20260303000004"]
    other = wismo(*words, "--file", str(DATA / "wechatpay_bill.csv"), status=1).output
    assert "is this the right bill?" in other
    days = ("--since", "2026-02-02", "--until", "2026-02-01")
    assert "--since is after --until" in wismo(*words, *days, status=1).output
    assert "no account" in wismo(*words[:-1], "stripe", status=1).output
