"""What a person reads while a run goes on; run.log keeps all of it."""

import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from shlex import quote
from typing import Self, TextIO

from runner.data.dataset import Dataset
from runner.errors import counted, printable
from runner.experiment.console_texts import DIGITS, input_cells, matrix, metric_text, summary
from runner.experiment.progress_bar import NotebookLine, ProgressBar, in_notebook, share_done
from runner.experiment.stagnation import Stagnation, still_falling
from runner.network.arrays import Array
from runner.network.layer_table import layer_table
from runner.network.layers.batch_norm import EPSILON, MOMENTUM
from runner.network.topology import AUTO, Topology
from runner.network.trained import predict
from runner.settings import Settings
from runner.standard_output import forgiving, is_watched
from runner.training.engine import Problem, StepReport
from runner.training.metrics import TEST, VALIDATION
from runner.training.range_test import EXPLOSION
from runner.training.stopping import Stopping

SECONDS_BETWEEN_LINES = 1.0
PART_NAMES = {
    "weights": "weights",
    "recurrent": "recurrent weights",
    "bias": "biases",
    "beta": "biases",
    "recurrent_bias": "recurrent biases",
    "gamma": "gammas",
}
"""Of what is trained."""
MOST_WEIGHTS_SHOWN = 200
MOST_CASES_SHOWN = 20
SHOWN_PARTS = {"": "Training part", VALIDATION: "Validation part", TEST: "Test part"}
SHOWN_METRICS = ("accuracy", "top_5_accuracy", "rmse", "r2", "loss", "mae")
"""What of the final metrics is printed, where the task has it."""
TRY = "another seed, more hidden units or another optimizer.learning_rate"
"""What may help a run that does not reach its target."""
HELD_OUT_LOSS = f"{VALIDATION}loss"
LIMITS = ("max_steps", "max_epochs", "max_seconds", "patience", "plateau")
HELD_OUT = {"validation": "for validation", "test": "for testing"}


class Console:
    """Prints the sections of a run to the screen and to run.log.

    A progress bar is shown where a person watches, that is, on a terminal or in a notebook.
    shown: all of it; its progress alone; or nothing, as in a sweep, whose jobs print a line each.
    """

    def __init__(
        self,
        run: Path,
        shown: str = "all",
        named: Path | None = None,
        screen: TextIO | None = None,
    ) -> None:
        """named: what the run's folder will be called, where that is not what it is called now."""
        self._run = named or run
        self._screen: TextIO = forgiving(screen or sys.stdout)
        self._shown = shown
        self._log: TextIO = open(run / "run.log", "a", encoding="utf-8", newline="\n")
        self._bar: ProgressBar | NotebookLine | None = None
        self._next_line = 0.0
        self._samples: dict[str, int] = {}
        self._stagnation = Stagnation()
        self._held_out: list[float] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close_bar()
        self._log.close()

    def line(self, text: str) -> None:
        """Text on the screen, above the bar if there is one, and in the log."""
        self._log.write(text + "\n")
        if self._shown != "all":
            return
        if self._bar is not None:
            self._bar.line(text)
        else:
            print(text, file=self._screen)

    def warning(self, text: str) -> None:
        """A warning in the log, and where warnings are looked for, unless it is a sweep's job."""
        self._log.write(f"warning: {text}\n")
        if self._shown != "nothing":
            print(f"warning: {text}", file=sys.stderr)

    def introduce(
        self, settings: Settings, dataset: Dataset, problem: Problem, engine: str
    ) -> None:
        """What is going to be trained, on what, with what."""
        self._samples = {
            prefix: len(part)
            for prefix, part in (
                ("", dataset.train),
                (VALIDATION, dataset.validation),
                (TEST, dataset.test),
            )
            if part is not None
        }
        network, topology = problem.network, problem.network.topology
        biases = "with biases" if topology.bias else "no biases"
        dropout = network.dropout
        batch = "full batch" if problem.full_batch else f"batches of {problem.batch_size}"
        self.line("INITIATING NETWORK")
        parameters = counted(topology.parameters, "parameter")
        self.line(f"topology    {topology}, {parameters}, {biases}")
        self.line(f"activation  {' '.join(network.hidden)}, output {network.output}")
        if topology.batch_norm:
            self.line(f"batch norm  hidden layers, momentum {MOMENTUM:g}, epsilon {EPSILON:g}")
        if dropout.drops:
            drops = f"{' '.join(f'{r:g}' for r in dropout.rate)} in the {dropout.stage} pass"
            hidden = len(topology.sizes) > 2
            self.line(f"dropout     {drops if hidden else 'none: there are no hidden units'}")
        counts = [counted(len(dataset.train), "sample")]
        counts += [f"{len(p):,} {HELD_OUT[n]}" for n, p in dataset.parts.items() if n in HELD_OUT]
        self.line(f"data set    {printable(settings.dataset.name)}, {', '.join(counts)}, {batch}")
        rate = f"learning rate {problem.learning_rate:g}"
        loss = problem.loss
        if settings.loss.name == AUTO:
            classes = dataset.classes
            loss += " (auto)" if classes is None else f" (auto: {len(classes)} classes)"
        self.line(f"training    {problem.optimizer}, {rate}, loss {loss}")
        self.line(f"engine      {engine}, {problem.targets.dtype}, seed {settings.seed}")
        if not topology.is_dense:
            self.line("\nLAYERS")
            for line in layer_table(topology):
                self.line(line)

    def going_on(self, step: int) -> None:
        """Which step a resumed run goes on from."""
        self.line(f"resumed     from step {step:,}")

    def branching(self, run: Path, step: int) -> None:
        """Which snapshot a branch starts from."""
        self.line(f"branched    from step {step:,} of {printable(run)}")

    def starting_weights(self, topology: Topology, parameters: Array) -> None:
        """The weights before the first step."""
        self.line("\nSTARTING WEIGHTS")
        self._weights(topology, parameters)

    def begin_training(self, stopping: Stopping, metric: str) -> None:
        """The section of progress lines; on a terminal a progress bar as well."""
        self._stopping, self._metric = stopping, metric
        self.line("\nNETWORK TRAINING")
        self._next_line = time.monotonic() + SECONDS_BETWEEN_LINES
        self._show_log()
        if self._shown == "nothing":
            return
        if is_watched(self._screen):
            self._bar = ProgressBar(self._screen, bounded=share_done(stopping, None) is not None)
        elif self._shown == "progress" and in_notebook():
            self._bar = NotebookLine()

    def progress(self, report: StepReport) -> None:
        """Moves the bar, and about once a second prints a line; says when the loss stands still."""
        self._watch_for_standstill(report)
        if report.epoch_ended and HELD_OUT_LOSS in report.metrics:
            self._held_out.append(report.metrics[HELD_OUT_LOSS])
        due = time.monotonic() >= self._next_line
        if self._bar is None and not due:
            return
        steps = "step " if report.step == 1 else "steps"
        text = f"{report.step:>10} {steps}   {self._metrics(report)}"
        if self._bar is not None:
            self._bar.move(share_done(self._stopping, report), text.strip())
        if due:
            self.line(text)
            self._show_log()
            self._next_line = time.monotonic() + SECONDS_BETWEEN_LINES

    def _show_log(self) -> None:
        """Lets who follows the log see all of it; what cannot be written now is tried again."""
        with suppress(OSError):
            self._log.flush()

    def _watch_for_standstill(self, report: StepReport) -> None:
        """Says once that the loss of a run that is to reach a target no longer moves."""
        loss = report.metrics.get("loss")
        if loss is None or self._stopping.target is None:
            return
        if self._stagnation.observe(report.step, loss, report.seconds):
            since = f"since step {self._stagnation.step:,}"
            self.line(f"warning: the loss has hardly moved {since}; Ctrl-C ends the run; try {TRY}")

    def end_training(self, report: StepReport, status: str) -> None:
        """Why training stopped, after how many steps and seconds, and where it stands."""
        self._close_bar()
        at = self._metrics(report)
        reason = self._reasons(report, status)
        steps = f"{report.step} step{'' if report.step == 1 else 's'}"
        self.line(f"{reason}: {steps}, {at}, {report.seconds:.2f} seconds")
        if self._stopping.target is not None and report.stop_reason in LIMITS:
            target = metric_text(self._metric, {self._metric: self._stopping.target.value})
            more = f", or more stopping.{report.stop_reason}"
            self.line(f"The target, {target}, is not reached; try {TRY}{more}")
        elif report.stop_reason in LIMITS[:3] and (share := still_falling(self._held_out)):
            fell = f"by {share:.0%} in the last fifth of the epochs"
            more = f"stopping.{report.stop_reason} can be raised"
            self.line(f"The loss on held-out data still fell, {fell}: {more}")

    def restored(self, epoch: int, metric: str, value: float) -> None:
        """Which epoch's weights are the result, and how well they did then."""
        stood = self._text(metric, {metric: value})
        self.line(f"The weights of epoch {epoch}, the best, are restored: {stood}")

    def final_metrics(self, metrics: Mapping[str, float]) -> None:
        """How the final weights do on each part that was evaluated, a line a part."""
        for prefix, part in SHOWN_PARTS.items():
            names = [prefix + name for name in SHOWN_METRICS if prefix + name in metrics]
            if names:
                shown = ", ".join(self._text(name, metrics) for name in names)
                self.line(f"{part}: {shown}")

    def own_units(self, part: str, errors: Mapping[str, float]) -> None:
        """The rmse of each of several scaled targets, whose metrics in common are of the scaled."""
        shown = ", ".join(f"{printable(name)} {error:.{DIGITS}g}" for name, error in errors.items())
        self.line(
            f"rmse in the targets' own units, {part} part: {shown} (above: of scaled targets)"
        )

    def _metrics(self, report: StepReport) -> str:
        """The metric that is watched, of training, and of validation where that was asked."""
        bare = self._metric.removeprefix(VALIDATION)
        names = dict.fromkeys((bare, self._metric, f"{VALIDATION}{bare}"))
        return ", ".join(self._text(n, report.metrics) for n in names if n in report.metrics)

    def _text(self, name: str, metrics: Mapping[str, float]) -> str:
        """A metric with the digits that the samples of its part carry."""
        prefix = next((p for p in (VALIDATION, TEST) if name.startswith(p)), "")
        return metric_text(name, metrics, self._samples.get(prefix))

    def _reasons(self, report: StepReport, status: str) -> str:
        if report.stop_reason == "target" and self._stopping.target is not None:
            target = {self._metric: self._stopping.target.value}
            return f"Target {metric_text(self._metric, target)} reached"
        if report.stop_reason == EXPLOSION:
            return "Loss exploded"
        return {"interrupted": "Interrupted", "diverged": "Diverged"}.get(
            status, f"stopping.{report.stop_reason} reached"
        )

    def conclude(
        self, problem: Problem, dataset: Dataset, parameters: Array, report: StepReport
    ) -> None:
        """The trained weights; then output, expected and difference of each training case,

        after its inputs where a few of them have names.

        In full batches these are the outputs of the last step's forward pass, the ones that
        the reported metrics speak of.
        """
        self.line("\nCALCULATED WEIGHTS")
        self._weights(problem.network.topology, parameters)
        cases = len(dataset.train)
        if cases > MOST_CASES_SHOWN:
            self.line(f"\nFolder      {printable(self._run)}")
            return
        outputs = report.outputs
        if not problem.full_batch or not outputs.size:
            outputs = predict(problem.network, parameters, problem.inputs, problem.scaling)
        self.line("\nTRAINING CASES RESULTS")
        header, *inputs = input_cells(dataset)
        self.line(f"{header}{'output':>20} {'expected':>10} {'difference':>20}")
        outputs, targets = dataset.in_own_units(outputs), dataset.train.targets
        there = dataset.numbers_there(dataset.train)
        for cells, *case, counts in zip(inputs, outputs, targets, there, strict=True):
            for a, y in zip(*(numbers[counts] for numbers in case), strict=True):
                self.line(f"{cells}{a:>20.12g} {y:>10.6g} {a - y:>20.12g}")
        self.line(f"\nFolder      {printable(self._run)}")

    def how_to_go_on(self) -> None:
        """After an interruption: the command that goes on with the run."""
        self.line(f"Goes on by  python -m runner.resume {quote(printable(self._run))}")
        self._show_log()  # what comes now may be ended at any moment
        with suppress(OSError):
            self._screen.flush()

    def _weights(self, topology: Topology, parameters: Array) -> None:
        """Every weight of a small net; of a large one a summary a layer."""
        whole = topology.parameters <= MOST_WEIGHTS_SHOWN
        for index, layer in enumerate(topology.layers):
            for name, values in layer.views(parameters).items():
                if name in PART_NAMES:
                    shown = f"\n{matrix(values)}" if whole else f" {summary(values)}"
                    self.line(f"{topology.layer_name(index)} {PART_NAMES[name]}:{shown}")

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
