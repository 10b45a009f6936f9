using System.Text.Json;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage.Output;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>Asks for an action on the workers that a call is about: at once where that is one worker named, else after a look and a question.</summary>
internal sealed class WorkerActing(ManageContext context, WorkerAction action)
{
    private readonly WorkerSelection _selection = new(context);
    private readonly bool _json = context.Format is Format.Json or Format.Jsonl;

    public async Task<int> RunAsync()
    {
        if (!_selection.IsGiven)
            throw new UsageException("which worker? give its name, -i with its number, or -b with a batch", "See: scitq-manage worker list");
        if (_selection.One is { } one && !context.Line.Has("dry-run"))
        {
            using var alone = await context.Rest.PostAsync(
                $"{WorkerSelection.Path(one)}/{action.Name}", JsonBody.Write(WriteArguments), null, context.Patience, context.Cancel);
            await ReportAsync([alone.RootElement], alone.RootElement);
            return ExitCodes.Done;
        }

        using (var look = await PostAsync(dryRun: true))
        {
            var matched = look.RootElement.Number("matched") ?? 0;
            if (context.Line.Has("dry-run") || matched == 0) return Look(look.RootElement);
            if (matched > 1) context.Confirm($"{matched} workers would be {action.Done}.");
        }

        using var answer = await PostAsync(dryRun: false);
        await ReportAsync([.. answer.RootElement.Items("workers")], answer.RootElement);
        return Skipped(answer.RootElement);
    }

    private async Task<JsonDocument> PostAsync(bool dryRun)
    {
        var body = JsonBody.Write(json =>
        {
            json.WriteString("action", action.Name);
            _selection.Write(json);
            json.WriteBoolean("dry_run", dryRun);
            WriteArguments(json);
        });
        return await context.Rest.PostAsync("workers/actions", body, null, context.Patience, context.Cancel);
    }

    private void WriteArguments(Utf8JsonWriter json)
    {
        if (context.Line.Value("reason") is { } reason) json.WriteString("reason", reason);
        foreach (var option in action.Options)
            if (context.Line.Has(option.Long)) json.WriteBoolean(option.Long, true);
    }

    private int Look(JsonElement answer)
    {
        var names = answer.Items("workers").Select(w => w.Text("worker") ?? "").ToList();
        if (_json) context.Io.Out.WriteLine(answer.GetRawText());
        else if (!context.Quiet)
            context.Io.Out.WriteLine($"{names.Count} {(names.Count == 1 ? "worker" : "workers")} would be {action.Done}"
                + $"{(names.Count == 0 ? "" : ": " + Display.Clean(string.Join(' ', names)))}");
        return Skipped(answer);
    }

    private async Task ReportAsync(IReadOnlyList<JsonElement> workers, JsonElement answer)
    {
        var wait = context.Line.Has("wait");
        if (_json && !wait) context.Io.Out.WriteLine(answer.GetRawText());
        foreach (var worker in workers)
        {
            var says = action.Says(worker);
            if (!_json && !wait && !context.Quiet) context.Io.Out.WriteLine($"Worker {Display.Clean(worker.Text("worker") ?? "")} {Display.Clean(says)}");
            if (worker.Text("note") is { } note && !says.Contains(note, StringComparison.Ordinal))
                context.Io.Error.WriteLine($"{ManageCommand.Program}: {Display.Clean(note)}");
        }

        if (!wait) return;
        var rows = _json ? new JsonRows(context.Io.Out, context.Format == Format.Json && workers.Count > 1) : null;
        var awaiting = new WorkerAwaiting(context, rows);
        foreach (var worker in workers) await action.WaitAsync(awaiting, worker);
        rows?.Finish();
    }

    private int Skipped(JsonElement answer)
    {
        var skipped = answer.Items("skipped").ToList();
        foreach (var worker in _json ? [] : skipped)
            context.Io.Error.WriteLine($"{ManageCommand.Program}: worker {Display.Clean(worker.Text("worker") ?? "")} left alone: "
                + $"{Display.Clean(worker.Text("why") ?? "not possible")}");
        return skipped.Count > 0 ? ExitCodes.Failed : ExitCodes.Done;
    }
}
