using Microsoft.Extensions.Logging;
using Scitq.Agent.Bus;
using Scitq.Agent.Parts;
using Scitq.Agent.Slots;

namespace Scitq.Agent.Claims;

/// <summary>Listens to the batch's queue while there is room, and stops listening when there is none or another batch is served.</summary>
internal sealed partial class BatchListener(IAgentBus bus, Capacity capacity, TimeProvider time, ILogger<BatchListener> logger)
{
    private const int MostInHand = 256;
    private readonly Repeats _failing = new(time);
    private volatile string? _batch;
    private volatile string? _heard;
    private volatile bool _starved;
    private int _prefetch;
    private int _delivered;

    /// <summary>The batch to take tasks from; null takes none.</summary>
    public string? Batch
    {
        get => _batch;
        set
        {
            if (_batch == value) return;
            _batch = value;
            capacity.PlaceFreed.Set();
        }
    }

    /// <summary>The batch whose queue brings what is delivered: for a moment another than <see cref="Batch"/>, once that is changed.</summary>
    public string? Heard => _heard;

    /// <summary>Whether tasks come through faster than so few deliveries in hand allow.</summary>
    private bool IsNarrow => Volatile.Read(ref _delivered) > 3 * _prefetch && _prefetch < Math.Min(capacity.Places.Limit, MostInHand);

    /// <summary>Listens until it is stopped.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            while (_batch is null || capacity.Places.Free == 0) await capacity.PlaceFreed.WaitAsync(ct);
            var batch = _batch;
            if (batch is null) continue;
            _heard = batch;
            _starved = false;
            _delivered = 0;
            _prefetch = Math.Clamp(capacity.Places.Free, 1, MostInHand);
            try
            {
                await bus.ConnectBatchAsync(batch, _prefetch, ct);
                while (_batch == batch && !_starved && !IsNarrow) await capacity.PlaceFreed.WaitAsync(ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                // A broker that is away, or a queue that is being moved: the bus says more.
                if (_failing.Says($"{batch}: {e.GetBaseException().Message}")) Log.ConnectFailed(logger, batch, e.GetBaseException().Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, ct);
            }

            await bus.DisconnectBatchAsync(ct);
        }
    }

    /// <summary>A delivery has found no place: listening stops until one is free.</summary>
    public void Starved()
    {
        _starved = true;
        capacity.PlaceFreed.Set();
    }

    /// <summary>A delivery has found a place.</summary>
    public void Delivered()
    {
        Interlocked.Increment(ref _delivered);
        if (IsNarrow) capacity.PlaceFreed.Set();
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The queue of batch {Batch} can't be listened to: {Problem} Trying again.")]
        public static partial void ConnectFailed(ILogger logger, string batch, string problem);
    }
}
