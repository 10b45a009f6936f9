using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>Waits until no task of some batches is left that has not ended; memory does not grow with their number.</summary>
internal sealed class BatchWait(ManageContext context, IReadOnlyList<string> batches)
{
    /// <summary>How long one question waits for the end of a task, and so how old the figures shown can be.</summary>
    private const int OnePoll = 5;

    private readonly string _filter = string.Join('&', batches.Select(b => $"batch={Uri.EscapeDataString(b)}"));
    private string? _current;

    /// <summary>Exits with 0 when all succeeded, else 1.</summary>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        context.Io.WatchInterrupts();
        var patience = Patience.ForWaiting(context.Timeout);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, context.Cancel);
        // An unknown batch is an error, not one that has ended.
        foreach (var batch in batches) (await context.Rest.GetAsync($"batches/{Uri.EscapeDataString(batch)}", context.Patience, either.Token)).Dispose();
        var progress = new ProgressText(context.Io, context.Quiet);
        try
        {
            await using (new Background(
                stop => context.Quiet ? Task.CompletedTask : new StallNotes(context.Rest, context.Io, patience).RunAsync(() => _current, progress, stop)))
            {
                while (await NewestAsync(patience, either.Token) is { } id)
                {
                    _current = id;
                    progress.Show(await FiguresAsync(patience, either.Token));
                    (await context.Rest.GetAsync($"tasks/{id}?wait={OnePoll}", patience, either.Token)).Dispose();
                }
            }
        }
        catch (OperationCanceledException) when (context.Cancel.IsCancellationRequested)
        {
            progress.Clear();
            context.Io.Error.WriteLine($"{ManageCommand.Program}: interrupted; the tasks go on");
            return ExitCodes.Interrupted;
        }

        progress.Clear();
        var (succeeded, others) = (await CountAsync("succeeded", patience, cancel), await CountAsync("failed,cancelled", patience, cancel));
        if (!context.Quiet) context.Io.Error.WriteLine($"{Display.Count(succeeded)} succeeded, {Display.Count(others)} did not");
        return others == 0 ? ExitCodes.Done : ExitCodes.Failed;
    }

    private async Task<string?> NewestAsync(Patience patience, CancellationToken cancel)
    {
        const string open = "waiting,pending,accepted,running,suspended,uploading,paused";
        using var page = await context.Rest.GetAsync($"tasks?{_filter}&status={open}&limit=1", patience, cancel);
        return page.RootElement.EnumerateArray().Select(t => t.Text("id")).FirstOrDefault();
    }

    private async Task<string> FiguresAsync(Patience patience, CancellationToken cancel)
    {
        using var all = await context.Rest.GetAsync("batches", patience, cancel);
        var ours = all.RootElement.EnumerateArray().Where(b => batches.Contains(b.Text("batch"))).ToList();
        var (failed, ended, total) = (Sum("failed", "cancelled"), Sum("failed", "cancelled", "succeeded"), Sum("total"));
        var part = total > 0 ? $" ({100 * ended / total} %)" : "";
        return $"{Display.Count(ended)} of {Display.Count(total)} have ended{part}, "
            + $"{Display.Count(Sum("running"))} running{(failed > 0 ? $", {Display.Count(failed)} without success" : "")}";

        long Sum(params string[] members) => ours.Sum(b => members.Sum(m => b.Number(m) ?? 0));
    }

    private async Task<long> CountAsync(string states, Patience patience, CancellationToken cancel)
    {
        var (page, headers) = await context.Rest.GetPageAsync($"tasks?{_filter}&status={states}&limit=1&count=true", patience, cancel);
        page.Dispose();
        return Pages.TotalIn(headers) ?? 0;
    }
}
