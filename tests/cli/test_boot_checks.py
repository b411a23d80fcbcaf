from pathlib import Path

from mainstay.cli.boot_checks import boot
from mainstay.cli.findings import Level


def test_without_systemd_it_is_for_others_to_start_mainstay(tmp_path: Path) -> None:
    assert boot(str(tmp_path)).level is Level.OK


def test_without_a_unit_apps_do_not_come_back(tmp_path: Path) -> None:
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    found = boot(str(tmp_path))

    assert found.level is Level.WARN
    assert "do not come back" in found.text


def test_an_enabled_unit_is_named(tmp_path: Path) -> None:
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    wants = tmp_path / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(parents=True)
    (wants / "mainstay-shop.service").symlink_to("/etc/systemd/system/mainstay-shop.service")

    assert boot(str(tmp_path)).text == "mainstay-shop.service is enabled"
