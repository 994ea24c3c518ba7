"""Routes of the enrolment: the wizard, the status page, the primary contact's link."""

from django.urls import path

from toiya.web.enrolment import association, details, start, status, verification

app_name = "enrolment"
WIZARD = "dashboard/enrolment/"
urlpatterns = [
    path(WIZARD, start.welcome, name="welcome"),
    path(f"{WIZARD}work-account/", start.work_account, name="work_account"),
    path(f"{WIZARD}work-account/create/", start.create, name="create"),
    path(f"{WIZARD}work-account/created/", start.created, name="created"),
    path(f"{WIZARD}membership/", association.explain, name="membership"),
    path(f"{WIZARD}membership/user-name/", association.user_name, name="user_name"),
    path(f"{WIZARD}membership/password/", association.password, name="password"),
    path(f"{WIZARD}membership/cancel/", association.cancel, name="cancel"),
    path(f"{WIZARD}organization/", association.organization, name="organization"),
    path(f"{WIZARD}legal-profile/", details.legal_profile, name="legal_profile"),
    path(f"{WIZARD}contact/", details.contact, name="primary_contact"),
    path(f"{WIZARD}support/", details.support, name="support"),
    path(f"{WIZARD}review/", details.review, name="review"),
    path(f"{WIZARD}support-contact/", details.short, name="short"),
    path(f"{WIZARD}status/", status.show, name="status"),
    path(f"{WIZARD}status/resend/", status.resend, name="resend"),
    path(f"{WIZARD}status/correct/", status.correct, name="correct"),
    path(f"{WIZARD}status/withdraw/", status.withdraw, name="withdraw"),
    path("verify/contact/<token>/", verification.show, name="contact"),
    path("verify/contact/<token>/confirm/", verification.confirm, name="confirm"),
    path("verify/contact/<token>/deny/", verification.deny, name="deny"),
]
