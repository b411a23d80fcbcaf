from mainstay.config.nearest import did_you_mean, nearest


def test_the_nearest_word_is_found() -> None:
    assert nearest("instnaces", ["instances", "env"]) == "instances"
    assert nearest("xyz", ["instances", "env"]) == ""


def test_where_nothing_is_near_all_that_there_is_is_told() -> None:
    assert did_you_mean("nofiles", ["core", "nofile"], "there are") == "did you mean `nofile`?"
    assert did_you_mean("x", ["core", "nofile"], "there are") == "there are core, nofile"
