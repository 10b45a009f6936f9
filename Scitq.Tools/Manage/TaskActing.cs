using System.Text.Json;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage.Output;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>Asks for an action on the tasks that a call is about: at once where that is one task named, else after a look and a question.</summary>
internal sealed class TaskActing(ManageContext context, TaskAction action)
{
    private readonly TaskSelection _selection = new(context, action.Tasks?.Invoke(context.Line));

    public async Task<int> RunAsync()
    {
        var line = context.Line;
        var onlyBatchBeside = _selection.Filters().All(f => f.Values.Count == 0 || f.Name == "batch");
        if (_selection.IsNamed && (line.Has("all") || !onlyBatchBeside)) throw new UsageException("give tasks or a filter, not both");
        if (_selection.HasFilter && line.Has("all")) throw new UsageException("give a filter or --all, not both");
        if (!_selection.IsNamed && !_selection.HasFilter && !line.Has("all"))
            throw new UsageException("which tasks? give ids, -n NAME, a filter (-b, -S, -w, --class...) or --all",
                $"See: scitq-manage task {action.Name} --help");

        IReadOnlyList<string>? ids = _selection.IsNamed ? await _selection.NamedAsync() : null;
        if (ids is [var one] && !line.Has("dry-run") && !action.ShowsChanges) return await ActOnOneAsync(one);

        using (var look = await PostAsync(ids, dryRun: true))
        {
            var doable = look.RootElement.Items("tasks").Count();
            if (!context.Quiet) ShowChanges(look.RootElement, line.Has("dry-run") ? context.Io.Out : context.Io.Error);
            if (line.Has("dry-run") || (doable == 0 && ids is not [_])) return Report(look.RootElement, $"would be {action.Done}");
            if (doable > 1) context.Confirm($"{Display.Count(doable)} tasks would be {action.Done}.");
        }

        if (ids is [var single]) return await ActOnOneAsync(single);
        using var answer = await PostAsync(ids, dryRun: false);
        return Report(answer.RootElement, $"{(action.TakesTime ? "are being " : "")}{action.Done}");
    }

    private async Task<int> ActOnOneAsync(string id)
    {
        using var answer = await context.Rest.PostAsync($"tasks/{id}/{action.Name}", JsonBody.Write(WriteArguments), null, context.Patience, context.Cancel);
        var task = answer.RootElement;
        if (context.Format is Format.Json or Format.Jsonl) context.Io.Out.WriteLine(task.GetRawText());
        else if (!context.Quiet)
            context.Io.Out.WriteLine($"Task {task.Number("task_id")} {(action.TakesTime && IsOfAWorker(task) ? "is being " : "")}{action.Done}"
                + action.Note?.Invoke(task));
        return ExitCodes.Done;
    }

    /// <summary>Whether it is a worker that does it, in its own time.</summary>
    private static bool IsOfAWorker(JsonElement task) => task.Text("status") is "accepted" or "running" or "suspended" or "uploading";

    private async Task<JsonDocument> PostAsync(IReadOnlyList<string>? ids, bool dryRun)
    {
        var body = JsonBody.Write(json =>
        {
            json.WriteString("action", action.Name);
            if (ids is not null)
            {
                json.WriteList("ids", ids);
            }
            else
            {
                json.WriteStartObject("filter");
                _selection.WriteFilter(json);
                if (!_selection.HasFilter) json.WriteBoolean("all", true);
                json.WriteEndObject();
            }

            json.WriteBoolean("dry_run", dryRun);
            WriteArguments(json);
        });
        return await context.Rest.PostAsync("tasks/actions", body, null, context.Patience, context.Cancel);
    }

    private void ShowChanges(JsonElement answer, TextWriter writer)
    {
        if (context.Format is Format.Json or Format.Jsonl) return;
        foreach (var change in answer.Items("changes").Take(20))
            writer.WriteLine($"task {change.Number("task_id")}: {Display.Clean(change.Text("change") ?? "")}");
        if (answer.Items("changes").Count() > 20) writer.WriteLine("and so on");
    }

    private void WriteArguments(Utf8JsonWriter json)
    {
        if (context.Line.Value("reason") is { } reason) json.WriteString("reason", reason);
        action.Arguments?.Invoke(context, json);
    }

    private int Report(JsonElement answer, string what)
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
}
