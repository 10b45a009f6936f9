using System.Collections.Concurrent;
using Scitq.Agent.Bus;
using Scitq.Agent.Slots;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Claims;

/// <summary>
/// Takes what the batch's queue delivers. A place is taken before the claim is sent; a delivery that finds none in time goes
/// back to the queue, for an agent that has one.
/// </summary>
internal sealed class TaskIntake(BatchListener listener, Capacity capacity, ClaimBatcher claims, IGrantTaker taker) : ITaskTaker
{
    private static readonly TimeSpan PlacePatience = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<(Guid Task, int Attempt, Guid? Token), Task<bool>> _asking = new();

    public async Task<bool> TakeAsync(TaskQueued task, CancellationToken connection)
    {
        if (listener.Batch is null) return false;
        // Delivered again after its acknowledgement was lost.
        if (taker.HoldsAndTellsAgain(task)) return true;
        var first = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var asking = _asking.GetOrAdd((task.TaskId, task.Attempt, task.Token), first.Task);
        if (asking != first.Task) return await asking;
        var taken = false;
        try
        {
            return taken = await ClaimAsync(task, connection);
        }
        finally
        {
            _asking.TryRemove((task.TaskId, task.Attempt, task.Token), out _);
            first.TrySetResult(taken);
        }
    }

    private async Task<bool> ClaimAsync(TaskQueued task, CancellationToken connection)
    {
        if (!await TryTakePlaceAsync(connection)) return false;
        listener.Delivered();
        var outcome = await claims.AskAsync(task, listener.Heard, connection);
        if (outcome is ClaimOutcome.Granted grant)
        {
            taker.Begin(grant);
            return true;
        }

        capacity.Places.Release();
        return outcome == ClaimOutcome.Refused;
    }

    private async Task<bool> TryTakePlaceAsync(CancellationToken connection)
    {
        try
        {
            if (!await capacity.Places.TakeAsync(0, PlacePatience, connection))
            {
                listener.Starved();
                return false;
            }
        }
        catch (OperationCanceledException)
        {
            // The connection is being closed: what it delivered goes back.
            return false;
        }

        if (listener.Batch is not null) return true;
        // While it waited for the place, this agent was told to take nothing more.
        capacity.Places.Release();
        return false;
    }
}
