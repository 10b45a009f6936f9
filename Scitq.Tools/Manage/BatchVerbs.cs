using System.Globalization;
using System.Text.Json;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage.Output;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>Verbs that change batches.</summary>
internal static class BatchVerbs
{
    private static readonly Option Name = new("name", 'n', "NAME", "the batch") { Given = Given.Many };
    private static readonly Option Reason = TaskOptions.Reason with { Help = "kept in the history, and shown while it lasts" };

    public static readonly IReadOnlyList<Verb> All =
    [
        new("batch", "stop", "Let nothing of batches start any more; what runs goes on.", "NAME...",
            [Name, .. BatchDeed.OfStop, Reason, TaskOptions.DryRun],
            ["scitq-manage batch stop mybatch --reason 'wrong reference genome'", "scitq-manage batch stop mybatch --term -y"], StopAsync),
        new("batch", "go", "Let stopped batches go on.", "NAME...", [Name, .. BatchDeed.OfGo, Reason, TaskOptions.DryRun],
            ["scitq-manage batch go mybatch", "scitq-manage batch go mybatch --cont"], GoAsync),
        new("batch", "update", "Change batches: when failures stop them, which tasks go first, what they are for, how long they are kept.", "NAME...",
            [Name, new("max-fails", '\0', "N", "stop it when N tasks in a row have failed for good (0: never)"),
                PriorityOption.Option with { Help = "of its tasks that have none of their own: -10 to 10" },
                new("description", '\0', "TEXT", "what it is for (empty: nothing)"),
                new("keep-tasks", '\0', "DAYS", "keep its ended tasks so long (0: as long as those of any batch)"),
                new("keep-logs", '\0', "DAYS", "keep what its tasks printed so long after their end (0: likewise)"), TaskOptions.Reason],
            ["scitq-manage batch update mybatch --max-fails 20 --description 'genomes of 2026'"], UpdateAsync),
        new("batch", "progress", "How far batches are, until they have ended: 0 if all succeeded, else 1.", "NAME...", [Name],
            ["scitq-manage batch progress mybatch"], ProgressAsync),
        new("batch", "wait", "Wait for the end of all tasks of batches; 0 if all succeeded, else 1.", "NAME...", [Name],
            ["scitq-manage batch wait mybatch --timeout 2h"], WaitAsync),
        new("batch", "stats", "What the ended tasks of batches took: times, memory, CPU, bytes.", "NAME...",
            [Name, new("long", 'L', null, "each figure in a column of its own"), new("columns", 'C', "A,B,C", "these columns")],
            ["scitq-manage batch stats mybatch", "scitq-manage batch stats mybatch --json"], BatchReportVerbs.StatsAsync),
        new("batch", "export", "All ended attempts of a batch, a line each: times in seconds, sizes in bytes.", "NAME",
            [new("name", 'n', "NAME", "the batch")],
            ["scitq-manage batch export mybatch > trace.csv", "scitq-manage batch export mybatch --format jsonl"], BatchReportVerbs.ExportAsync),
    ];

    private static Task<int> StopAsync(ManageContext context) => ChangeAsync(context, "stop", "be stopped");

    private static Task<int> GoAsync(ManageContext context) => ChangeAsync(context, "go", "go on");

    private static Task<int> WaitAsync(ManageContext context) => TaskStateVerbs.LimitedAsync(context, new BatchWait(context, Some(context)).RunAsync);

    private static Task<int> ProgressAsync(ManageContext context) =>
        TaskStateVerbs.LimitedAsync(context, new BatchProgress(context, Some(context)).RunAsync);

    private static async Task<int> UpdateAsync(ManageContext context)
    {
        var (names, description) = (Some(context), context.Line.Value("description"));
        int? most = context.Line.Value("max-fails") switch
        {
            null => null,
            var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
            var text => throw new UsageException($"--max-fails '{text}' is not a number from 0 on"),
        };
        int? priority = context.Line.Has("priority") ? PriorityOption.Read(context) : null;
        var (keepTasks, keepLogs) = (Days(context, "keep-tasks"), Days(context, "keep-logs"));
        if (most is null && description is null && priority is null && keepTasks is null && keepLogs is null)
            throw new UsageException(
                "nothing to change: give --max-fails, --priority, --description, --keep-tasks or --keep-logs", "See: scitq-manage batch update --help");
        if (names.Count > 1) context.Confirm($"{names.Count} batches would be changed.");
        var json = context.Format is Format.Json or Format.Jsonl;
        var rows = new JsonRows(context.Io.Out, context.Format == Format.Json && names.Count > 1);
        var body = JsonBody.Write(writer =>
        {
            if (most is { } fails) writer.WriteNumber("max_fails", fails);
            if (priority is { } first) writer.WriteNumber("priority", first);
            if (keepTasks is { } tasks) writer.WriteNumber("keep_tasks", tasks);
            if (keepLogs is { } logs) writer.WriteNumber("keep_logs", logs);
            if (description is not null) writer.WriteString("description", description);
            if (context.Line.Value("reason") is { } reason) writer.WriteString("reason", reason);
        });
        foreach (var name in names)
        {
            using var answer = await context.Rest.PatchAsync(Path(name), body, context.Patience, context.Cancel);
            var batch = answer.RootElement;
            if (json) rows.Write(batch);
            else if (!context.Quiet)
                context.Io.Out.WriteLine(
                    $"Batch {name} is stopped {(batch.Number("max_fails") is { } fails ? $"after {fails} failures in a row" : "by no failure")}"
                    + (batch.Number("priority") is { } given and not 0 ? $"; its tasks have priority {given}" : "")
                    + Kept(batch, "keep_tasks", "its ended tasks are") + Kept(batch, "keep_logs", "what they printed is")
                    + (batch.Text("description") is { } text ? $"; it is for: {Display.Clean(text)}" : ""));
        }

        if (json) rows.Finish();
        return ExitCodes.Done;
    }

    private static double? Days(ManageContext context, string option) => context.Line.Value(option) switch
    {
        null => null,
        var text when double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var days) => days,
        var text => throw new UsageException($"--{option} '{text}' is not a number of days from 0 on"),
    };

    private static string Kept(JsonElement batch, string member, string what) =>
        batch.TryGetProperty(member, out var days) && days.ValueKind == JsonValueKind.Number ? $"; {what} kept for {days.GetRawText()} days" : "";

    private static async Task<int> ChangeAsync(ManageContext context, string action, string done)
    {
        var names = Some(context);
        var deed = BatchDeed.Of(context.Line, action == "stop");
        var dryRun = context.Line.Has("dry-run");
        var json = context.Format is Format.Json or Format.Jsonl;
        var rows = new JsonRows(context.Io.Out, context.Format == Format.Json && names.Count > 1);
        long tasks = 0, skipped = 0;
        // An unknown one among several is told before any of them is changed.
        if (dryRun || names.Count > 1 || deed is not null)
            foreach (var name in names)
            {
                using var batch = await context.Rest.GetAsync(Path(name), context.Patience, context.Cancel);
                var count = deed is null ? 0 : await deed.CountAsync(context, name);
                tasks += count;
                if (dryRun && json) rows.Write(batch.RootElement);
                else if (dryRun) context.Io.Out.WriteLine($"Batch {name} would {done}: {Tasks(batch.RootElement)}{Of(count, deed, "would be")}");
            }

        if (!dryRun)
        {
            if (names.Count > 1 || tasks > 1) context.Confirm($"{Batches(names)} would {done}{Of(tasks, deed, "would be")}.");
            foreach (var name in names) skipped += await ChangeAsync(context, name, action, deed, rows);
        }

        if (json) rows.Finish();
        return skipped == 0 ? ExitCodes.Done : ExitCodes.Failed;
    }

    /// <summary>First the batch, so that nothing starts in the place of what ends; then what runs. The number of tasks that were left alone.</summary>
    private static async Task<long> ChangeAsync(ManageContext context, string name, string action, BatchDeed? deed, JsonRows rows)
    {
        var body = JsonBody.Write(writer =>
        {
            if (context.Line.Value("reason") is { } reason) writer.WriteString("reason", reason);
        });
        using var answer = await context.Rest.PostAsync($"{Path(name)}/{action}", body, null, context.Patience, context.Cancel);
        var (count, skipped) = deed is null ? (0, 0) : await deed.DoAsync(context, name);
        if (context.Format is Format.Json or Format.Jsonl) rows.Write(answer.RootElement);
        else if (!context.Quiet) context.Io.Out.WriteLine(Line(answer.RootElement) + Of(count, deed, "are being"));
        return skipped;
    }

    private static string Batches(List<string> names) => names is [var one] ? $"Batch {one}" : $"{names.Count} batches";

    private static string Of(long tasks, BatchDeed? deed, string how) =>
        deed is null ? "" : $"; {Display.Count(tasks)} {(tasks == 1 ? "task" : "tasks")} {how} {deed.Done}";

    private static string Line(JsonElement batch)
    {
        var (by, reason) = (batch.Text("stopped_by"), batch.Text("stopped_reason"));
        var state = batch.Text("status") != "stopped" ? "goes on"
            : $"is stopped{(by is null ? "" : $" by {Display.Clean(by)}")}{(reason is null ? "" : $" ({Display.Clean(reason)})")}";
        return $"Batch {batch.Text("batch")} {state}: {Tasks(batch)}";
    }

    private static string Tasks(JsonElement batch)
    {
        var queued = (batch.Number("waiting") ?? 0) + (batch.Number("pending") ?? 0) + (batch.Number("accepted") ?? 0);
        var workers = batch.Texts("workers").ToList();
        return $"{Display.Count(queued)} queued, {Display.Count(batch.Number("running") ?? 0)} running, "
            + (workers.Count == 0 ? "no worker" : $"{(workers.Count == 1 ? "worker" : "workers")} {string.Join(", ", workers.Take(10))}"
                + (workers.Count > 10 ? $" and {workers.Count - 10} more" : ""));
    }

    public static List<string> Some(ManageContext context)
    {
        List<string> names = [.. context.Line.All("name").Concat(context.Line.Operands).Distinct()];
        return names.Count > 0 ? names : throw new UsageException("which batch? give its name", "See: scitq-manage batch list");
    }

    public static string Path(string name) => $"batches/{Uri.EscapeDataString(name)}";
}
