using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Attempts;
using Scitq.Agent.Logs;
using Scitq.Agent.Bus;
using Scitq.Agent.Reports;
using Scitq.Agent.Slots;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Claims;

/// <summary>
/// Takes tasks from the batch's queue while there is room. A place is taken before the claim is sent; a delivery that finds
/// none in time goes back to the queue, for an agent that has one, and listening stops until one is free.
/// </summary>
internal sealed partial class TaskIntake(IAgentBus bus, SlotGate places, ClaimBatcher claims, AttemptTable attempts, Reporter reporter, TimeProvider time, ILogger<TaskIntake> logger)
{
    private const int MostInHand = 256;
    private static readonly TimeSpan PlacePatience = TimeSpan.FromSeconds(2);
    private readonly Repeats _failing = new(time);
    private readonly ConcurrentDictionary<(Guid Task, int Attempt), Task<bool>> _asking = new();
    private readonly Signal _changed = new();
    private volatile string? _batch;
    private volatile bool _starved;
    private int _prefetch;
    private int _delivered;

    /// <summary>Called with each granted attempt, which holds a place now.</summary>
    public required Action<ClaimOutcome> Granted { get; init; }

    /// <summary>The batch to take tasks from; null takes none.</summary>
    public string? Batch
    {
        get => _batch;
        set
        {
            if (_batch == value) return;
            _batch = value;
            _changed.Set();
        }
    }

    /// <summary>Listens and stops listening as room and batch change.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        places.Freed = _changed.Set;
        while (true)
        {
            while (_batch is null || places.Free == 0) await _changed.WaitAsync(ct);
            var batch = _batch;
            if (batch is null) continue;
            _starved = false;
            _delivered = 0;
            _prefetch = Math.Clamp(places.Free, 1, MostInHand);
            try
            {
                await bus.ConnectBatchAsync(batch, _prefetch, ct);
                while (_batch == batch && !_starved && !Narrow) await _changed.WaitAsync(ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                // A broker that is away, or a queue that is being moved: the bus says more.
                if (_failing.Says($"{batch}: {e.GetBaseException().Message}")) ConnectFailed(logger, batch, e.GetBaseException().Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, ct);
            }

            await bus.DisconnectBatchAsync(ct);
        }
    }

    /// <summary>One delivery; false gives it back.</summary>
    public async Task<bool> TakeAsync(TaskQueued task, CancellationToken connection)
    {
        if (_batch is null) return false;
        if (attempts.TryGet(task.TaskId, task.Attempt, out var known))
        {
            // Delivered again after its acknowledgement was lost.
            reporter.Repeat(known.Key);
            return true;
        }

        var first = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var asking = _asking.GetOrAdd((task.TaskId, task.Attempt), first.Task);
        if (asking != first.Task) return await asking;
        var taken = false;
        try
        {
            return taken = await ClaimAsync(task, connection);
        }
        finally
        {
            _asking.TryRemove((task.TaskId, task.Attempt), out _);
            first.TrySetResult(taken);
        }
    }

    /// <summary>Whether tasks come through faster than so few deliveries in hand allow.</summary>
    private bool Narrow => Volatile.Read(ref _delivered) > 3 * _prefetch && _prefetch < Math.Min(places.Limit, MostInHand);

    private async Task<bool> ClaimAsync(TaskQueued task, CancellationToken connection)
    {
        try
        {
            if (!await places.TakeAsync(0, PlacePatience, connection))
            {
                _starved = true;
                _changed.Set();
                return false;
            }
        }
        catch (OperationCanceledException)
        {
            // The connection is being closed: what it delivered goes back.
            return false;
        }

        if (_batch is null)
        {
            // While it waited for the place, this agent was told to take nothing more.
            places.Release();
            return false;
        }

        Interlocked.Increment(ref _delivered);
        if (Narrow) _changed.Set();
        var outcome = await claims.AskAsync(task, connection);
        if (outcome.Granted is not null)
        {
            Granted(outcome);
            return true;
        }

        places.Release();
        return outcome == ClaimOutcome.Refused;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The queue of batch {Batch} can't be listened to: {Problem} Trying again.")]
    private static partial void ConnectFailed(ILogger logger, string batch, string problem);
}
