"""What an operator may say of local applications."""

import grp
import os
import pwd
from pathlib import Path

import pytest

from backend.config import ConfigError, read_config
from backend.local.config import LocalConfig, group_ids, user_ids

DEVICES = '[devices.speaker]\nkind = "clocked"\n[streams]\n[local]\n'


def test_names_and_numbers_are_users_and_groups() -> None:
    me, ours = pwd.getpwuid(os.getuid()), grp.getgrgid(os.getgid())
    config = LocalConfig(socket="s", devices=["d"], users=[me.pw_name, 12345], groups=[ours.gr_name, 54321])
    assert user_ids(config) == {me.pw_uid, 12345}
    assert group_ids(config) == {ours.gr_gid, 54321}


def test_the_file_says_it(tmp_path: Path) -> None:
    file = tmp_path / "backend.toml"
    file.write_text(DEVICES + 'socket = "/run/vsnd/local"\ndevices = ["speaker"]\nusers = [1000]\n')
    local = read_config(file).local
    assert local == LocalConfig(socket="/run/vsnd/local", devices=["speaker"], users=[1000])


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ('devices = ["speaker"]', "socket"),
        ('socket = "s"', "devices"),
        ('socket = "s"\ndevices = []', "devices"),
        ('socket = "s"\ndevices = ["flute"]', "'flute'; there are: speaker"),
        ('socket = "s"\ndevices = ["speaker"]\nusers = ["nobody of that name"]', "local.users: 'nobody of that name'"),
        ('socket = "s"\ndevices = ["speaker"]\ngroups = ["no such group"]', "local.groups"),
        ('socket = "s"\ndevices = ["speaker"]\nusers = [-1]', "users"),
        ('socket = "s"\ndevices = ["speaker"]\nclients_max = 0', "clients_max"),
        ('socket = "s"\ndevices = ["speaker"]\nabsent = 1', "absent"),
        (f'socket = "{"s" * 108}"\ndevices = ["speaker"]', "socket"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(tmp_path: Path, lines: str, word: str) -> None:
    file = tmp_path / "backend.toml"
    file.write_text(DEVICES + lines)
    with pytest.raises(ConfigError) as wrong:
        read_config(file)
    assert word in str(wrong.value)
    assert "\n" not in str(wrong.value)
