using System.Text.Json;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage.Output;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>Verbs about attempts, events, batches and the server.</summary>
internal static class OtherVerbs
{
    public static async Task<int> AttemptsAsync(ManageContext context)
    {
        var ids = new List<string>();
        foreach (var text in context.Line.All("id").Concat(context.Line.Operands))
            if (!Ids.TryParse(text, ids)) throw new UsageException($"'{text}' is no task id");
        var query = new List<string>();
        Add("task", ids);
        Add("batch", context.Line.All("batch"));
        Add("status", context.Line.All("status"));
        Add("worker", context.Line.All("worker"));
        var rows = context.Rows(Columns.Choose(context.Line, Columns.AttemptShort, Columns.AttemptLong));
        await foreach (var attempt in new Pages(context).ReadAsync("attempts", string.Join('&', query), Pages.Limit(context, 10), null)) rows.Write(attempt);
        rows.Finish();
        return ExitCodes.Done;

        void Add(string name, IEnumerable<string> values) => query.AddRange(values.Select(v => $"{name}={Uri.EscapeDataString(v)}"));
    }

    public static async Task<int> EventsAsync(ManageContext context)
    {
        var query = string.Join('&', context.Line.All("kind").Select(k => $"kind={Uri.EscapeDataString(k)}"));
        var rows = context.Rows(Columns.Choose(context.Line, Columns.Event, Columns.Event));
        await foreach (var happened in new Pages(context).ReadAsync("events", query, Pages.Limit(context, 20), null)) rows.Write(happened);
        rows.Finish();
        return ExitCodes.Done;
    }

    public static Task<int> BatchesAsync(ManageContext context) =>
        ListAsync(context, "batches", Columns.Choose(context.Line, Columns.BatchShort, Columns.BatchLong), _ => true);

    public static Task<int> BatchAsync(ManageContext context) => OneAsync(context, "batches", "batch", Columns.BatchLong);

    public static Task<int> WorkersAsync(ManageContext context)
    {
        var (batches, states) = (context.Line.All("batch"), context.Line.All("status"));
        return ListAsync(context, "workers", Columns.Choose(context.Line, Columns.WorkerShort, Columns.WorkerLong),
            w => (batches.Count == 0 || batches.Contains(w.Text("batch") ?? "")) && (states.Count == 0 || states.Contains(w.Text("status") ?? "")));
    }

    public static async Task<int> ServerStatusAsync(ManageContext context)
    {
        using var document = await context.Rest.GetAsync("server", context.Patience, context.Cancel);
        var server = document.RootElement;
        if (context.Format is Format.Json or Format.Jsonl)
        {
            context.Io.Out.WriteLine(server.GetRawText());
        }
        else
        {
            var ready = server.Flag("ready");
            Line("server", context.Rest.Server.Shown);
            Line("version", server.Text("version"));
            Line("started", server.Time("started") is { } started ? Column.Human(started, started) : null);
            Line("bus", server.Text("bus"));
            Line("database", server.Text("database"));
            Line("ready", ready ? "yes" : "no");
            foreach (var problem in server.Texts("problems")) Line("problem", problem);
            Counts("tasks");
            Counts("workers");
        }

        return server.Flag("ready") ? ExitCodes.Done : ExitCodes.Failed;

        void Line(string name, string? value) => context.Io.Out.WriteLine($"{name,-9} {Display.Clean(value ?? "")}");

        void Counts(string member)
        {
            if (!server.TryGetProperty(member, out var counts) || counts.ValueKind != JsonValueKind.Object) return;
            var texts = counts.EnumerateObject().Where(c => c.Value.ValueKind == JsonValueKind.Number && c.Value.GetInt64() > 0)
                .Select(c => $"{c.Name} {Display.Count(c.Value.GetInt64())}").ToList();
            Line(member, texts.Count > 0 ? string.Join(", ", texts) : "none");
        }
    }

    /// <summary>Until the server answers and is ready, or the time is over (default 60 s).</summary>
    public static async Task<int> ServerWaitAsync(ManageContext context)
    {
        var total = context.Settings.Timeout(TimeSpan.FromSeconds(60));
        var start = context.Io.Clock.GetTimestamp();
        context.Io.WatchInterrupts();
        while (true)
        {
            var left = total - context.Io.Clock.GetElapsedTime(start);
            try
            {
                using var server = await context.Rest.GetAsync("server", new Patience(left, left, 1), context.Cancel);
                if (server.RootElement.Flag("ready")) return ExitCodes.Done;
            }
            catch (ToolException e) when (e.ExitCode == ExitCodes.Unreachable)
            {
                if (context.Line.Has("verbose")) context.Io.Error.WriteLine(e.Message);
            }

            if (left <= TimeSpan.FromMilliseconds(200))
                throw new ToolException(ExitCodes.TimedOut, "timeout", $"server {context.Rest.Server.Shown} was not ready within {Duration.Show(total)}");
            await Task.Delay(TimeSpan.FromMilliseconds(200), context.Io.Clock, context.Cancel);
        }
    }

    private static async Task<int> ListAsync(ManageContext context, string path, IReadOnlyList<Column> columns, Func<JsonElement, bool> wanted)
    {
        using var document = await context.Rest.GetAsync(path, context.Patience, context.Cancel);
        var rows = context.Rows(columns);
        foreach (var row in document.RootElement.EnumerateArray().Where(wanted)) rows.Write(row);
        rows.Finish();
        return ExitCodes.Done;
    }

    public static async Task<int> OneAsync(ManageContext context, string path, string what, IReadOnlyList<Column> columns)
    {
        List<string> names = [.. context.Line.All("name"), .. context.Line.All("id"), .. context.Line.Operands];
        if (names is not [var name]) throw new UsageException($"which {what}? give one name", $"See: scitq-manage {what} list");
        using var document = await context.Rest.GetAsync($"{path}/{Uri.EscapeDataString(name)}", context.Patience, context.Cancel);
        if (context.Format == Format.Table)
        {
            TaskListVerbs.ShowOne(context, document.RootElement, columns);
            return ExitCodes.Done;
        }

        var rows = context.Format == Format.Json ? new JsonRows(context.Io.Out, array: false) : context.Rows(Columns.Choose(context.Line, columns, columns));
        rows.Write(document.RootElement);
        rows.Finish();
        return ExitCodes.Done;
    }
}
