using Scitq.Contracts;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api;

/// <summary>A task's life as a list: routine is read off its rows, the rest was written down when it happened.</summary>
internal static class TaskHistory
{
    public static IReadOnlyList<HistoryView> Of(TaskSaga task, IReadOnlyList<AttemptRow> attempts, IReadOnlyList<TaskEventRow> events)
    {
        var history = new List<HistoryView> { new(task.Created, "submitted", 1, null, null, task.SubmittedBy) };
        foreach (var row in attempts)
        {
            Stages(history, row.Attempt, row.Worker, row.Accepted, row.Started, row.RunEnded, row.ExitCode);

            // A loss the coordinator has found is written down with its reason.
            if (row.Outcome != AttemptOutcome.Lost || !events.Any(e => e.Kind == HistoryKind.Lost && e.Attempt == row.Attempt))
                history.Add(new(row.Finished, row.Outcome.ToString().ToLowerInvariant(), row.Attempt, row.Worker, Masked.TextOrNull(row.Reason)));
        }

        var runs = task.Redelivers is null;
        if (task.State.IsActive()) Stages(history, task.Attempt, task.Worker, task.Accepted, runs ? task.Started : null, runs ? task.RunEnded : null, null);
        if (task is { State: TaskState.Cancelled, Finished: { } finished } && attempts.All(a => a.Attempt != task.Attempt))
            history.Add(new(finished, "cancelled", task.Attempt, null, Masked.TextOrNull(task.Reason)));
        history.AddRange(
            events.Select(e => new HistoryView(e.At, e.Kind.Word, e.Attempt, e.Worker, e.Detail is null ? null : Masked.Json(e.Detail), e.ByWhom)));

        // The sort is stable: events of one moment stay in the order in which they were found.
        return [.. history.OrderBy(h => h.At)];
    }

    private static void Stages(List<HistoryView> history, int attempt, string? worker, DateTime? accepted, DateTime? started, DateTime? runEnded, int? exitCode)
    {
        if (accepted is { } a) history.Add(new(a, "accepted", attempt, worker, null));
        if (started is { } s) history.Add(new(s, "started", attempt, worker, null));
        if (runEnded is { } e) history.Add(new(e, "run_ended", attempt, worker, exitCode is { } code ? $"exit code {code}" : null));
    }
}
