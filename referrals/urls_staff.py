"""Addresses of a partner's team below /espace/; the gate of accounts/ stands before all of them."""

from django.urls import path

from referrals import views_inbox, views_team

app_name = "referrals_staff"

urlpatterns = [
    path("demandes/", views_inbox.inbox, name="inbox"),
    path("demandes/plis/", views_inbox.first_messages, name="first_messages"),
    path("demandes/communes/", views_inbox.communes, name="communes"),
    path("demandes/<uuid:public_id>/", views_inbox.referral, name="referral"),
    path("demandes/<uuid:public_id>/prendre/", views_inbox.acknowledge, name="acknowledge"),
    path("demandes/<uuid:public_id>/repondre/", views_inbox.answer, name="answer"),
    path("demandes/<uuid:public_id>/refuser/", views_inbox.decline, name="decline"),
    path("demandes/<uuid:public_id>/plis/", views_inbox.keys_to_hand, name="keys_to_hand"),
    path("demandes/<uuid:public_id>/relais/", views_inbox.hand_over, name="hand_over"),
    path("demandes/<uuid:public_id>/transmis/", views_inbox.tell_authority, name="tell_authority"),
    path("demandes/<uuid:public_id>/terminer/", views_inbox.close, name="close"),
    path("demandes/<uuid:public_id>/illisible/", views_inbox.lose_key, name="lose_key"),
    path("equipe/", views_team.team, name="team"),
    path("equipe/premiere-fois/", views_team.set_up, name="set_up"),
    path("equipe/premiere-fois/cles/", views_team.keep_keys, name="keep_keys"),
    path("equipe/acces/", views_team.give_shares, name="give_shares"),
    path("equipe/cles/", views_team.keys_to_renew, name="keys_to_renew"),
    path("equipe/depart/", views_team.renew, name="renew"),
    path("equipe/depart/<int:member_id>/", views_team.remove_without_key, name="remove_without_key"),
    path("equipe/recommencer/", views_team.start_again, name="start_again"),
    path("equipe/inviter/", views_team.invite, name="invite"),
    path("equipe/reglages/", views_team.change_settings, name="change_settings"),
    path("equipe/moi/phrase/", views_team.change_passphrase, name="change_passphrase"),
    path("equipe/moi/papier/", views_team.change_paper, name="change_paper"),
    path("equipe/moi/acces/", views_team.add_passkey, name="add_passkey"),
    path("equipe/moi/oubli/", views_team.forget_key, name="forget_key"),
    path("equipe/moi/courriels/", views_team.prefer, name="prefer"),
    path("chiffres/", views_team.figures, name="figures"),
]
