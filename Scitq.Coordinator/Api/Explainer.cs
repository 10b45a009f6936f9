using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Scitq.Contracts;
using Scitq.Coordinator.Health;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Api;

/// <summary>The reason why a task is in its state: one line, and the details.</summary>
internal sealed record Explanation(long TaskId, TaskState Status, string Why, IReadOnlyList<string> Details);

/// <summary>Finds the reason why a task is in its state, and names what its user could do.</summary>
internal sealed class Explainer(IDbContextFactory<ScitqDb> contexts, IServerStatus server, TimeProvider clock)
{
    private const int Shown = 20;

    private DateTime Now => clock.GetUtcNow().UtcDateTime;

    public async Task<Explanation> ExplainAsync(TaskSaga task, CancellationToken ct)
    {
        var details = new List<string>();
        var why = task.State switch
        {
            TaskState.Waiting => await WaitingAsync(task, details, ct),
            TaskState.Pending => await PendingAsync(task, details, ct),
            TaskState.Accepted => $"worker {task.Worker} has it{(task.Phase is { } phase ? $": {phase}" : " and prepares it, or has no free slot yet")}.",
            TaskState.Running => $"it runs on worker {task.Worker}{Since(task.Started)}.",
            TaskState.Uploading => $"its command has ended; worker {task.Worker} delivers its output{(task.Phase is { } phase ? $": {phase}" : "")}.",
            TaskState.Succeeded => "it has succeeded.",
            TaskState.Suspended => $"its user paused it: its command stands still on worker {task.Worker} and keeps its slot there (scitq-manage task resume "
                + $"{task.Number}).",
            TaskState.Paused => $"its user paused it (scitq-manage task resume {task.Number}).",
            _ => $"it {(task.State == TaskState.Failed ? "has failed" : "was cancelled")}{(task.Reason is { } reason ? $": {reason}" : ".")}",
        };
        if (task is { State: TaskState.Failed, Failure: FailureClass.Upload } and ({ RunEnded: not null } or { Redelivers: not null })
            || task is { State: TaskState.Failed, Failure: FailureClass.Disk, ExitCode: 0, Spec.Output: not null })
            details.Add(
                $"worker {task.Worker} keeps its output: deliver it again without running it again "
                + $"(scitq-manage task retry-upload {task.Number}), or relaunch.");
        if (task.State.IsActive())
        {
            if (task.State != TaskState.Uploading && task.PauseRequested == (task.State != TaskState.Suspended))
                details.Add(task.PauseRequested ? "its user wants it to stand still; its worker is being told." : "it is to go on; its worker is being told.");
            if (task.CancelRequested) details.Add("its user cancelled it; the worker is stopping it.");
            else if (task.RestartRequested) details.Add("its user changed it; the worker is stopping it, and it begins anew as it was changed.");
            await HolderAsync(task, details, ct);
        }

        else if (task.NextJson is not null)
        {
            details.Add($"it was changed since it ended: a relaunch runs it as it is now (scitq-manage task relaunch {task.Number}).");
        }

        if (!task.State.IsTerminal())
        {
            if (task.Losses > 0) details.Add($"it has lost its worker {task.Losses} times.");
            details.AddRange(server.Problems);
        }

        return new Explanation(task.Number, task.State, Masked.Text(why), details.ConvertAll(Masked.Text));
    }

    private async Task<string> WaitingAsync(TaskSaga task, List<string> details, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var id = task.CorrelationId;
        var unmet = db.Unmet().Where(u => u.TaskId == id);
        var count = await unmet.CountAsync(ct);
        foreach (var required in await unmet.OrderBy(u => u.Number).Take(Shown).ToListAsync(ct))
        {
            details.Add(required is { IsDead: false, State: { } state }
                ? $"it waits for {(required.AfterAny ? "the end of " : "")}{required.What}, which is {Word(state)}."
                : $"it waits for {required.What}, which {required.Became}: "
                    + $"{(required.State is null ? "let this one require others (scitq-manage task update -R)" : "relaunch that one")}, or cancel this one.");
        }

        if (count > Shown) details.Add($"and for {count - Shown} more.");
        if (count > 0 && await RequirementGraph.DeadEndAsync(db, task, ct) is { } dead) return $"it can never start as things are: {dead}";
        return count == 0
            ? "all it requires is there; it is about to be queued."
            : $"{count} of the tasks it requires {(count == 1 ? "is" : "are")} wanting yet.";
    }

    private async Task<string> PendingAsync(TaskSaga task, List<string> details, CancellationToken ct)
    {
        if (task.Due is { } due)
        {
            if (task.Reason is not null) details.Add($"attempt {task.Attempt - 1} failed: {task.Reason}");
            return $"attempt {task.Attempt} follows in {Math.Max(0, Math.Ceiling((due - Now).TotalSeconds)).ToString(CultureInfo.InvariantCulture)} s.";
        }

        await using var db = await contexts.CreateDbContextAsync(ct);
        if (await StopAsync(db, task.Batch, details, ct) is { } stopped) return stopped;
        var workers = await db.Workers.AsNoTracking().Where(w => w.Batch == task.Batch).OrderBy(w => w.Name).ToListAsync(ct);
        var states = workers.ConvertAll(w => (Worker: w, Status: WorkerView.StatusOf(w, stopped: false, Now)));
        foreach (var (worker, status) in states.Take(Shown))
        {
            details.Add(status switch
            {
                WorkerStatus.Offline => $"worker {worker.Name} is offline{Since(worker.LastSeen)}.",
                WorkerStatus.Paused => $"worker {worker.Name} {(worker.Aside is { } why ? $"was {why}" : "is paused")} "
                    + $"(scitq-manage worker resume {worker.Name}).",
                WorkerStatus.Full or WorkerStatus.Draining => $"worker {worker.Name} takes nothing new: {worker.Hold}.",
                _ when worker.Running >= worker.Concurrency => $"worker {worker.Name} is busy: all {worker.Concurrency} of its slots are in use.",
                _ => $"worker {worker.Name} uses {worker.Running} of its {worker.Concurrency} slots.",
            });
        }

        if (workers.Count > Shown) details.Add($"and {workers.Count - Shown} more workers.");
        var ready = states.Where(s => s.Status == WorkerStatus.Running).Select(s => s.Worker).ToList();
        if (ready.Count == 0) await OthersAsync(db, task.Batch, details, ct);
        if (workers.Count == 0) return $"no worker serves batch {task.Batch}: start one, or submit to a batch that has one.";
        if (ready.Count == 0) return $"no worker of batch {task.Batch} takes tasks now.";
        var (used, slots) = (ready.Sum(w => w.Running), ready.Sum(w => w.Concurrency));
        if (used < slots) return "a worker has a free slot and will take it soon.";
        var ahead = await db.Tasks.LongCountAsync(
            t => t.Batch == task.Batch && t.State == TaskState.Pending && t.Due == null
                && (t.Priority > task.Priority || (t.Priority == task.Priority && t.Number < task.Number)),
            ct);
        var by = task.Priority == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", at its priority {task.Priority}");
        return $"all {slots} slots of batch {task.Batch} are in use; {ahead} tasks that wait too are before it{by}.";
    }

    /// <summary>Why nothing of the batch starts; null while it goes on.</summary>
    private async Task<string?> StopAsync(ScitqDb db, string name, List<string> details, CancellationToken ct)
    {
        if (await db.Batches.FindAsync([name], ct) is not { Standstill: { } standstill } batch) return null;
        details.Add($"batch {name} has been stopped{Since(batch.Stopped)} (scitq-manage batch go {name}).");
        return $"{standstill}{(standstill.EndsWith('.') ? "" : ".")}";
    }

    /// <summary>Workers that could be moved here.</summary>
    private async Task OthersAsync(ScitqDb db, string batch, List<string> details, CancellationToken ct)
    {
        var others = (await db.Workers.AsNoTracking().Where(w => w.Batch != batch && w.Epoch != null).OrderBy(w => w.Name).ToListAsync(ct))
            .Where(w => !WorkerView.IsOffline(w, Now)).ToList();
        details.AddRange(
            others.Take(Shown).Select(w => $"worker {w.Name} serves batch {w.Batch}, not {batch} (scitq-manage worker update {w.Name} -b {batch})."));
        if (others.Count > Shown) details.Add($"and {others.Count - Shown} more of other batches.");
    }

    private async Task HolderAsync(TaskSaga task, List<string> details, CancellationToken ct)
    {
        await using var db = await contexts.CreateDbContextAsync(ct);
        var name = task.Worker;
        var worker = await db.Workers.AsNoTracking().FirstOrDefaultAsync(w => w.Name == name, ct);
        if (worker is not null && WorkerView.IsOffline(worker, Now))
            details.Add(
                $"worker {name} has been silent{Since(worker.LastSeen)}; if it does not come back, "
                + (task.Redelivers is null ? "another one gets the task." : "the task fails again, and its output stays there."));
        else if (worker is not null && task.State == TaskState.Accepted)
            details.Add(
                await StopAsync(db, worker.Batch, [], ct) is not null ? $"batch {worker.Batch}, which worker {name} serves, is stopped: nothing starts there."
                : WorkerView.StatusOf(worker, stopped: false, Now) == WorkerStatus.Paused
                ? $"worker {name} is paused, so nothing starts there (scitq-manage worker resume {name})."
                : $"worker {name} uses {worker.Running} of its {worker.Concurrency} slots.");
    }

    private string Since(DateTime? since) =>
        since is { } time ? string.Create(CultureInfo.InvariantCulture, $" since {time:yyyy-MM-dd HH:mm:ss} UTC ({Span(Now - time)})") : "";

    private static string Span(TimeSpan span) =>
        span.TotalDays >= 1 ? $"{(int)span.TotalDays} d {span.Hours} h"
        : span.TotalHours >= 1 ? $"{span.Hours} h {span.Minutes} min"
        : span.TotalMinutes >= 1 ? $"{span.Minutes} min"
        : $"{Math.Max(0, span.Seconds)} s";

    private static string Word(TaskState state) => state.ToString().ToLowerInvariant();
}
