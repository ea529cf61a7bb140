"""`vsnd tune`: search, verify, and say what was found; on Ctrl-C say the best so far."""

from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from backend.latency.files import replace_file
from compose.clients.spec import refuse_clients
from compose.fleet.spec import refuse_hosts
from compose.run import find_scenario, find_world, make_folder, say_settled
from compose.scenario import read_scenario
from compose.tune.answer import answer
from compose.tune.bench import Bench
from compose.tune.interrupt import Interrupt
from compose.tune.ledger import Seen, Trial
from compose.tune.result import Tuned
from compose.tune.search import Search
from compose.tune.show import beforehand, doing, done, lines, sentences, table
from compose.tune.sizes import Plan
from compose.tune.terms import Terms
from compose.version import vsnd_version
from compose.worlds.api import RunError

ANSWER = "tune.json"


def tune_file(path: Path, world: str, out: Path, terms: Terms, guest: str | None) -> bool:
    """Tune the scenario in `path`, or of that name; whether every stream is shown to be below the target.

    Raises ConfigError; RunError, OSError or KeyboardInterrupt, once the best so far was said.
    """
    path = find_scenario(path)
    scenario = read_scenario(path)
    refuse_hosts(scenario.hosts, str(path))
    refuse_clients(scenario.clients, str(path))
    plan = Plan(say_settled(scenario, simulated=world == "sim"), guest)
    bench = Bench(find_world(world), plan, path.parent, out)
    search = Search(plan.devices, plan.streams, terms)
    make_folder(out)
    console = Console()
    console.print(beforehand(plan, terms), highlight=False, soft_wrap=True)
    stopped: BaseException | None = None
    try:
        with Interrupt() as interrupt:
            _search(plan, search, bench, console, interrupt)
    except (KeyboardInterrupt, RunError, OSError) as why:
        stopped = why
    tuned = answer(plan, search, bench.result, world=world, version=vsnd_version())
    replace_file(out / ANSWER, msgspec.json.format(msgspec.json.encode(tuned), indent=2) + b"\n")
    _say(tuned, console, out)
    if stopped is not None:
        raise stopped
    return tuned.all_shown


def _search(plan: Plan, search: Search, bench: Bench, console: Console, interrupt: Interrupt) -> None:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.fields[at]}"))
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=1.0, at="")
        while (trial := search.next()) is not None:
            interrupt.check()
            seen = _run(plan, bench, trial, progress, interrupt)
            search.tell(trial, seen)
            line = f"{len(search.ledger.entries):2} {done(plan, trial, seen)}"
            progress.console.print(line, highlight=False, markup=False, soft_wrap=True)
        progress.remove_task(bar)


def _run(plan: Plan, bench: Bench, trial: Trial, progress: Progress, interrupt: Interrupt) -> Seen:
    bar = progress.task_ids[0]
    progress.reset(bar, total=trial.seconds, description=doing(plan, trial), at="starting")

    def show(passed_s: float) -> None:
        interrupt.check()
        progress.update(bar, completed=passed_s, at=f"{passed_s:.0f} of {trial.seconds:g} s")

    return bench.run(trial, show)


def _say(tuned: Tuned, console: Console, out: Path) -> None:
    if not tuned.trials:
        return
    if not tuned.finished:
        console.print("Ended early; the best so far:", style="yellow")
    console.print(table(tuned))
    for sentence in sentences(tuned):
        console.print(sentence, highlight=False, markup=False, soft_wrap=True)
    if pasted := lines(tuned):
        console.print("\nFor the scenario:\n", style="dim")
        console.print(pasted, highlight=False, markup=False, soft_wrap=True)
    console.print(f"\nEverything is in {out / ANSWER}.", highlight=False, soft_wrap=True)
