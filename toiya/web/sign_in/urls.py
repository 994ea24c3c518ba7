"""Routes of signing in. The names are allauth's, so that its stages find them."""

from django.urls import URLPattern, URLResolver, path

from toiya.web.sign_in import security, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", views.SignIn.as_view(), name="account_login"),
    path("sign-in/second-factor/", views.GiveFactor.as_view(), name="mfa_authenticate"),
    path("sign-out/", views.sign_out, name="account_logout"),
    path("account/confirm/", views.confirm, name="account_reauthenticate"),
    path("account/password/", security.password, name="account_change_password"),
    path("account/security/", security.security, name="mfa_index"),
    path("account/security/app/", security.app, name="mfa_activate_totp"),
    path("account/security/passkey/", security.passkey, name="mfa_add_webauthn"),
    path("account/security/recovery-codes/", security.recovery_codes, name="mfa_generate_recovery_codes"),
    path("account/security/factors/<int:pk>/remove/", security.remove, name="mfa_remove"),
]
