using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Scitq.Contracts;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Bus;

/// <summary>Takes messages that could not be read off the error queues, and keeps them in the history, where people look.</summary>
internal sealed partial class Mishaps(
    IDbContextFactory<ScitqDb> contexts, MessageHistory history, DatabaseOutage outage, ITopology topology, ReconcileRequests requests,
    IOptions<TaskOptions> options, TimeProvider clock, ILogger<Mishaps> logger) : BackgroundService
{
    private const int Excerpt = 1024;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(Math.Min(30, options.Value.ReconcileSeconds)), clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await SweepAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // Database or broker away: what was not acknowledged is still in its queue.
                if (outage.Note(e) is null) Log.NotNow(logger, e.Message);
            }
        }
    }

    private async Task SweepAsync(CancellationToken ct)
    {
        if (topology.UpSince is null) return;
        await using var db = await contexts.CreateDbContextAsync(ct);
        var batches = await db.Batches.AsNoTracking().Select(b => b.Name).ToListAsync(ct);
        var recently = clock.GetUtcNow().UtcDateTime.AddDays(-1);
        var workers = await db.Workers.AsNoTracking().Where(w => w.LastSeen > recently).Select(w => w.Name).ToListAsync(ct);
        string[] own = [Queues.Tasks, Queues.Claims, Queues.Reports, Queues.Logs, Queues.Workers];
        List<string> queues = [.. own, .. batches.Select(Queues.Batch), .. workers.Select(Queues.Worker)];
        var refused = topology.TakeRefusedAsync([.. queues.Select(q => q + "_error"), .. queues.Select(q => q + "_skipped")], ct);
        await foreach (var message in refused.WithCancellation(ct))
        {
            var text = Encoding.UTF8.GetString(message.Body.Span[..Math.Min(Excerpt, message.Body.Length)]);
            var detail = $"a message on {message.Queue} could not be handled ({message.Problem ?? "unknown type"}): {text}";
            await history.RecordAsync(TaskIdIn(message.Body), HistoryKind.Malformed, detail, ct);
            requests.AskForAll();
        }
    }

    private static Guid TaskIdIn(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("taskId", out var id)
                && id.ValueKind == JsonValueKind.String && id.TryGetGuid(out var guid) ? guid : Guid.Empty;
        }
        catch (JsonException)
        {
            return Guid.Empty;          // garbage has no task
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Error queues could not be read ({Problem}); next try soon")]
        public static partial void NotNow(ILogger logger, string problem);
    }
}
