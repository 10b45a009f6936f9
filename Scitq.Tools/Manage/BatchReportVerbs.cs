using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage.Output;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>batch stats and export.</summary>
internal static class BatchReportVerbs
{
    public static async Task<int> StatsAsync(ManageContext context)
    {
        var names = BatchVerbs.Some(context);
        var json = context.Format is Format.Json or Format.Jsonl;
        var columns = Columns.Choose(context.Line, context.Format == Format.Table ? StatsColumns.Table : StatsColumns.Flat, StatsColumns.Flat);
        var rows = json ? new JsonRows(context.Io.Out, context.Format == Format.Json && names.Count > 1)
            : context.Rows(names.Count == 1 ? columns : [StatsColumns.Batch, .. columns]);
        foreach (var name in names)
        {
            using var document = await context.Rest.GetAsync($"{BatchVerbs.Path(name)}/stats", context.Patience, context.Cancel);
            if (json) rows.Write(document.RootElement);
            else foreach (var row in document.RootElement.Items("ended")) rows.Write(row);
        }

        rows.Finish();
        return ExitCodes.Done;
    }

    /// <summary>Bytes as they come: neither here nor at the server does memory grow with them.</summary>
    public static async Task<int> ExportAsync(ManageContext context)
    {
        if (BatchVerbs.Some(context) is not [var name]) throw new UsageException("this is about one batch, but several were given");
        if (context.Line.Has("json") || context.Line.Value("format") is not (null or "csv" or "jsonl"))
            throw new UsageException("an export has the format csv or jsonl", "Give --format csv or --format jsonl.");
        var path = $"{BatchVerbs.Path(name)}/export?format={(context.Format == Format.Jsonl ? "jsonl" : "csv")}";
        using var response = await context.Rest.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Get, path), true, HttpCompletionOption.ResponseHeadersRead, context.Patience, context.Cancel);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(context.Cancel);
            await body.CopyToAsync(context.Io.Output, context.Cancel);
            await context.Io.Output.FlushAsync(context.Cancel);
        }
        catch (HttpIOException e)
        {
            throw new ToolException(
                ExitCodes.Unreachable, "broken", $"the export of batch {name} broke off: {e.Message}; what was written is not all", "Try it once more.");
        }

        return ExitCodes.Done;
    }
}
