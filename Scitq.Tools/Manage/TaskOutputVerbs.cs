using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage.Output;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>task show --outputs: what an attempt has delivered.</summary>
internal static class TaskOutputVerbs
{
    public static async Task<int> ShowAsync(ManageContext context)
    {
        var id = await new TaskSelection(context).OneAsync();
        using var task = await context.Rest.GetAsync($"tasks/{id}", context.Patience, context.Cancel);
        var attempt = Choose(context, id, task.RootElement);
        var rows = context.Rows(Columns.Output);
        foreach (var file in attempt.Items("outputs")) rows.Write(Row(file));
        rows.Finish();
        context.Io.Out.Flush();
        if (context.Format == Format.Table && !context.Quiet) context.Io.Error.WriteLine(Summary(id, task.RootElement, attempt));
        return ExitCodes.Done;
    }

    private static JsonElement Choose(ManageContext context, string id, JsonElement task)
    {
        var attempts = task.Items("attempts").ToList();
        var last = attempts.Count == 0 ? 0 : attempts.Max(a => a.Number("attempt") ?? 0);
        if (last == 0) throw new ToolException(ExitCodes.NotFound, "not_found", $"no worker has had task {id} yet", $"See: scitq-manage task explain {id}");
        var wanted = context.Line.Value("attempt") switch
        {
            null or "0" or "latest" => last,
            var text when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) =>
                number < 0 ? last + number : number,
            var text => throw new UsageException($"--attempt '{text}' is not a number"),
        };
        var found = attempts.Find(a => a.Number("attempt") == wanted);
        return found.ValueKind == JsonValueKind.Object
            ? found
            : throw new ToolException(ExitCodes.NotFound, "not_found", $"task {id} has no attempt {wanted}; its last one is {last}");
    }

    /// <summary>With the same names in every format.</summary>
    private static JsonElement Row(JsonElement file)
    {
        var row = new JsonObject { ["path"] = file.Text("name"), ["size"] = file.Number("size"), ["md5"] = file.Text("md5") };
        return JsonSerializer.SerializeToElement(row);
    }

    private static string Summary(string id, JsonElement task, JsonElement attempt)
    {
        var files = attempt.Items("outputs").ToList();
        var of = $"attempt {attempt.Number("attempt")} of task {id}";
        if (attempt.Time("finished") is null) return $"{of} is {attempt.Text("status")}: what it delivers is known at its end";
        return task.Text("output") is { } place
            ? $"{Display.Count(files.Count)} {(files.Count == 1 ? "file" : "files")}, {Display.Size(files.Sum(f => f.Number("size") ?? 0))}, delivered by "
                + $"{of} to {Display.Clean(place)}"
            : $"task {id} has no output folder (-o)";
    }
}
