"""A link opens what Toiya made it for, and nothing else (G-10, T-07)."""

import random
import string
import uuid

import pytest
from django.urls import reverse

from tests.cast import Cast, browser_of, partner
from tests.customers.story import accepted, consent_to, invited, invited_for_both
from toiya.core.errors import InvalidLink
from toiya.core.links import Purpose, link_token
from toiya.customers.answers import open_link
from toiya.customers.models import RelationshipInvitation
from toiya.relations.models import ResellerRelationship

MUTATIONS = 10_000
THROUGH_THE_PAGE = 300
ALPHABET = string.ascii_letters + string.digits + "-_=."


def mutated(token: str, dice: random.Random) -> str:
    """The token with one to three signs changed, inserted, removed, swapped, or cut off."""
    signs = list(token)
    for _ in range(dice.randint(1, 3)):
        place = dice.randrange(len(signs))
        if len(signs) == 1:
            break
        match dice.randrange(5):
            case 0:
                signs[place] = dice.choice(ALPHABET)
            case 1:
                signs.insert(place, dice.choice(ALPHABET))
            case 2:
                del signs[place]
            case 3:
                other = dice.randrange(len(signs))
                signs[place], signs[other] = signs[other], signs[place]
            case _:
                signs = signs[: max(place, 1)]
    return "".join(signs)


def forged(invitation: RelationshipInvitation, other: uuid.UUID, dice: random.Random) -> list[str]:
    """Ten thousand tokens that are not the invitation's."""
    genuine = token_of(invitation)
    of_other_purposes = [
        link_token(purpose, invitation.pk, invitation.version)
        for purpose in Purpose
        if purpose is not Purpose.RELATIONSHIP_INVITATION
    ]
    assert genuine not in of_other_purposes
    neighbours = link_token(Purpose.RELATIONSHIP_INVITATION, other, 1)
    spliced = [genuine[:cut] + neighbours[cut:] for cut in range(1, 60)]
    other_spellings = [genuine[:-1] + sign for sign in ALPHABET] + [f"{genuine}=", f"{genuine}=="]
    tokens = [token for token in (*of_other_purposes, *spliced, *other_spellings) if token != genuine]
    while len(tokens) < MUTATIONS:
        token = mutated(genuine, dice)
        if token != genuine:
            tokens.append(token)
    return tokens


def token_of(invitation: RelationshipInvitation) -> str:
    return link_token(Purpose.RELATIONSHIP_INVITATION, invitation.pk, invitation.version)


@pytest.mark.goal("G-10")
def test_ten_thousand_altered_links_open_nothing(cast: Cast) -> None:
    """Planted faults: the MAC compared in its first 4 bytes only; the purpose left out of the MAC; no check
    of the one spelling.
    """
    invitation, neighbour = invited(cast.kai), uuid.uuid4()
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201
    dice = random.Random(seed)  # noqa: S311
    tokens = forged(invitation, neighbour, dice)
    assert open_link(token_of(invitation)).invitation == invitation

    opened = [token for token in tokens if opens(token)]

    assert opened == []
    browser, consent = browser_of(cast.emi), consent_to(invitation)
    for token in (token for token in dice.sample(tokens, THROUGH_THE_PAGE) if "/" not in token):
        assert browser.post(f"/invitations/customer/{token}/", consent).status_code == 404
    assert not ResellerRelationship.objects.exists()
    accepted(cast.emi, invitation)


def opens(token: str) -> bool:
    """Whether the token leads anywhere."""
    try:
        open_link(token)
    except InvalidLink:
        return False
    return True


@pytest.mark.goal("G-10")
def test_query_form_and_cookies_cannot_change_the_offer(cast: Cast) -> None:
    """Everything is read from the stored offer. Planted fault: ``grant_days`` read from the form."""
    partner(cast.hinode, cast.kawase)
    invitation = invited_for_both(cast.kai, cast.hinode, grant_days=30)
    browser = browser_of(cast.emi)
    browser.cookies["provider"] = str(cast.midori.pk)
    path = reverse("customers:invitation", args=[token_of(invitation)])
    smuggled = {
        "grant_days": "730",
        "provider": str(cast.midori.pk),
        "reseller": str(cast.yamabuki.pk),
        "tenant": str(cast.yamabuki.pk),
        "named_customer": str(cast.yamabuki.pk),
        "expires_at": "2099-01-01",
        f"roles_{cast.midori.pk.hex}": ["global_administrator"],
        f"roles_{cast.hinode.pk.hex}": ["global_administrator"],
    }

    answer = browser.post(
        f"{path}?provider={cast.midori.pk}&grant_days=730", {**consent_to(invitation), **smuggled}
    )

    assert answer.status_code == 302
    related = {row.partner for row in ResellerRelationship.objects.filter(customer=cast.aoba)}
    grant = cast.aoba.grants_given.get()
    assert related == {cast.kawase, cast.hinode}
    assert (grant.grantee, (grant.expires_at - grant.starts_at).days) == (cast.kawase, 30)
