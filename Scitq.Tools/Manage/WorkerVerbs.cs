using System.Globalization;
using System.Text.Json;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage.Output;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>Verbs that show one worker, and change settings that hold from now on.</summary>
internal static class WorkerVerbs
{
    private const int MostSlots = 10_000;

    public static async Task<int> ShowAsync(ManageContext context)
    {
        if (context.Format != Format.Table) return await OtherVerbs.OneAsync(context, "workers", "worker", Columns.WorkerLong);
        using var document = await context.Rest.GetAsync(Path(One(context)), context.Patience, context.Cancel);
        TaskListVerbs.ShowOne(context, document.RootElement, Columns.WorkerLong);
        TaskListVerbs.Section(context, "Cached resources", document.RootElement, "cache", Columns.Cached);
        return ExitCodes.Done;
    }

    public static Task<int> UpdateAsync(ManageContext context)
    {
        var line = context.Line;
        var (concurrency, prefetch, batch) = (Slots(context, "concurrency"), Slots(context, "prefetch"), line.Value("batch"));
        bool? paused = line.Value("status") switch
        {
            null => null,
            "paused" => true,
            "running" => false,
            var other => throw new UsageException($"--status '{other}' is neither running nor paused"),
        };
        if (batch is not null && Contracts.BatchName.Problem(batch) is { } problem) throw new UsageException(problem.TrimEnd('.'));
        if (concurrency is null && prefetch is null && batch is null && paused is null)
            throw new UsageException("nothing to change: give -C, -p, -b or -S", "See: scitq-manage worker update --help");
        return ChangeAsync(context, json =>
        {
            if (batch is not null) json.WriteString("batch", batch);
            if (concurrency is { } slots) json.WriteNumber("concurrency", slots);
            if (prefetch is { } ahead) json.WriteNumber("prefetch", ahead);
            if (paused is { } stop) json.WriteBoolean("paused", stop);
        });
    }

    public static Task<int> PauseAsync(ManageContext context) => ChangeAsync(context, json => json.WriteBoolean("paused", true));

    public static Task<int> ResumeAsync(ManageContext context) => ChangeAsync(context, json => json.WriteBoolean("paused", false));

    private static async Task<int> ChangeAsync(ManageContext context, Action<Utf8JsonWriter> write)
    {
        var names = Some(context, "changed");
        var json = context.Format is Format.Json or Format.Jsonl;
        var rows = new JsonRows(context.Io.Out, context.Format == Format.Json && names.Count > 1);
        foreach (var name in names)
        {
            using var answer = await context.Rest.PatchAsync(Path(name), JsonBody.Write(write), context.Patience, context.Cancel);
            var worker = answer.RootElement;
            if (json) rows.Write(worker);
            else if (!context.Quiet) context.Io.Out.WriteLine(Line(worker));
        }

        if (json) rows.Finish();
        return ExitCodes.Done;
    }

    private static string Line(JsonElement worker)
    {
        var status = worker.Text("status");
        var state = status switch
        {
            "draining" => "drains; it",
            "offline" => "is offline; when it is back it",
            "paused" => "is paused; it",
            _ => "",
        };
        return $"Worker {Display.Clean(worker.Text("name") ?? "")} {state}{(state.Length > 0 ? " " : "")}serves batch {worker.Text("batch")} with concurrency "
            + $"{worker.Number("concurrency")} and prefetch {worker.Number("prefetch")}";
    }

    private static string One(ManageContext context) =>
        Names(context) is [var name] ? name : throw new UsageException("which worker? give one name", "See: scitq-manage worker list");

    private static IReadOnlyList<string> Some(ManageContext context, string what)
    {
        var names = Names(context);
        if (names.Count == 0) throw new UsageException("which worker? give its name, or -i with its number", "See: scitq-manage worker list");
        if (names.Count > 1) context.Confirm($"{names.Count} workers would be {what}.");
        return names;
    }

    private static List<string> Names(ManageContext context) =>
        [.. context.Line.All("name").Concat(context.Line.All("id")).Concat(context.Line.Operands).Distinct()];

    private static string Path(string name) => $"workers/{Uri.EscapeDataString(name)}";

    private static int? Slots(ManageContext context, string option)
    {
        if (context.Line.Value(option) is not { } text) return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= MostSlots
            ? number
            : throw new UsageException($"--{option} '{text}' is not a number from 0 to {MostSlots}");
    }
}
