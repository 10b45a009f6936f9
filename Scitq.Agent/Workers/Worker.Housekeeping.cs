using Scitq.Agent.Staging;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Workers;

/// <content>What is kept on the disk, and when it goes.</content>
internal sealed partial class Worker
{
    private int UsersOf(string resource) => _attempts.All.Count(a => a.End is null && a.Spec.Resources.Any(r => r == resource || Stager.Plain(r) == resource));

    private string CarryOut(WorkerOrderKind order) => order switch
    {
        WorkerOrderKind.Clean => _directories.DeleteFailed(),
        WorkerOrderKind.ResetResources => _resources.Reset(),
        _ => "this agent is too old to know how",
    };

    /// <summary>Removing much takes a while, which no heartbeat may wait for.</summary>
    private async Task TidyAsync(CancellationToken ct)
    {
        while (true)
        {
            await Task.Delay(_options.Heartbeat, _time, ct);
            try
            {
                _directories.DeleteOld();
                _room.Tidy();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody else cleans up at the same time.
                NotTidied(_logger, e.Message);
            }
        }
    }
}
