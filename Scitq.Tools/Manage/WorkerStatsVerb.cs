using System.Globalization;
using System.Text.Json;
using Scitq.Tools.CommandLine;
using Scitq.Tools.Manage.Output;
using Scitq.Tools.Server;

namespace Scitq.Tools.Manage;

/// <summary>Shows how busy workers' machines are, or were.</summary>
internal static class WorkerStatsVerb
{
    private const int MostMinutes = 24 * 60;

    public static async Task<int> RunAsync(ManageContext context)
    {
        var (last, step) = (Minutes(context, "last"), Minutes(context, "step"));
        if (step is not null && last is null) throw new UsageException("--step goes with --last", "See: scitq-manage worker stats --help");
        var workers = await new WorkerSelection(context).RowsAsync();
        if (last is { } minutes)
        {
            var query = $"?minutes={minutes}{(step is null ? "" : $"&step={step}")}";
            await ShowHistoryAsync(context, workers, query);
            return ExitCodes.Done;
        }

        var rows = context.Rows([Column.Plain("name") with { Least = 12 }, Column.Plain("status"), .. UsageColumns.All]);
        foreach (var worker in workers) rows.Write(worker);
        rows.Finish();
        return ExitCodes.Done;
    }

    private static async Task ShowHistoryAsync(ManageContext context, IReadOnlyList<JsonElement> workers, string query)
    {
        var name = "";
        var json = context.Format is Format.Json or Format.Jsonl;
        var rows = context.Rows([new Column("name", (_, _) => name) { Least = 12 }, Column.Recent("at"), .. UsageColumns.All]);
        foreach (var worker in workers)
        {
            name = worker.Text("name") ?? "";
            using var answer = await context.Rest.GetAsync($"{WorkerSelection.Path(name)}/stats{query}", context.Patience, context.Cancel);
            if (json) rows.Write(answer.RootElement);
            else
                foreach (var mean in answer.RootElement.Items("history").ToList()) rows.Write(mean);
        }

        rows.Finish();
    }

    private static int? Minutes(ManageContext context, string option)
    {
        if (context.Line.Value(option) is not { } text) return null;
        return Duration.TryParse(text, out var seconds) && (seconds + 59) / 60 is var minutes and > 0 and <= MostMinutes
            ? minutes
            : throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"--{option} '{text}' is not a time from 1m to 24h"));
    }
}
