using Scitq.Contracts.Messages;
using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Bus;

/// <summary>What workers need of the bus.</summary>
internal sealed class WorkerLine(ITopology topology, ReconcileRequests requests, Dispatcher dispatcher) : IWorkerLine
{
    public async Task OpenAsync(string worker, string batch, CancellationToken ct)
    {
        await topology.EnsureBatchAsync(batch, ct);
        await topology.EnsureWorkerAsync(worker, ct);
        requests.Ask(batch);
    }

    public void Compare(string batch) => requests.Ask(batch);

    public void Tell(string worker, ConfigureWorker settings) => dispatcher.Tell(worker, settings);

    public void Tell(string worker, CarryOut order) => dispatcher.Tell(worker, order);
}
