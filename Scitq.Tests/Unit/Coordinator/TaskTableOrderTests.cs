using System.Reflection;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;

namespace Scitq.Tests.Unit.Coordinator;

/// <summary>The lines of the table exclude each other: in whatever order they stand, the same comes of every event.</summary>
[Trait("Level", "Unit")]
public sealed class TaskTableOrderTests
{
    private const int Orders = 10;
    private static readonly Guid Lease = Guid.NewGuid();
    private static readonly string[] MadeAnew = [nameof(TaskSaga.Lease)];

    [Fact(Timeout = 900_000)]
    public async Task Whatever_the_order_of_the_lines_every_event_in_every_state_has_the_same_outcome()
    {
        var random = new Random(7);
        var written = await OutcomesAsync(Arranged(lines => lines));
        // Enough cases, and not all of them the same: else the comparison proves nothing.
        Assert.InRange(written.Count, 1500, 100_000);
        Assert.InRange(written.Values.Distinct().Count(), 50, written.Count);
        Assert.Equal(written, await OutcomesAsync(Arranged(lines => lines.Reverse())));
        for (var i = 0; i < Orders; i++)
        {
            var shuffled = await OutcomesAsync(Arranged(lines => lines.OrderBy(_ => random.Next())));
            foreach (var (which, outcome) in written) Assert.True(outcome == shuffled[which], $"{which}: {outcome}, but {shuffled[which]}");
        }
    }

    private static TaskStateMachine Arranged(Func<IEnumerable<TaskStateMachine.Line>, IEnumerable<TaskStateMachine.Line>> order)
    {
        var clock = new StoppedClock();
        return new TaskStateMachine(new TaskVerbs(CommitLoop.Rules, clock), new EndingRules(CommitLoop.Rules), order);
    }

    /// <summary>What comes of each event for each kind of task, as text.</summary>
    private static async Task<Dictionary<string, string>> OutcomesAsync(TaskStateMachine machine)
    {
        var outcomes = new Dictionary<string, string>();
        foreach (var (name, make) in Tasks())
        {
            foreach (var (what, raise) in Events())
            {
                var task = new TaskUnderTest(machine, make());
                var answer = await raise(task);
                outcomes.Add($"{name}: {what}", Describe(task, answer));
            }
        }

        return outcomes;
    }

    private static IEnumerable<(string Name, Func<TaskSaga> Make)> Tasks()
    {
        yield return ("new", () => TaskSaga.New(Guid.Empty));
        foreach (var state in TaskRules.States)
            foreach (var cancelled in (bool[])[false, true])
                foreach (var redelivers in (int?[])[null, 1])
                    foreach (var (retries, updated) in ((int, bool)[])(redelivers is null ? [(0, false), (2, false), (2, true)] : [(0, false), (2, false)]))
                        foreach (var losses in (int[])(updated ? [0] : [0, 4]))
                            foreach (var due in (DateTime?[])(updated ? [null] : [null, DateTime.UnixEpoch]))
                                foreach (var turn in (int[])[0, 1])
                                yield return ($"{state} cancelled={cancelled} redelivers={redelivers} retries={retries} updated={updated} losses={losses} "
                                    + $"due={due is not null} turn={turn}",
                                    () =>
                                {
                                    var task = TaskUnderTest.Make(state, Lease);
                                    task.CorrelationId = Guid.Empty;
                                    (task.CancelRequested, task.Redelivers, task.RetriesLeft, task.Losses, task.Due) = (cancelled, redelivers, retries, losses,
                                        due);
                                    (task.PauseTurn, task.ResumesWaiting) = (turn, retries == 0);
                                    if (!updated) return task;
                                    task.SetNext(task.Spec with { Batch = "other" });
                                    task.RestartRequested = state.IsActive();
                                    return task;
                                });
    }

    private static IEnumerable<(string What, Func<TaskUnderTest, Task<TaskAnswer>> Raise)> Events()
    {
        var submit = new SubmitTask { TaskId = Guid.Empty, Spec = new TaskSpec { Argv = ["true"], Retry = 2 } };
        yield return ("submitted", t => t.RaiseAsync(m => m.Submitted, submit, new Origin("me")));
        yield return ("submitted with requirements", t => t.RaiseAsync(m => m.Submitted, submit, new Origin("me", [new RequirementRow { RequiredId = Lease }])));
        yield return ("cancel", t => t.CancelAsync());
        yield return ("relaunch", t => t.RaiseAsync(m => m.RelaunchRequested, new RelaunchTask { TaskId = Guid.Empty }));
        yield return ("stop", t => t.StopAsync());
        yield return ("kill", t => t.StopAsync(kill: true));
        yield return ("pause", t => t.PauseAsync());
        yield return ("resume", t => t.ResumeAsync());
        yield return ("retry of the upload", t => t.RetryUploadAsync());
        foreach (var restart in (bool[])[false, true])
            foreach (var members in (string[])["""{"batch":"other","retry":1}""", """{"requirements":["1"]}"""])
                yield return ($"update {members} restart={restart}", t => t.UpdateAsync(members, restart));
        yield return ("requirements met", t => t.RaiseAsync(m => m.RequirementsMet, new RequirementsMet()));
        yield return ("requirement failed", t => t.RaiseAsync(m => m.RequirementFailed, new RequirementFailed("task 1 failed")));
        yield return ("retry due", t => t.RaiseAsync(m => m.RetryDue, new RetryDue()));
        yield return ("dispatch due", t => t.RaiseAsync(m => m.DispatchDue, new DispatchDue()));
        foreach (var worker in (string[])["w", "other"])
            foreach (var attempt in (int[])[1, 2])
            {
                yield return ($"claim {attempt} by {worker}", t => t.RaiseAsync(m => m.Claimed, new Claimed(worker, attempt)));
                yield return ($"claim {attempt} by {worker}, who is too old", t =>
                {
                    t.Row.SetSpec(new TaskSpec { Argv = ["true"], Secrets = ["PASSWORD"] });
                    return t.RaiseAsync(m => m.Claimed, new Claimed(worker, attempt));
                });
            }

        foreach (var lease in (Guid[])[Lease, Guid.Empty])
        {
            var key = new AttemptKey(Guid.Empty, 1, lease);
            foreach (var still in (bool[])[false, true]) yield return ($"stands still {still} {lease}", t => t.StandsAsync(still, lease));
            yield return ($"lost {lease}", t => t.RaiseAsync(m => m.LeaseLost, new LeaseLost(lease, "silent")));
            yield return ($"released {lease}", t =>
                t.RaiseAsync(m => m.AttemptReleased, new AttemptReleased("w", new AttemptReport { Key = key, Stage = AttemptStage.Released })));
            foreach (var stage in (AttemptStage[])[AttemptStage.Accepted, AttemptStage.Running, AttemptStage.Uploading])
                yield return ($"{stage} {lease}", t =>
                    t.RaiseAsync(m => m.StageReported, new StageReported("w", new AttemptReport { Key = key, Stage = stage })));
            foreach (var failure in (FailureClass?[])[null, FailureClass.Exit, FailureClass.Upload, FailureClass.Lost, FailureClass.Cancelled])
                yield return ($"ended {failure} {lease}", t => t.RaiseAsync(m => m.AttemptEnded, new AttemptEnded("w", TaskUnderTest.End(key, failure, 0))));
        }
    }

    /// <summary>The row, its effects and the answer; a lease that is made anew is only told to be there.</summary>
    private static string Describe(TaskUnderTest task, TaskAnswer answer)
    {
        var (row, effects) = (task.Row, task.Effects);
        var columns = Values(row).Concat([$"answer {answer.Lease is not null} {answer.Refusal} {answer.Done}"])
            .Concat(effects.Attempts.SelectMany(Values)).Concat(effects.History.SelectMany(Values))
            .Concat([$"{effects.Requirements.Count} {effects.Changed} {effects.Dispatch} {effects.Stop?.Message} {effects.Pause?.Message}"]);
        return string.Join("; ", columns);
    }

    private static IEnumerable<string> Values(object of) => of.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(p => p.Name is not (nameof(TaskSaga.Key) or nameof(TaskSaga.Spec) or nameof(TaskSaga.Next)))
        .Select(p => $"{p.Name}={(MadeAnew.Contains(p.Name) ? p.GetValue(of) is null ? "none" : "some" : p.GetValue(of))}");

    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddDays(1);
    }
}
