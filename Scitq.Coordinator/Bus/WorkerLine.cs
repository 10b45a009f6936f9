using Scitq.Contracts.Messages;
using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Bus;

/// <summary>What workers need of the bus.</summary>
internal sealed partial class WorkerLine(ITopology topology, ReconcileRequests requests, Dispatcher dispatcher, ILogger<WorkerLine> logger) : IWorkerLine
{
    public async Task OpenAsync(string worker, string batch, CancellationToken ct)
    {
        await topology.EnsureBatchAsync(batch, ct);
        await topology.EnsureWorkerAsync(worker, ct);
        requests.Ask(batch);
    }

    public async Task CloseAsync(string worker, CancellationToken ct)
    {
        try
        {
            await topology.DeleteWorkerAsync(worker, ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            Log.NotDeleted(logger, worker, e.Message);
        }
    }

    public void Compare(string batch) => requests.Ask(batch);

    public void Tell(string worker, ConfigureWorker settings) => dispatcher.Tell(worker, settings);

    public void Tell(string worker, CarryOut order) => dispatcher.Tell(worker, order);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "The queue of worker {Worker} could not be deleted ({Problem}); the broker does it after a while")]
        public static partial void NotDeleted(ILogger logger, string worker, string problem);
    }
}
