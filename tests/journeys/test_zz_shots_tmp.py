"""Temporary."""
from datetime import timedelta
import pytest
from django.utils import timezone
from referrals import lifecycle, statistics, keyring
from referrals.models import Member, Urgency
from tests.builders import *
from tests.journeys.test_partner import *
from tests.journeys.test_partner import a_letter, page_of, sent_to, unlock, browser_of
for _n in [n for n in dir() if n.startswith("test_")]:
    del globals()[_n]
OUT="/tmp/shots-inbox"

def send(team, *more, urgency="24h", at=None, **letter):
    from referrals import sealing
    plan=[t.addressee for t in (team,*more)]
    code, sealed = sealing.seal_first(a_letter(**letter), to=plan)
    return Sent(lifecycle.submit(sealed, plan=plan, urgency=urgency, at=at or timezone.now()), code)

def shots(page, name, full=True):
    for scheme in ("light","dark"):
        page.emulate_media(color_scheme=scheme)
        for w in (360,1280):
            page.set_viewport_size({"width":w,"height":800})
            page.screenshot(path=f"{OUT}/{name}-{w}-{scheme}.png", full_page=full)
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if over>0: print("OVERFLOW", name, w, over)
    page.set_viewport_size({"width":320,"height":800})
    over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if over>0: print("OVERFLOW", name, 320, over)

@pytest.mark.django_db(transaction=True)
def test_shots(browser_of):
    p=a_partner(name="Le Pont des Lilas (fictif)", opening_hours="Mo-Fr 09:00-17:00")
    team=a_team(p, people=3); other=a_team(a_partner(name="Le Phare (fictif)")); third=a_team(a_partner(name="La Traverse (fictif)"))
    for m,n in zip(team.members,("Awa Diallo","Bruno","Chloé")): m.name=n; m.save()
    a_commune()
    s=a_service(slug="crip-93", name="CRIP 93", kind="reporting", phones=["0142000000"])
    now=timezone.now()
    send(team, other, urgency="now", at=now-timedelta(hours=2))
    send(team, urgency="24h", at=now-timedelta(hours=70), facts={"age_band":"18-20","departement":"75","needs":["juridique"]})
    main=send(team, other, urgency="24h", contact={"contact_channel":"call","contact_value":"01 99 00 11 22","contact_device":"shared","contact_hours":"mardi, 10 h à 12 h","contact_message":"no","contact_organisation":"no","contact_code_word":"mimosa","contact_until":"02/12/2026"}, nickname="Lune", text="Je suis chez quelqu’un. Il garde mes papiers et mon téléphone la journée.\n\nJe veux partir mais je ne sais pas où dormir.", facts={"avoid_commune":"93008"})
    send(team, urgency="now", facts={"age_band":"unknown","departement":None,"needs":["ecoute"]})
    send(team, urgency="week", at=now-timedelta(days=1), facts={"age_band":"21-25","departement":"94","needs":["sortie","papiers","sante"]})
    taken=send(team, other, urgency="24h", at=now-timedelta(days=1), text="أحتاج إلى مساعدة", facts={"age_band":"18-20","language":"ar"})
    lifecycle.acknowledge(taken.referral, member=team.members[0], at=now)
    lifecycle.answer(taken.referral, an_answer(team,taken,"Bonjour. Nous pouvons vous recevoir mardi à 10 h, près du canal."), member=team.members[0], own=team.addressee, at=now)
    lifecycle.write_again(taken.referral, taken.writes_again("Merci. Mardi je peux."), readers=taken.readers(), at=now)
    for n in range(3):
        x=send(team, at=now-timedelta(days=5)); lifecycle.acknowledge(x.referral, member=team.members[n], at=now-timedelta(days=4))
    lifecycle.close(x.referral, member=team.members[2], at=now, outcome="helped")
    page=browser_of(team.members[0])
    page.goto("/espace/demandes/"); shots(page,"1-locked")
    unlock(page); expect(page.locator("#demandes[data-opened]")).to_be_visible(); shots(page,"2-inbox")
    page.goto("/espace/demandes/?file=attente"); expect(page.locator("#demandes[data-opened]")).to_be_visible(); shots(page,"3-attente")
    page.goto("/espace/demandes/?file=clos"); page.wait_for_timeout(500); shots(page,"3b-clos")
    page.goto(page_of(main)); expect(page.locator("#demande[data-opened]")).to_be_visible(); shots(page,"4-referral")
    page.locator("summary", has_text="Passer le relais").click(); page.locator("summary", has_text="Nous ne").click(); shots(page,"4b-acts")
    page.goto(page_of(taken)); expect(page.locator("#demande[data-opened]")).to_be_visible(); shots(page,"5-taken")
    newcomer=a_member(p, name="Dina"); a_key_of(newcomer)
    invited=a_member(p, name="Elias"); invited.user.is_active=False; invited.user.save()
    page.goto("/espace/equipe/"); page.wait_for_timeout(400); shots(page,"6-team")
    page.locator(".people details summary").first.click(); page.get_by_text("Changer ma phrase secrète").click(); page.wait_for_timeout(200); shots(page,"6b-team-open")
    for k,n in (("sent:all",40),("closed:all",23),("closed:outcome:helped",12),("closed:outcome:oriented",7),("sent:age:15-17",19),("sent:age:18-20",13),("sent:age:unknown",8),("sent:departement:93",21),("sent:departement:75",11),("sent:urgency:24h",30),("sent:urgency:now",10)):
        for _ in range(n): statistics.count([k], on=timezone.localdate())
    page.goto("/espace/chiffres/"); shots(page,"7-figures")
    new=browser_of(a_member(a_partner(name="Une équipe neuve (fictif)"), role="manager"))
    new.goto("/espace/demandes/"); new.get_by_label("Choisissez-la").fill("le vieux train passe"); shots(new,"8-setup")
    new.get_by_label("La même, encore une fois").fill("le vieux train passe"); new.get_by_role("button",name="Fabriquer").click(); expect(new.locator("#papier")).to_be_visible(); shots(new,"9-paper")
    new.emulate_media(media="print"); new.screenshot(path=f"{OUT}/9b-print.png"); new.emulate_media(media="screen")
    words=new.locator(".twelve li").all_inner_texts(); type_back(new, words); new.wait_for_url("**/demandes/"); shots(new,"10-notlive")
    w=browser_of(newcomer); w.goto("/espace/demandes/"); shots(w,"11-waiting")
