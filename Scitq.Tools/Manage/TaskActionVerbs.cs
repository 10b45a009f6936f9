using System.Text.Json;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage.Output;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>task wait, cancel, relaunch and explain.</summary>
internal static class TaskActionVerbs
{
    public static async Task<int> WaitAsync(ManageContext context)
    {
        var limited = context.Line.Has("timeout");
        using var limit = new CancellationTokenSource();
        if (limited) limit.CancelAfter(context.Timeout);
        try
        {
            var selection = new TaskSelection(context);
            if (!selection.IsNamed && selection.Batches is { Count: > 0 } batches) return await new BatchWait(context, batches).RunAsync(limit.Token);
            var ids = await selection.NamedAsync();
            var awaiting = new TaskAwaiting(context.Rest, context.Io, ManageCommand.Program, context.Timeout);
            return ids is [var one]
                ? await awaiting.OfOneAsync(one, follow: false, context.Quiet, limit.Token)
                : await awaiting.OfManyAsync(ids, ids.Count, context.Quiet, limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw new ToolException(ExitCodes.TimedOut, "timeout", $"gave up waiting after {Duration.Show(context.Timeout)}; what was waited for goes on");
        }
    }

    public static Task<int> CancelAsync(ManageContext context) => ActAsync(context, "cancel", "cancelled");

    public static Task<int> RelaunchAsync(ManageContext context) => ActAsync(context, "relaunch", "queued again");

    public static Task<int> RetryUploadAsync(ManageContext context) => ActAsync(context, "retry-upload", "delivered again");

    public static async Task<int> ExplainAsync(ManageContext context)
    {
        var ids = await new TaskSelection(context).NamedAsync();
        var json = context.Format is Format.Json or Format.Jsonl;
        var rows = new JsonRows(context.Io.Out, context.Format == Format.Json && ids.Count > 1);
        foreach (var id in ids)
        {
            using var document = await context.Rest.GetAsync($"tasks/{id}/explain", context.Patience, context.Cancel);
            var answer = document.RootElement;
            if (json)
            {
                rows.Write(answer);
                continue;
            }

            context.Io.Out.WriteLine($"Task {id} is {answer.Text("status")}: {Display.Clean(answer.Text("why") ?? "")}");
            foreach (var detail in answer.Texts("details")) context.Io.Out.WriteLine($"  {Display.Clean(detail)}");
        }

        if (json) rows.Finish();
        return ExitCodes.Done;
    }

    private static async Task<int> ActAsync(ManageContext context, string action, string done)
    {
        var selection = new TaskSelection(context);
        var line = context.Line;
        var onlyBatchBeside = selection.Filters().All(f => f.Values.Count == 0 || f.Name == "batch");
        if (selection.IsNamed && (line.Has("all") || !onlyBatchBeside)) throw new UsageException("give tasks or a filter, not both");
        if (!selection.IsNamed && !selection.HasFilter && !line.Has("all"))
            throw new UsageException($"which tasks? give ids, -n NAME, a filter (-b, -S, -w, --class) or --all", $"See: scitq-manage task {action} --help");

        IReadOnlyList<string>? ids = selection.IsNamed ? await selection.NamedAsync() : null;
        if (ids is [var one] && !line.Has("dry-run")) return await ActOnOneAsync(context, one, action, done);

        using (var look = await PostAsync(context, selection, ids, action, dryRun: true))
        {
            var matched = Matched(look.RootElement);
            if (line.Has("dry-run") || matched == 0) return Report(context, look.RootElement, $"would be {done}");
            if (matched > 1) context.Confirm($"{matched} tasks would be {done}.");
        }

        using var answer = await PostAsync(context, selection, ids, action, dryRun: false);
        return Report(context, answer.RootElement, $"{(action == "relaunch" ? "" : "are being ")}{done}");
    }

    private static async Task<int> ActOnOneAsync(ManageContext context, string id, string action, string done)
    {
        using var answer = await context.Rest.PostAsync($"tasks/{id}/{action}", Body(json => WriteReason(json, context)), null, context.Patience,
            context.Cancel);
        var task = answer.RootElement;
        if (context.Format is Format.Json or Format.Jsonl) context.Io.Out.WriteLine(task.GetRawText());
        else if (!context.Quiet)
        {
            var begun = action != "relaunch" && !TaskEnd.IsTerminal(task) ? "is being " : "";
            context.Io.Out.WriteLine($"Task {task.Number("task_id")} {begun}{done}");
        }
        return ExitCodes.Done;
    }

    private static async Task<JsonDocument> PostAsync(ManageContext context, TaskSelection selection, IReadOnlyList<string>? ids, string action, bool dryRun)
    {
        var body = Body(json =>
        {
            json.WriteString("action", action);
            if (ids is not null)
            {
                WriteList(json, "ids", ids);
            }
            else
            {
                json.WriteStartObject("filter");
                foreach (var (name, values) in selection.Filters())
                    if (values.Count > 0) WriteList(json, name, values);
                if (!selection.HasFilter)
                    WriteList(json, "status", action == "cancel" ? ["waiting", "pending", "accepted", "running", "uploading", "paused"] : ["failed"]);
                json.WriteEndObject();
            }

            json.WriteBoolean("dry_run", dryRun);
            WriteReason(json, context);
        });
        return await context.Rest.PostAsync("tasks/actions", body, null, context.Patience, context.Cancel);
    }

    private static int Report(ManageContext context, JsonElement answer, string what)
    {
        var skipped = answer.Items("skipped").ToList();
        if (context.Format is Format.Json or Format.Jsonl)
        {
            context.Io.Out.WriteLine(answer.GetRawText());
        }
        else
        {
            var numbers = answer.Items("tasks").Select(t => t.GetInt64()).Order().ToList();
            var ids = numbers.Count == 0 ? "" : ": " + Ids.Show(numbers);
            if (!context.Quiet) context.Io.Out.WriteLine($"{Display.Count(numbers.Count)} {(numbers.Count == 1 ? "task" : "tasks")} {what}{ids}");
            foreach (var task in skipped.Take(20)) context.Io.Error.WriteLine($"{ManageCommand.Program}: task {task.Number("task_id")} left alone: "
                + $"{Display.Clean(task.Text("why") ?? "not possible")}");
            if (skipped.Count > 20) context.Io.Error.WriteLine($"{ManageCommand.Program}: and {skipped.Count - 20} more left alone");
        }

        return skipped.Count > 0 ? ExitCodes.Failed : ExitCodes.Done;
    }

    private static long Matched(JsonElement answer) => answer.Number("matched") ?? answer.Items("tasks").Count();

    public static byte[] Body(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    public static void WriteReason(Utf8JsonWriter json, ManageContext context)
    {
        if (context.Line.Value("reason") is { } reason) json.WriteString("reason", reason);
    }

    private static void WriteList(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
