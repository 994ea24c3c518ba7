"""Runs in the clients' own environment: ``ms-partner-tools``, by the addresses that it knows by heart.

Arguments: client id, tenant, customer id. The first line of output is the code that a person must type.
"""

import json
import sys
import warnings

warnings.simplefilter("ignore")

from azure.identity import DeviceCodeCredential  # noqa: E402  (after the filter)
from partner_tools import PartnerTools  # noqa: E402
from partner_tools.auth import AuthInfo  # noqa: E402
from partner_tools.auth.auth_info import SCOPES  # noqa: E402


class OnAScreen(AuthInfo):  # type: ignore[misc]
    """The device code of the client's own class, without its cache, which needs a desktop's key ring."""

    def __init__(self, client_id: str, tenant: str) -> None:
        super().__init__(enable_cache=False)
        self.credential = DeviceCodeCredential(client_id=client_id, tenant_id=tenant, prompt_callback=_show)

    def _get_token(self) -> str:
        return str(self.credential.get_token(SCOPES[0]).token)


def _show(address: str, code: str, _until: object) -> None:
    print(json.dumps({"address": address, "code": code}), flush=True)


def main() -> None:
    client_id, tenant, customer_id = sys.argv[1:]
    tools = PartnerTools(OnAScreen(client_id, tenant))
    customers = tools.customer.get_customers()
    link = tools.customer.get_relationship_request_url()
    device = {
        "serialNumber": "5CG1234567",
        "productKey": "",
        "hardwareHash": "",
        "modelName": "ProBook 450",
        "oemManufacturerName": "HP",
    }
    tools.customer.enroll_devices([device], customer_id, "spring")
    again = {**device, "serialNumber": "5CG7654321"}
    tools.customer.enroll_devices([again], customer_id, "spring")
    devices = tools.customer.get_devices(customer_id, "spring")
    print(
        json.dumps(
            {"customers": [customer.dict() for customer in customers], "link": link, "devices": devices},
            default=str,
        )
    )


main()
