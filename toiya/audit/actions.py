"""What the log can say. Values are the field's operation words; labels are the sentences on the activity page."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class AuditAction(TextChoices):
    """Every change that is recorded, one value for each kind."""

    CREATE_TENANT = "create_tenant", _("Work account of the organization created")
    UPDATE_TENANT = "update_tenant", _("Organization changed")
    CREATE_USER = "create_user", _("User added")
    UPDATE_USER = "update_user", _("User changed")
    DISABLE_USER = "disable_user", _("User disabled")
    ENABLE_USER = "enable_user", _("User enabled")
    ASSIGN_ROLES = "assign_roles", _("Roles of a user changed")
    RESET_USER_PASSWORD = "reset_user_password", _("Password of a user reset")
    CHANGE_PASSWORD = "change_password", _("Own password changed")
    ADD_SECOND_FACTOR = "add_second_factor", _("Second factor added")
    REMOVE_SECOND_FACTOR = "remove_second_factor", _("Second factor removed")
    START_ENROLLMENT = "start_enrollment", _("Enrollment started")
    UPDATE_ENROLLMENT = "update_enrollment", _("Enrollment draft changed")
    LINK_MEMBERSHIP = "link_membership", _("Membership ID chosen")
    ACCEPT_AGREEMENT = "accept_agreement", _("Agreement accepted")
    SUBMIT_ENROLLMENT = "submit_enrollment", _("Enrollment submitted")
    WITHDRAW_ENROLLMENT = "withdraw_enrollment", _("Enrollment withdrawn")
    CONFIRM_CONTACT = "confirm_contact", _("Primary contact confirmed the enrollment")
    DENY_CONTACT = "deny_contact", _("Primary contact denied the enrollment")
    RECORD_CHECK = "record_check", _("Check of an enrollment decided")
    REQUEST_INFORMATION = "request_information", _("More information asked for")
    APPROVE_ENROLLMENT = "approve_enrollment", _("Enrollment approved")
    REJECT_ENROLLMENT = "reject_enrollment", _("Enrollment rejected")
    UPDATE_PARTNER_PROFILE = "update_partner_profile", _("Partner profile changed")
    UPDATE_PROVIDER_ENTRY = "update_provider_entry", _("Directory entry submitted for approval")
    APPROVE_PROVIDER_ENTRY = "approve_provider_entry", _("Directory entry approved")
    RETURN_PROVIDER_ENTRY = "return_provider_entry", _("Directory entry returned")
    WITHDRAW_PROVIDER_ENTRY = "withdraw_provider_entry", _("Directory entry withdrawn")
    FOUND_OPERATOR = "found_operator", _("Installation set up")
    REGISTER_PROVIDER = "register_provider", _("Indirect provider registered")
    SUSPEND_PARTNER = "suspend_partner", _("Partner suspended")
    RESTORE_PARTNER = "restore_partner", _("Partner restored")
    UPDATE_PROGRAMME = "update_programme", _("Programme settings changed")
    UPDATE_COUNTRY = "update_country", _("Country of the programme changed")
    ADD_WEB_MAIL_DOMAIN = "add_web_mail_domain", _("Web-mail domain added")
    REMOVE_WEB_MAIL_DOMAIN = "remove_web_mail_domain", _("Web-mail domain removed")
    PUBLISH_AGREEMENT = "publish_agreement", _("Agreement published")
    REGISTER_OLDER_RELATIONSHIP = (
        "register_older_relationship",
        _("Relationship from an older portal registered"),
    )
    REMOVE_OLDER_RELATIONSHIP = "remove_older_relationship", _("Relationship from an older portal removed")
    CREATE_PARTNER_INVITATION = "create_partner_invitation", _("Partnership requested")
    SEND_PARTNER_INVITATION = "send_partner_invitation", _("Partnership invitation mailed")
    REVOKE_PARTNER_INVITATION = "revoke_partner_invitation", _("Partnership request revoked")
    DECLINE_PARTNER_INVITATION = "decline_partner_invitation", _("Partnership request declined")
    CREATE_PARTNER_RELATIONSHIP = "create_partner_relationship", _("Partnership established")
    CONFIRM_PARTNER_RELATIONSHIP = "confirm_partner_relationship", _("Partnership confirmed by the provider")
    REMOVE_PARTNER_RELATIONSHIP = "remove_partner_relationship", _("Partnership removed")
    CREATE_RELATIONSHIP_INVITATION = "create_relationship_invitation", _("Reseller relationship requested")
    SEND_RELATIONSHIP_INVITATION = "send_relationship_invitation", _("Invitation mailed to a customer")
    REVOKE_RELATIONSHIP_INVITATION = "revoke_relationship_invitation", _("Invitation to a customer revoked")
    DECLINE_RELATIONSHIP_INVITATION = (
        "decline_relationship_invitation",
        _("Invitation declined by the customer"),
    )
    ACCEPT_RELATIONSHIP_INVITATION = (
        "accept_relationship_invitation",
        _("Invitation accepted; the reseller relationship existed already"),
    )
    CREATE_RESELLER_RELATIONSHIP = "create_reseller_relationship", _("Reseller relationship established")
    IMPORT_RESELLER_RELATIONSHIP = (
        "import_reseller_relationship",
        _("Reseller relationship imported from an older portal"),
    )
    REMOVE_RESELLER_RELATIONSHIP = "remove_reseller_relationship", _("Reseller relationship removed")
    CREATE_ADMINISTRATION_GRANT = "create_administration_grant", _("Administrator access granted")
    REMOVE_ADMINISTRATION_GRANT = "remove_administration_grant", _("Administrator access removed")
    ASSIGN_ACCESS = "assign_access", _("Use of granted access assigned to a group")
    MOVE_CLOCK = "move_clock", _("Test clock moved")
