"""The ids by which clients know roles of a directory. They are the same in every organisation and never change.

Where the field has a well-known id for the same role (the public template ids of directory roles), it is that one, so
that a program that was written with it finds the role here.
"""

import uuid

from toiya.core.permissions import DirectoryRole, Role

GLOBAL_ADMINISTRATOR = uuid.UUID("62e90394-69f5-4237-9190-012177145e10")
USER_ADMINISTRATOR = uuid.UUID("fe930be7-5e62-47db-91af-98c3a49a38b1")
BILLING_ADMINISTRATOR = uuid.UUID("b0f54661-2d74-4c50-afa3-1ec803f12efe")
HELPDESK_ADMINISTRATOR = uuid.UUID("729827e3-9c14-49f7-bb1b-9608f156bbb8")
LICENSE_ADMINISTRATOR = uuid.UUID("4d6ac14f-3453-41d0-bef9-a3e0c569773a")
DIRECTORY_READER = uuid.UUID("88d8e3e3-8f55-4a1e-953a-9b9898b8876b")

# Roles that a user of an organisation holds.
ROLE_IDS = {
    Role.GLOBAL_ADMIN: GLOBAL_ADMINISTRATOR,
    Role.USER_ADMIN: USER_ADMINISTRATOR,
    Role.BILLING_ADMIN: BILLING_ADMINISTRATOR,
}
ROLES = {role_id: role for role, role_id in ROLE_IDS.items()}
# Roles that an organisation lends to a partner.
DIRECTORY_ROLE_IDS = {
    DirectoryRole.GLOBAL_ADMINISTRATOR: GLOBAL_ADMINISTRATOR,
    DirectoryRole.USER_ADMINISTRATOR: USER_ADMINISTRATOR,
    DirectoryRole.LICENSE_ADMINISTRATOR: LICENSE_ADMINISTRATOR,
    DirectoryRole.HELPDESK_ADMINISTRATOR: HELPDESK_ADMINISTRATOR,
    DirectoryRole.DIRECTORY_READER: DIRECTORY_READER,
}
# Groups of a partner's own people: all who hold the role.
_OURS = uuid.UUID("6f8c3d0e-5b5a-4e0b-9d43-6c1f0a7e2b11")
GROUP_IDS = {role: ROLE_IDS.get(role) or uuid.uuid5(_OURS, role.value) for role in Role}
GROUPS = {group_id: role for role, group_id in GROUP_IDS.items()}
