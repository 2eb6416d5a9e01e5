"""Keys: their form, what is stored of them, and who they stand for."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cavendish.accounts.keys import is_key, matches, new_key, prefix_of
from cavendish.accounts.repository import AccountRepository
from cavendish.errors import InvalidRequest, NotFound, Unauthorized

pytestmark = pytest.mark.anyio


def test_new_keys_are_32_hexadecimal_characters_and_differ():
    keys = {new_key() for _ in range(1000)}
    assert len(keys) == 1000
    assert all(re.fullmatch("[0-9a-f]{32}", key) and is_key(key) for key in keys)
    assert len({prefix_of(key) for key in keys}) == 1000


@pytest.mark.parametrize(
    "text", ["", "0" * 31, "0" * 33, "A" * 32, "g" * 32, f"{'0' * 32}\n", f" {'0' * 31}", "٠" * 32]
)
def test_nothing_else_is_a_key(text):
    assert not is_key(text)


@given(st.text(), st.text())
def test_a_key_matches_its_own_digest_only(one, other):
    digest = hashlib.sha256(one.encode()).hexdigest()
    assert matches(one, digest)
    assert matches(other, digest) == (one == other)


async def test_the_first_eight_characters_are_the_prefix_and_name_the_account(bank):
    issued = await bank.accounts.create_key(name="mine", account=None, credits_added=5)
    assert issued.prefix == issued.key[:8]
    assert issued.account == f"account-{issued.prefix}"
    assert issued.to_json() == {
        "key": issued.key,
        "prefix": issued.prefix,
        "account": issued.account,
        "credits": 5,
    }


async def test_the_secret_is_nowhere_on_the_disk(bank):
    issued = await bank.accounts.create_key(name="mine", account=None, credits_added=5)
    await bank.database.close()
    stored = b"".join(path.read_bytes() for path in bank.path.parent.iterdir())
    assert issued.prefix.encode() in stored  # so we do look at the right bytes
    assert hashlib.sha256(issued.key.encode()).hexdigest().encode() in stored
    assert issued.key.encode() not in stored
    assert issued.key[8:].encode() not in stored
    assert bytes.fromhex(issued.key) not in stored


async def test_a_key_finds_its_owner_and_a_near_miss_does_not(bank):
    issued = await bank.accounts.create_key(name="mine", account="a", credits_added=None)
    owner = await bank.accounts.find(issued.key)
    assert (owner.account_id, owner.key_prefix) == ("a", issued.prefix)
    changed = issued.key[:-1] + ("0" if issued.key[-1] != "0" else "1")  # right prefix, wrong secret
    for wrong in (changed, issued.key.upper() + "G", issued.prefix, "", new_key()):
        with pytest.raises(Unauthorized):
            await bank.accounts.find(wrong)


async def test_a_disabled_key_answers_like_one_that_never_was(bank):
    issued = await bank.accounts.create_key(name="mine", account="a", credits_added=None)
    other = await bank.accounts.create_key(name="other", account="a", credits_added=None)
    await bank.accounts.disable(issued.prefix)
    said = []
    for key in (issued.key, new_key()):
        with pytest.raises(Unauthorized) as refusal:
            await bank.accounts.find(key)
        said.append(refusal.value.public_message)
    assert said[0] == said[1]
    assert (await bank.accounts.find(other.key)).account_id == "a"  # the account's other keys go on working
    with pytest.raises(NotFound):
        await bank.accounts.disable("ffffffff")


async def test_keys_are_listed_oldest_first_and_without_secrets(bank):
    issued = [await bank.accounts.create_key(name=name, account=None, credits_added=k) for k, name in enumerate("cab")]
    await bank.accounts.create_key(name="free", account=issued[0].account, credits_added=None)
    await bank.accounts.disable(issued[1].prefix)
    listed = await bank.accounts.list_keys()
    assert [row["name"] for row in listed] == ["c", "a", "b", "free"]
    assert [row["credits"] for row in listed] == ["unlimited", 1, 2, "unlimited"]
    assert [row["disabled"] for row in listed] == [False, True, False, False]
    assert [row["prefix"] for row in listed[:3]] == [key.prefix for key in issued]
    assert not any(key.key[8:] in str(listed) for key in issued)


async def test_a_chosen_key_must_have_the_form_of_a_key(bank: object):
    accounts: AccountRepository = bank.accounts
    chosen = "0123456789abcdef" * 2
    issued = await accounts.create_key(name="mine", account=None, credits_added=0, key=chosen)
    assert (issued.key, issued.prefix) == (chosen, "01234567")
    assert (await accounts.find(chosen)).key_prefix == "01234567"
    for wrong in ("password", chosen.upper(), chosen + "0"):
        with pytest.raises(InvalidRequest) as refusal:
            await accounts.create_key(name="mine", account=None, credits_added=0, key=wrong)
        assert wrong not in refusal.value.public_message


async def test_a_prefix_that_is_taken_is_refused_in_words(bank):
    chosen = "0123456789abcdef" * 2
    await bank.accounts.create_key(name="mine", account="a", credits_added=7, key=chosen)
    with pytest.raises(InvalidRequest):
        await bank.accounts.create_key(name="twin", account="a", credits_added=7, key=chosen[:8] + "f" * 24)
    assert await bank.money("a") == (7, 7, 0)  # nothing of the refused call stays
