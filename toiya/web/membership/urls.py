"""Routes of the membership site."""

from django.urls import path

from toiya.web.membership import views

app_name = "membership"
urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-in/password/", views.password, name="password"),
    path("sign-out/", views.sign_out, name="sign_out"),
]
