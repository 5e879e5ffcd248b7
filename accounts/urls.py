"""Addresses of the staff area that are about accounts: those of allauth that we want, under its names, and ours.

Sign-up has no address. What is open to whoever is not signed in is decided by the views (accounts/gate.py).
"""

from allauth.account import views as account
from allauth.mfa.base import views as factor
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as code
from allauth.mfa.webauthn import views as key
from django.urls import path, re_path

from accounts import views
from accounts.gate import open_before_second_factor, open_while_locked

urlpatterns = [
    path("invitation/<str:token>/", views.open_invitation, name="open_invitation"),
    path("bienvenue/", views.accept_invitation, name="accept_invitation"),
    path("connexion/", account.login, name="account_login"),
    path("connexion/code/", factor.authenticate, name="mfa_authenticate"),
    path("connexion/ferme/", account.account_inactive, name="account_inactive"),
    path("deconnexion/", account.logout, name="account_logout"),
    path("oubli/", account.password_reset, name="account_reset_password"),
    path("oubli/envoye/", account.password_reset_done, name="account_reset_password_done"),
    path("oubli/fait/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    re_path(
        r"^oubli/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("verrou/", open_while_locked(account.reauthenticate), name="account_reauthenticate"),
    path("verrou/code/", open_while_locked(factor.reauthenticate), name="mfa_reauthenticate"),
    path("verrou/cle/", open_while_locked(key.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"),
    path("verrouiller/", views.lock, name="lock"),
    path("present/", views.still_here, name="still_here"),
    path("compte/", open_before_second_factor(factor.index), name="mfa_index"),
    path("compte/mot-de-passe/", account.password_change, name="account_change_password"),
    path("compte/code/ajouter/", open_before_second_factor(views.SetUpCode.as_view()), name="mfa_activate_totp"),
    path("compte/code/retirer/", code.deactivate_totp, name="mfa_deactivate_totp"),
    path("compte/cles/", key.list_webauthn, name="mfa_list_webauthn"),
    path("compte/cles/ajouter/", open_before_second_factor(views.SetUpKey.as_view()), name="mfa_add_webauthn"),
    path("compte/cles/<int:pk>/retirer/", key.remove_webauthn, name="mfa_remove_webauthn"),
    path("compte/cles/<int:pk>/nommer/", key.edit_webauthn, name="mfa_edit_webauthn"),
    path("compte/secours/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("compte/secours/nouveaux/", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("compte/secours/fichier/", recovery.download_recovery_codes, name="mfa_download_recovery_codes"),
]
