using System.Text.Json;
using Scitq.Tools.Manage.Output;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>server prune.</summary>
internal static class PruneVerb
{
    public static async Task<int> RunAsync(ManageContext context)
    {
        using var look = await PostAsync(context, dryRun: true);
        if (context.Line.Has("dry-run")) return Tell(context, look.RootElement, "would be removed");
        if (look.RootElement.Number("tasks") + look.RootElement.Number("logs") > 0) context.Confirm($"{Words(look.RootElement)} would be removed for good.");
        using var answer = await PostAsync(context, dryRun: false);
        return Tell(context, answer.RootElement, "are being removed");
    }

    private static Task<JsonDocument> PostAsync(ManageContext context, bool dryRun) =>
        context.Rest.PostAsync("server/prune", dryRun ? "{\"dry_run\":true}"u8.ToArray() : "{}"u8.ToArray(), null, context.Patience, context.Cancel);

    private static int Tell(ManageContext context, JsonElement found, string what)
    {
        if (context.Format is Format.Json or Format.Jsonl) context.Io.Out.WriteLine(found.GetRawText());
        else if (!context.Quiet) context.Io.Out.WriteLine($"{Words(found)} {what}");
        return ExitCodes.Done;
    }

    private static string Words(JsonElement found)
    {
        long Of(string name) => found.Number(name) ?? 0;
        return $"{Display.Count(Of("tasks"))} tasks, the output of {Display.Count(Of("logs"))} others ({Display.Count(Of("log_bytes"))} bytes) and "
            + $"{Display.Count(Of("events"))} events";
    }
}
