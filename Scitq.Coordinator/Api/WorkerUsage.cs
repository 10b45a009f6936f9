using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Usage;

namespace Scitq.Coordinator.Api;

/// <summary>How busy a worker's machine is and was.</summary>
internal static class WorkerUsage
{
    private const int Hour = 60;

    public static async Task<Results<Ok<UsageHistoryView>, ProblemHttpResult>> ShowAsync(
        string id, string? minutes, string? step, IDbContextFactory<ScitqDb> contexts, MinuteTable table, TimeProvider clock, CancellationToken ct)
    {
        var length = Number("minutes", minutes, Hour);
        var width = Number("step", step, Math.Max(1, length / 12));
        if (await WorkerEndpoints.FindAsync(contexts, id, ct) is not { } row) return WorkerEndpoints.NoWorker(id);
        var now = clock.GetUtcNow();
        // Whole steps of the clock, so that the same time is in the same step whenever it is asked for.
        var from = (UsageMinutes.MinuteOf(now) - length) / width * width;
        var rows = await table.OfAsync(row.Id, from, ct);
        var view = await WorkerEndpoints.DetailsAsync(row, contexts, clock, ct);
        return TypedResults.Ok(new UsageHistoryView(row.Name, view.Status, view.Usage, width, [.. rows.GroupBy(r => r.Minute / width).Select(Mean)]));

        UsageView Mean(IGrouping<int, MinuteRow> some)
        {
            var mean = new MinuteRow();
            foreach (var one in some) mean.Add(one.Sample);
            return new UsageView(DateTime.UnixEpoch.AddMinutes((long)some.Key * width), mean.Sample);
        }
    }

    private static int Number(string name, string? text, int usual) =>
        text is null ? usual
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= UsageMinutes.Kept ? number
        : throw new InvalidRequestException($"{name} '{text}' is not a number from 1 to {UsageMinutes.Kept}.");
}
