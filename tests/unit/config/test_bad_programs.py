"""Bad programs, of tables that do not go together: the error names file, key, value and remedy."""

from pathlib import Path

import pytest

from tests.unit.config.givens import PROGRAM, edited, refusal_of, written
from watcher.config.program import load_program

A1 = "0x00000000000000000000000000000000000000a1"
B1 = "0x00000000000000000000000000000000000000b1"
LISTED = '[[app.contract]]\naddress = "0x00000000000000000000000000000000000000a2"\n'
ACTIONS = 'min_actions = 100\nunit = "action"\nreach = "touched"\n'
BEGINS = "{{ event = 'BeforeExecution()', emitters = ['{}'], opens = true }}"
ENTRY = "0x0000000071727de22e5e9d8baf0edac6f37da032"
OPEN = '[[app.discover]]\nkind = "open"\n'
BAD: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # what is wrong: what stands in the valid file, what stands there instead, what the error has to say
    "an address listed twice in one app": (
        f'address = "{A1}"',
        f'address = "{A1}"\n[[app.contract]]\naddress = "{A1}"',
        ("app[0].contract[1].address", A1, "app[0].contract[0]", "list it once"),
    ),
    "an address listed in two apps": (
        "0x00000000000000000000000000000000000000a2",
        A1.replace("a1", "A1"),
        ("app[1].contract[0].address", A1.replace("a1", "A1"), "app[0].contract[0]", "list it once"),
    ),
    "a marker that the family has": (
        "min_actions = 100\n",
        f"{ACTIONS}marker = [{BEGINS.format(ENTRY)}]\n",
        ("liveness.marker[0].emitters", ENTRY, "BeforeExecution", "in the chain's family", "leave it out"),
    ),
    "a marker explained twice": (
        "min_actions = 100\n",
        f"{ACTIONS}marker = [{BEGINS.format(A1)}, {BEGINS.format(A1)}]\n",
        ("liveness.marker[1].emitters", A1, "in marker[0]", "leave it out"),
    ),
    "an address excluded twice": (
        '{ kind = "deployers" }',
        f'{{ kind = "listed", addresses = ["{A1}", "{A1}"] }}',
        ("liveness.exclude[0].addresses", A1, "twice", "list it once"),
    ),
    "nobody excluded": (
        '{ kind = "deployers" }',
        '{ kind = "listed", addresses = [] }',
        ("liveness.exclude[0].addresses", "[]", "list at least 1"),
    ),
    "listed without addresses": (
        '{ kind = "deployers" }',
        '{ kind = "listed" }',
        ("liveness.exclude[0]", '"listed" needs addresses'),
    ),
    "two rules of one kind": (
        '{ kind = "deployers" }',
        '{ kind = "deployers" }, { kind = "deployers" }',
        ("liveness.exclude", "two rules of one kind", "write them as one"),
    ),
    "a required contract of nobody": (
        'id = "showdown"',
        f'id = "showdown"\nrequired = ["{A1}"]',
        ("app[1].required[0]", A1, "is no contract of this app", "leave it out"),
    ),
    "a required contract that does not count": (
        'id = "kumbaya"\n[[app.contract]]',
        f'id = "kumbaya"\nrequired = ["{A1}"]\n[[app.contract]]\nrole = "token"',
        ("app[0].required[0]", A1, '"token"', "core or router"),
    ),
    "an app whose contracts do not count": (
        "0x00000000000000000000000000000000000000a2",
        '0x00000000000000000000000000000000000000a2"\nrole = "oracle',
        ("app[1].contract", '(app "showdown")', "core or router"),
    ),
    "a membership without a block": (
        f'address = "{A1}"',
        f'address = "{A1}"\nfrom_block = 20\nuntil_block = 20',
        ("app[0].contract[0].until_block", "20", "write a later one"),
    ),
    "a membership that begins in a gap": (
        f'address = "{A1}"',
        f'address = "{A1}"\nfrom_block = 20\n[[chain.gap]]\nfirst = 20\nlast = 29\nreason = "lost"',
        ("app[0].contract[0].from_block", "20", "write 30"),
    ),
    "one discovery twice": (
        'id = "showdown"',
        f'id = "showdown"\n[[app.discover]]\nkind = "registry"\naddress = "{B1}"\napp = "kumbaya"',
        ("app[1].discover[0]", '"registry"', "app[0].discover[0]", "write it once"),
    ),
    "one deployer for two apps": (
        'id = "showdown"',
        f"""id = "one"
        discover = [{{ kind = "deployer", accounts = ["{B1}"] }}]
        [[app]]
        id = "showdown"
        discover = [{{ kind = "deployer", accounts = ["{A1}", "{B1}"] }}]""",
        ("app[2].discover[0]", f"finds what {B1} creates, as app[1].discover[0] does", "write it once"),
    ),
    "open for two apps": (
        '[[app]]\nid = "showdown"\n' + LISTED,
        f'[[app]]\nid = "a"\n{OPEN}[[app]]\nid = "b"\n{OPEN}',
        ("app[2].discover[0]", "finds the same, as app[1].discover[0]", "write it once"),
    ),
    "open beside a list": (
        'kind = "registry"\naddress = "0x00000000000000000000000000000000000000b1"\napp = "kumbaya"',
        'kind = "open"',
        ("app[0].contract", 'together with kind = "open"', "[[app]] of its own"),
    ),
    "open with required contracts": (
        'id = "showdown"\n' + LISTED,
        f'id = "showdown"\nrequired = ["{A1}"]\n{OPEN}',
        ("app[1].required", 'together with kind = "open"', "[[app]] of its own"),
    ),
    "open beside another way": (
        'id = "showdown"\n' + LISTED,
        f'id = "showdown"\n{OPEN}[[app.discover]]\nkind = "deployer"\naccounts = ["{B1}"]\n',
        ("app[1].discover", 'together with kind = "open"', "[[app]] of its own"),
    ),
    "two finalities": (
        '{ tag = "finalized" }',
        '{ tag = "finalized", depth = 3 }',
        ("chain.finality", "exactly one of tag, depth", "has tag and depth"),
    ),
    "an empty finality": ('{ tag = "finalized" }', "{}", ("chain.finality", "{  }", "has none", "write one")),
    "a period that does not fit the day": (
        "count_from = 10",
        'count_from = 10\nstate_every = "5h"',
        ("chain.state_every", '"5h"', "divide a day"),
    ),
    "a gap before the start": (
        "[token]",
        '[[chain.gap]]\nfirst = 10\nlast = 20\nreason = "lost"\n[token]',
        ("chain.gap[0].first", "10", "count_from = 21"),
    ),
    "a gap that ends before it begins": (
        "[token]",
        '[[chain.gap]]\nfirst = 30\nlast = 20\nreason = "lost"\n[token]',
        ("chain.gap[0].last", "20", "ends before it begins", "write 30 or more"),
    ),
    "gaps that touch": (
        "[token]",
        """[[chain.gap]]
        first = 31
        last = 40
        reason = "b"
        [[chain.gap]]
        first = 20
        last = 30
        reason = "a"
        [token]""",
        ("chain.gap[0].first", "31", "blocks 20 to 30", "write both as one"),
    ),
    "a share above the whole": (
        "decimals = 18",
        'decimals = 18\nkpi_share = "100.1"',
        ("token.kpi_share", "100.1", "above 100 percent", "write a percentage"),
    ),
    "more active days than the window has": (
        "min_actions = 100",
        "min_active_days = 32",
        ("liveness.min_active_days = 32", "never holds", "touches 31 days", "write 31 or less"),
    ),
    "a lower bar above the bar": (
        "min_actions = 100",
        "min_actions = 100\nleave_below = { min_actions = 101 }",
        ("liveness.leave_below.min_actions = 101", "above min_actions = 100"),
    ),
    "a lower bar without a bar": (
        "min_actions = 100",
        "min_actions = 100\nleave_below = { min_actors = 1 }",
        ("liveness.leave_below.min_actors = 1", "without a min_actors", "leave it out"),
    ),
    "a bar that asks for nothing": (
        "min_actions = 100",
        "min_actions = 0",
        ("liveness.min_actions", "0", "write 1 or more"),
    ),
    "two comparators": (
        "at_least = 1",
        "at_least = 1\nat_most = 2",
        ("kpi[0]", "exactly one of at_least, more_than, at_most, less_than", "has at_least and at_most"),
    ),
    "no comparator": ("at_least = 1\n", "", ("kpi[0]", "exactly one of", "has none")),
    "a bar above the number of apps": (
        "at_least = 1",
        "at_least = 3",
        ("kpi[0].at_least", "= 3 ", "never holds", "from 0 to 2", "write a bar inside"),
    ),
    "a bar that nothing is below": (
        "at_least = 1",
        "at_least = 0",
        ("kpi[0].at_least", "= 0 ", "always holds"),
    ),
    "a bar that nothing reaches": (
        "at_least = 1",
        "less_than = 0",
        ("kpi[0].less_than", "= 0 ", "never holds"),
    ),
    "no KPI": (
        '[[kpi]]\nid = "live"\nmetric = { kind = "live_apps" }\nat_least = 1\n',
        "",
        ("kpi", "can do nothing", "add one"),
    ),
    "duplicate app": ('id = "showdown"', 'id = "kumbaya"', ("app[1].id", '"kumbaya"', "choose another")),
    "duplicate KPI": (
        '[[milestone]]\nid = "first"',
        '[[kpi]]\nid = "live"\nmetric = { kind = "live_apps" }\nat_least = 2\n[[milestone]]\nid = "first"',
        ("kpi[1].id", '"live"', "kpi[0]", "choose another"),
    ),
    "duplicate milestone": (
        '[[countdown]]\nid = "clock"',
        '[[milestone]]\nid = "first"\nall_of = ["live"]\n[[countdown]]\nid = "clock"',
        ("milestone[1].id", '"first"', "choose another"),
    ),
    "duplicate countdown": (
        'marks = ["1d", "1h"]',
        'marks = ["1d"]\n[[countdown]]\nid = "clock"\nafter = "first"\nduration = "1h"',
        ("countdown[1].id", '"clock"', "choose another"),
    ),
    "a quote of nothing": ("{ live =", "{ life =", ("provenance.quotes.life", "quotes no KPI", '"live"?')),
    "a condition on nothing": (
        'any_of = ["live"]',
        'any_of = [{ all_of = ["life"] }]',
        ("milestone[0].any_of[0].all_of[0]", '"life"', "is no KPI", 'did you mean "live"?'),
    ),
    "an empty condition": (
        'any_of = ["live"]',
        "any_of = []",
        ("milestone[0].any_of", "[]", "list at least 1"),
    ),
    "a condition of numbers": (
        'any_of = ["live"]',
        "all_of = [1]",
        ("milestone[0].all_of[0]", "1", "an id in quotes"),
    ),
    "a part said twice": (
        'any_of = ["live"]',
        'any_of = ["live", "live"]',
        ("milestone[0]", "twice", "once"),
    ),
    "any and all": (
        'any_of = ["live"]',
        'any_of = ["live"]\nall_of = ["live"]',
        ("milestone[0]", "exactly one of any_of, all_of"),
    ),
    "a countdown after nothing": (
        'after = "first"',
        'after = "frist"',
        ("countdown[0].after", '"frist"', "is no milestone", 'did you mean "first"?'),
    ),
    "no duration": ('duration = "7d"', 'duration = "week"', ("countdown[0].duration", '"week"', '"7d"')),
    "a duration of zero": (
        'duration = "7d"',
        'duration = "0d"',
        ("countdown[0].duration", '"0d"', "one second"),
    ),
    "a mark beyond the duration": (
        'duration = "7d"',
        'duration = "1d"',
        ("countdown[0].marks[0]", '"1d"', "not shorter than the duration"),
    ),
    "a mark said twice": ('["1d", "1h"]', '["1d", "24h"]', ("countdown[0].marks", "twice", "list it once")),
    "an empty duration": ('["1d", "1h"]', '[""]', ("countdown[0].marks[0]", "is not a duration")),
    "rearm without cancel": (
        'marks = ["1d", "1h"]',
        "rearm = true",
        ("countdown[0].rearm", "true", 'on_regression = "cancel"'),
    ),
}


@pytest.mark.parametrize("wrong", BAD)
def test_the_error_names_file_key_value_and_remedy(wrong: str, tmp_path: Path) -> None:
    """Whoever reads the message can mend the file without looking anything up."""
    old, new, said = BAD[wrong]
    path = written(tmp_path, edited(PROGRAM, old, new))
    message = refusal_of(path)
    assert message.startswith(f"{path}: ")
    assert [part for part in said if part not in message] == [], message


def test_problems_between_tables_are_reported_at_once_too(tmp_path: Path) -> None:
    """References and duplicates are checked together once each table is valid in itself."""
    text = edited(edited(PROGRAM, 'after = "first"', 'after = "x"'), 'any_of = ["live"]', 'any_of = ["y"]')
    assert ": 2 problems\n" in refusal_of(written(tmp_path, text))


def test_a_metric_about_apps_needs_an_app(tmp_path: Path) -> None:
    """No app, no verdict."""
    before, _, rest = PROGRAM.partition("[[app]]")
    text = before + rest[rest.index("[[kpi]]") :]
    assert "live_apps is about apps, and there is none: add an [[app]]" in refusal_of(written(tmp_path, text))


def test_apps_that_nobody_lists_need_a_bar(tmp_path: Path) -> None:
    """Else whatever was ever created would be live."""
    program = edited(edited(PROGRAM, LISTED, OPEN), "min_actions = 100\n", "")
    message = refusal_of(written(tmp_path, program))
    assert "liveness" in message
    assert 'kind = "open"' in message
    assert "add min_actions, min_actors or min_active_days" in message


def test_apps_that_nobody_lists_and_a_gap_do_not_go_together(tmp_path: Path) -> None:
    """Nobody knows what was created in it."""
    gap = 'count_from = 10\n[[chain.gap]]\nfirst = 20\nlast = 29\nreason = "lost"\n'
    program = edited(edited(PROGRAM, LISTED, OPEN), "count_from = 10\n", gap)
    message = refusal_of(written(tmp_path, program))
    assert "chain.gap[0]" in message
    assert "count_from = 30" in message


def test_a_bar_may_be_above_the_number_of_listed_apps_where_others_are_found(tmp_path: Path) -> None:
    """Nobody knows how many there will be; a bar that always holds is refused all the same."""
    program = edited(PROGRAM, LISTED, OPEN)
    many = load_program(written(tmp_path, edited(program, "at_least = 1\n", "at_least = 1_000\n"))).definition
    assert [*many.apps] == ["kumbaya"]
    assert many.open_rule is not None
    assert many.open_rule.id == "showdown"
    message = refusal_of(written(tmp_path, edited(program, "at_least = 1\n", "at_least = 0\n")))
    assert "always holds: live_apps of this program reads from 0 upwards, write a bar inside" in message


def test_the_rule_for_everybodys_apps_is_no_app_that_a_metric_could_name(tmp_path: Path) -> None:
    """It stands for many."""
    program = edited(PROGRAM, LISTED, OPEN)
    of_it = edited(program, '{ kind = "live_apps" }', '{ kind = "app_actions", app = "showdown" }')
    assert 'names "showdown", which is no app here' in refusal_of(written(tmp_path, of_it))
