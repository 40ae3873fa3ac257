"""The doctor says what is wrong in words and what to do."""

from deploy.ops.doctor import examine


def test_a_sound_machine():
    """Nothing of the environment points anywhere: only the machine and the programs are looked at, and all is there."""
    assert [] == [finding for finding in examine({}) if not finding.good]


def test_parts_that_do_not_answer():
    """Each unreachable part is named with the variable that points to it."""
    where = {"ACHATS_KAFKA": "127.0.0.1:1", "ACHATS_LEDGER_DATABASE_URL": "postgresql://x@127.0.0.1:1/y", "ACHATS_SMTP": "127.0.0.1:1"}
    missing = {finding.what: finding.next_action for finding in examine(where) if not finding.good}
    assert {"ACHATS_KAFKA answers", "ACHATS_LEDGER_DATABASE_URL answers", "ACHATS_SMTP answers"} == set(missing)
    assert "start it, or correct ACHATS_KAFKA." in missing["ACHATS_KAFKA answers"]
