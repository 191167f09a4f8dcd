"""procmanctl(1) has every verb and every option of the table the program is made of."""
import re

from fleet import ROOT

MANUAL = (ROOT / "clients/procmanctl/procmanctl.1").read_text()


def entries():
    """verb -> the text of its entry."""
    parts = re.split(r"^\.It (?:Xo )?Cm ([a-z]+)\b", MANUAL, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def test_every_verb_is_in_the_manual(fleet):
    for verb in fleet.ok("help", "--json").json["verbs"]:
        assert verb["name"] in entries(), verb
        for alias in verb["aliases"].split():
            assert f".Cm {alias}" in entries()[verb["name"]], alias


def test_every_option_is_in_the_entry_of_its_verb(fleet):
    letters = {"follow": "f", "lines": "n", "output": "o"}
    for verb in fleet.ok("help", "--json").json["verbs"]:
        entry = entries()[verb["name"]]
        for option in set(verb["options"]) - {"run-dir", "json"}:
            names = [f"Fl -{option}", f"Fl {letters.get(option, '?')} "]
            assert any(name in entry for name in names), (verb["name"], option)


def test_the_manual_knows_no_verb_that_does_not_exist(fleet):
    verbs = {verb["name"] for verb in fleet.ok("help", "--json").json["verbs"]}
    assert verbs <= set(entries())
    words = {"all", "cam", "drivers"}  # of the chapter on selectors
    assert set(entries()) - verbs <= words
