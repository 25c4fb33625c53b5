"""Which consumer law holds in a country."""

from orders.refunds.case import Jurisdiction

# The European Economic Area: the directive on consumer rights holds in all of it.
_STATES = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
EEA = frozenset(_STATES.split())
_OWN = {"CN": Jurisdiction.CN, "US": Jurisdiction.US}


def law_of(country: str) -> Jurisdiction:
    """The jurisdiction of an ISO 3166 code; Hong Kong, Macao, Taiwan and the United Kingdom have laws of their own."""
    code = country.strip().upper()
    return Jurisdiction.EU if code in EEA else _OWN.get(code, Jurisdiction.OTHER)
