"""Computers of a customer of the demo, with a policy for their first start."""

from toiya.core.actor import Actor
from toiya.devices.devices import create_batch, set_policies
from toiya.devices.models import Device, PolicySetting
from toiya.devices.policies import create_policy
from toiya.devices.work import work_on_devices
from toiya.directory.models import Tenant

BATCH = "新入社員用 2026 年秋"
MODELS = (("Tsubame", "Wing 2", "W2", 8), ("Kamome", "Nagi 14", "N14", 4))


def equip(partner: Actor, *, customer: Tenant) -> None:
    """A batch of computers, registered as the worker does it; half of them have a policy."""
    policy = create_policy(
        partner,
        customer_id=customer.pk,
        name="事務用 PC",
        description="利用者は管理者権限を持ちません。",
        settings=[
            PolicySetting.REMOVE_OEM_PREINSTALLS,
            PolicySetting.OOBE_USER_NOT_LOCAL_ADMIN,
            PolicySetting.SKIP_EULA,
        ],
    )
    devices = [
        {"serial_number": f"{sign}-{20260 + number}", "manufacturer": maker, "model_name": model}
        for maker, model, sign, count in MODELS
        for number in range(1, count + 1)
    ]
    create_batch(partner, customer_id=customer.pk, name=BATCH, devices=devices)
    work_on_devices()
    registered = Device.objects.visible_to(partner).filter(customer=customer)
    first = registered.filter(manufacturer=MODELS[0][0]).values_list("pk", flat=True)
    set_policies(partner, customer_id=customer.pk, device_ids=list(first), policy_id=str(policy.pk))
